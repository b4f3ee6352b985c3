// JSON documents and paths into them, for JSON_VALUE, JSON_QUERY, JSON_EXISTS: "[lax|strict] $.a['b'][0][*].*".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "base/status.h"

namespace thalweg::expr {

/// Compiled. Immutable.
class JsonPath {
 public:
  /// User error for what is no path, and for filters and functions, which are not supported.
  static Result<JsonPath> Compile(std::string_view text);

  /// Strict is the default: a part that is not there is an error, where lax finds nothing.
  bool lax() const { return lax_; }
  /// It may find several values: it has a wildcard.
  bool indefinite() const { return indefinite_; }

  struct Found {
    bool missing = false;  // a part is not there
    std::vector<simdjson::dom::element> values;
  };
  Found Find(simdjson::dom::element document) const;

 private:
  struct Step {
    enum class Kind : uint8_t { kName, kIndex, kAll } kind;
    std::string name;
    int64_t index = 0;
  };
  bool lax_ = false;
  bool indefinite_ = false;
  std::vector<Step> steps_;
};

/// Compact, keys in order, numbers as Java prints them.
void AppendJson(simdjson::dom::element value, std::string& out);
/// A scalar without quotes; nullopt of objects and arrays. JSON's null is "null".
std::optional<std::string> JsonScalarText(simdjson::dom::element value);

}  // namespace thalweg::expr
