#include "io/errno_error.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace thalweg::io {

namespace {

struct Advice {
  int error;
  ErrorCategory category;
  std::string_view text;
};

constexpr Advice kAdvice[] = {
    {ENOSPC, ErrorCategory::kExternal, "free space on this disk or choose a folder on another one"},
    {EDQUOT, ErrorCategory::kExternal, "raise the disk quota of user {} or choose a folder on another disk"},
    {EFBIG, ErrorCategory::kExternal, "raise the limit on file sizes of this process"},
    {EIO, ErrorCategory::kExternal, "the disk reports a fault: check it, or choose a folder on another one"},
    {EMFILE, ErrorCategory::kExternal, "raise the limit on open files of this process (ulimit -n)"},
    {ENFILE, ErrorCategory::kExternal, "raise the limit on open files of this machine (fs.file-max)"},
    {EACCES, ErrorCategory::kUser, "give user {} the right to the folder or choose another one"},
    {EPERM, ErrorCategory::kUser, "give user {} the right to the folder or choose another one"},
    {EROFS, ErrorCategory::kUser, "the file system is mounted read-only: choose another folder"},
    {ENOTDIR, ErrorCategory::kUser, "a part of the path is a file, not a folder: choose another folder"},
    {EISDIR, ErrorCategory::kUser, "the path is a folder, not a file: choose another path"},
    {ENOENT, ErrorCategory::kUser, "check the path"},
    {ENAMETOOLONG, ErrorCategory::kUser, "choose a shorter path"},
};

// "nobody (uid 65534)", or "uid 65534" where the machine has no name for it.
std::string ThisUser() {
  uid_t uid = ::geteuid();
  std::array<char, 4096> memory;
  passwd entry{};
  passwd* found = nullptr;
  bool known = ::getpwuid_r(uid, &entry, memory.data(), memory.size(), &found) == 0 && found;
  return known ? fmt::format("{} (uid {})", found->pw_name, uid) : fmt::format("uid {}", uid);
}

}  // namespace

Status ErrnoError(std::string_view action, std::string_view path, int error) {
  Advice advice{error, ErrorCategory::kExternal, "check the disk and the path"};
  for (const Advice& row : kAdvice) {
    if (row.error == error) advice = row;
  }
  std::string text(advice.text);
  if (size_t user = text.find("{}"); user != std::string::npos) text.replace(user, 2, ThisUser());
  const char* name = strerrorname_np(error);
  return {advice.category, fmt::format("Cannot {}: {} ({}): {}; {}", action,
                                       strerrordesc_np(error) ? strerrordesc_np(error) : "unknown error",
                                       name ? name : "E?", path, text)};
}

}  // namespace thalweg::io
