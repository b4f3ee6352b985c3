// How a failed system call becomes a message: what was tried, what the system said, where, and what to do about it.
#pragma once

#include <string_view>

#include "base/status.h"

namespace thalweg::io {

/// "Cannot <action>: <errno text> (ENAME): <path>; <advice>". User error where the path or its rights are wrong
/// (EACCES, EPERM, ENOTDIR, EISDIR, EROFS, ENOENT, ENAMETOOLONG), external otherwise. Where rights are missing the advice
/// names the user.
Status ErrnoError(std::string_view action, std::string_view path, int error);

}  // namespace thalweg::io
