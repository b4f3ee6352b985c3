// PARSE_URL: parts of a URL as java.net.URL takes it apart; NULL for what it does not take.
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "types/scalar_text.h"

namespace thalweg::expr {

using std::string_view;
using types::TypeId;

namespace {

struct UrlParts {
  std::string protocol;
  string_view host, path;
  std::optional<string_view> authority, user, query, fragment;
};

/// The schemes that Java has a handler for; others it does not take.
bool KnownScheme(string_view lower) {
  for (string_view known : {"http", "https", "ftp", "file", "jar", "mailto"})
    if (lower == known) return true;
  return false;
}

std::optional<UrlParts> SplitUrl(string_view text) {
  text = types::Trim(text);
  const size_t colon = text.find(':');
  if (colon == string_view::npos) return std::nullopt;
  UrlParts url;
  for (char c : text.substr(0, colon)) url.protocol += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (!KnownScheme(url.protocol)) return std::nullopt;
  text.remove_prefix(colon + 1);
  auto cut = [&](char mark) -> std::optional<string_view> {
    const size_t at = text.find(mark);
    if (at == string_view::npos) return std::nullopt;
    string_view tail = text.substr(at + 1);
    text = text.substr(0, at);
    return tail;
  };
  url.fragment = cut('#');
  url.query = cut('?');
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const size_t slash = std::min(text.find('/'), text.size());
    string_view authority = text.substr(0, slash);
    text.remove_prefix(slash);
    url.authority = authority;
    if (const size_t at = authority.find('@'); at != string_view::npos) {
      url.user = authority.substr(0, at);
      authority.remove_prefix(at + 1);
    }
    const size_t bracket = authority.rfind(']');
    const size_t port = authority.find(':', bracket == string_view::npos ? 0 : bracket);
    for (char c : port == string_view::npos ? string_view() : authority.substr(port + 1))
      if (!types::IsDigit(c)) return std::nullopt;
    url.host = authority.substr(0, port);
  }
  url.path = text;
  return url;
}

std::optional<std::string> UrlPart(string_view text, string_view part) {
  const std::optional<UrlParts> url = SplitUrl(text);
  if (!url) return std::nullopt;
  auto of = [](std::optional<string_view> value) { return value ? std::optional(std::string(*value)) : std::nullopt; };
  if (part == "HOST") return std::string(url->host);
  if (part == "PATH") return std::string(url->path);
  if (part == "QUERY") return of(url->query);
  if (part == "REF") return of(url->fragment);
  if (part == "PROTOCOL") return url->protocol;
  if (part == "AUTHORITY") return of(url->authority);
  if (part == "USERINFO") return of(url->user);
  if (part == "FILE") return std::string(url->path) + (url->query ? "?" + std::string(*url->query) : "");
  return std::nullopt;
}

/// The value of `key` among those of the query.
std::optional<std::string> UrlQueryValue(string_view text, string_view part, string_view key) {
  if (part != "QUERY") return std::nullopt;
  std::optional<std::string> query = UrlPart(text, part);
  if (!query) return std::nullopt;
  const std::string wanted = std::string(key) + "=";
  for (size_t at = 0; at <= query->size();) {
    const size_t end = std::min(query->find('&', at), query->size());
    const string_view pair = string_view(*query).substr(at, end - at);
    if (pair.starts_with(wanted)) return std::string(pair.substr(wanted.size()));
    at = end + 1;
  }
  return std::nullopt;
}

}  // namespace

void AddUrls(Registry& registry) {
  registry.Add(Define("PARSE_URL", {{{Param::kString, Param::kString}, {Param::kString}}},
                      ReturnsNullable(TypeId::kString), [](const Expression& call) -> Result<Kernel> {
                        if (call.arguments().size() == 2) return RowKernel<string_view, string_view>(UrlPart);
                        return RowKernel<string_view, string_view, string_view>(UrlQueryValue);
                      }));
}

}  // namespace thalweg::expr
