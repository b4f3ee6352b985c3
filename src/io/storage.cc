#include "io/storage.h"

#include "io/local_storage.h"

namespace thalweg::io {

namespace {

constexpr std::string_view kFileScheme = "file";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> ResolvePercentEscapes(std::string_view text, std::string_view uri) {
  std::string resolved;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      resolved.push_back(text[i]);
      continue;
    }
    int high = i + 1 < text.size() ? HexDigit(text[i + 1]) : -1;
    int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return UserError("Malformed percent escape in storage URI: {}", uri);
    resolved.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return resolved;
}

}  // namespace

Status Storage::Rename(std::string_view from, std::string_view to) {
  THALWEG_ASSIGN(std::string bytes, Get(from));
  THALWEG_TRY(Put(to, bytes));
  return Delete(from);
}

Status CheckRelativePath(std::string_view path) {
  if (path.empty()) return UserError("Storage path is empty");
  if (path.find('\0') != std::string_view::npos) return UserError("Storage path holds a NUL byte: {}", path);
  for (size_t begin = 0; begin <= path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") {
      return UserError("Storage path must be relative, without empty, '.' or '..' parts: '{}'", path);
    }
    if (part.starts_with(kTemporaryPrefix)) {
      return UserError("Storage path holds a name kept for files being written ('{}...'): '{}'", kTemporaryPrefix,
                       path);
    }
    begin = end + 1;
  }
  return {};
}

Result<std::string> LocalFolder(std::string_view uri) {
  if (uri.starts_with('/')) return std::string(uri);
  size_t colon = uri.find(':');
  std::string_view scheme = uri.substr(0, colon == std::string_view::npos ? 0 : colon);
  if (scheme.empty()) {
    return UserError("Storage URI has no scheme and is no absolute path: '{}'; write file:///folder or /folder", uri);
  }
  if (scheme != kFileScheme)
    return UserError("Unknown storage scheme '{}' in '{}'; known: {}://", scheme, uri, kFileScheme);
  std::string_view rest = uri.substr(colon + 1);
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (rest.starts_with("localhost/")) rest.remove_prefix(std::string_view("localhost").size());
  }
  if (!rest.starts_with('/')) return UserError("Storage URI needs an absolute path: '{}'; write file:///folder", uri);
  return ResolvePercentEscapes(rest, uri);
}

Result<std::shared_ptr<Storage>> OpenStorage(std::string_view uri) {
  THALWEG_ASSIGN(std::string folder, LocalFolder(uri));
  return std::shared_ptr<Storage>(std::make_shared<LocalStorage>(std::string(uri), std::move(folder)));
}

}  // namespace thalweg::io
