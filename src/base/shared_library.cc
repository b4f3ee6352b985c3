#include "base/shared_library.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>

#include "base/bytes.h"

namespace thalweg {
namespace {

constexpr std::string_view kBuildAgain = "build it or copy it again";

/// UserError unless the file has `length` bytes at `offset`.
Status Holds(std::string_view file, uint64_t offset, uint64_t length) {
  if (offset <= file.size() && length <= file.size() - offset) return {};
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  const uint64_t end = length > kMost - offset ? kMost : offset + length;
  return UserError("File is cut short, {}: {} of {} bytes or more are there", kBuildAgain, file.size(), end);
}

template <typename T>
Result<T> Read(std::string_view file, uint64_t offset) {
  THALWEG_TRY(Holds(file, offset, sizeof(T)));
  return ByteReader(file.substr(offset)).Fixed<T>();
}

Result<Elf64_Ehdr> ReadHeader(std::string_view file) {
  if (file.substr(0, SELFMAG) != std::string_view(ELFMAG, SELFMAG))
    return UserError("File is no shared library; build it with -shared -fPIC");
  THALWEG_ASSIGN(const Elf64_Ehdr header, Read<Elf64_Ehdr>(file, 0));
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return UserError("File is a library of another machine; build it for this one");
  return header;
}

Status CheckSegments(std::string_view file, const Elf64_Ehdr& header) {
  if (header.e_phnum > 0 && header.e_phentsize != sizeof(Elf64_Phdr))
    return UserError("File is damaged, {}: its program headers have {} bytes each", kBuildAgain, header.e_phentsize);
  THALWEG_TRY(Holds(file, header.e_phoff, uint64_t{header.e_phnum} * sizeof(Elf64_Phdr)));
  for (uint64_t i = 0; i < header.e_phnum; ++i) {
    THALWEG_ASSIGN(const Elf64_Phdr segment, Read<Elf64_Phdr>(file, header.e_phoff + i * sizeof(Elf64_Phdr)));
    if (segment.p_type != PT_NULL) THALWEG_TRY(Holds(file, segment.p_offset, segment.p_filesz));
  }
  return {};
}

// The table is the last thing in a file as linkers write it: what is missing at the end, or is zeros there, shows in it.
Status CheckSections(std::string_view file, const Elf64_Ehdr& header) {
  if (header.e_shoff == 0) return {};
  THALWEG_TRY(Holds(file, header.e_shoff, uint64_t{header.e_shnum} * header.e_shentsize));
  const uint16_t names = header.e_shstrndx;
  if (names == SHN_UNDEF || names >= header.e_shnum || header.e_shentsize != sizeof(Elf64_Shdr)) return {};
  THALWEG_ASSIGN(const Elf64_Shdr section,
                 Read<Elf64_Shdr>(file, header.e_shoff + uint64_t{names} * sizeof(Elf64_Shdr)));
  if (section.sh_type != SHT_STRTAB)
    return UserError("File is damaged, {}: it has no table of sections at byte {}", kBuildAgain, header.e_shoff);
  return Holds(file, section.sh_offset, section.sh_size);
}

Status SystemError(std::string_view what) { return UserError("{}: {}", what, std::strerror(errno)); }

Status CheckOpenFile(int file) {
  struct stat found = {};
  if (fstat(file, &found) != 0) return SystemError("File cannot be read");
  const auto size = static_cast<size_t>(found.st_size);
  if (size == 0) return CheckElf("");
  void* bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  if (bytes == MAP_FAILED) return SystemError("File cannot be read");
  Status status = CheckElf({static_cast<const char*>(bytes), size});
  munmap(bytes, size);
  return status;
}

Status CheckFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return SystemError("File cannot be read");
  Status status = CheckOpenFile(file);
  close(file);
  return status;
}

}  // namespace

Status CheckElf(std::string_view file) {
  THALWEG_ASSIGN(const Elf64_Ehdr header, ReadHeader(file));
  THALWEG_TRY(CheckSegments(file, header));
  return CheckSections(file, header);
}

Result<void*> OpenSharedLibrary(const std::string& path, SymbolScope scope) {
  THALWEG_TRY(CheckFile(path).WithContext(path));
  // A bare name would be looked for in the system's folders.
  const std::string whole = std::filesystem::absolute(path).string();
  if (void* library = dlopen(whole.c_str(), RTLD_NOW | (scope == SymbolScope::kProcess ? RTLD_GLOBAL : RTLD_LOCAL)))
    return library;
  return UserError("{}", dlerror());
}

}  // namespace thalweg
