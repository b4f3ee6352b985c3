// `thalweg test`: cases of SQL in text files.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "base/status.h"

namespace thalweg::bin {

/// Runs all cases of all files: a line for each that fails, with its place and why, and one at the end. False: one failed. UserError for
/// a file that cannot be read or has no such form.
Result<bool> RunSqlTestFiles(const std::vector<std::string>& files, std::FILE* out);

}  // namespace thalweg::bin
