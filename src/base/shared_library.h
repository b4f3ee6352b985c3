// Shared libraries of users come into this process: job libraries, and libraries of SQL functions.
// Rule: the loader believes a file's headers, and a page behind the file's end is a bus error there: files are checked first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace thalweg {

/// UserError unless `file`, all bytes of a file, begins as a 64-bit little-endian ELF file and holds what its headers speak of: the program
/// headers and their segments, and the table of sections if there is one. Touches headers only. Whether the loader takes it is
/// another question.
Status CheckElf(std::string_view file);

/// Who finds the library's symbols.
enum class SymbolScope : uint8_t { kOwn, kProcess };

/// The handle of the library at `path`, which stays for good. UserError that says what is wrong with which file: it cannot be read, is no
/// shared library, is cut short, or what the loader says. Runs the library's static initialisers.
Result<void*> OpenSharedLibrary(const std::string& path, SymbolScope scope);

}  // namespace thalweg
