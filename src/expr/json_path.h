// Paths into JSON documents, for JSON_VALUE, JSON_QUERY, JSON_EXISTS: those of the library that Flink uses, without filters and functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/expression.h"
#include "expr/json_document.h"

namespace thalweg::expr {

/// Compiled. Immutable.
class JsonPath {
 public:
  /// "[lax|strict] $.a['b'][0][-1][0,2][1:3][*].*..c". User error for what is no path, and for parts that are not supported.
  static Result<JsonPath> Compile(std::string_view text);

  /// Strict is the default: a part that is not there is an error, where lax finds nothing.
  bool lax() const { return lax_; }
  /// It may find several values: it has a wildcard, a list or a range of places, or looks at any depth.
  bool indefinite() const { return indefinite_; }

  struct Found {
    bool missing = false;  // a part is not there
    std::vector<JsonValue> values;
  };
  Found Find(JsonValue document) const;

 private:
  friend class JsonPathReader;
  struct Step {
    enum class Kind : uint8_t { kName, kPlaces, kRange, kAll } kind = Kind::kName;
    bool deep = false;  // of the value and all that it holds
    std::string name = {};
    std::vector<int64_t> places = {};  // negative: from the end
    std::optional<int64_t> from = {}, to = {};
  };
  static bool Definite(const Step& step);
  static void Take(const Step& step, JsonValue value, std::vector<JsonValue>& found);
  static void TakeDeep(const Step& step, JsonValue value, std::vector<JsonValue>& found);
  static bool Fits(const Step& step, JsonValue value, bool last);

  bool lax_ = false;
  bool indefinite_ = false;
  std::vector<Step> steps_;
};

/// Of a call whose second argument is a path: fails if it is a constant that Compile refuses.
Status CheckJsonPath(const std::vector<Expression>& arguments);

}  // namespace thalweg::expr
