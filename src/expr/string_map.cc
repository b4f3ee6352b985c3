// STR_TO_MAP: "k1=v1,k2=v2" as a map. The delimiters are regular expressions, as in Flink.
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/regex.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/type_rules.h"
#include "expr/utf8.h"

namespace thalweg::expr {

using std::string_view;
using types::DataType;
using types::TypeId;

namespace {

/// Java's String.split: empty pieces at the end are left out; `most` 2: what is behind the first delimiter stays whole.
Result<std::vector<string_view>> SplitByPattern(string_view text, const Regex& delimiter, size_t most = SIZE_MAX) {
  std::vector<string_view> pieces;
  size_t begin = 0;
  for (size_t at = 0; at <= text.size() && pieces.size() + 1 < most;) {
    THALWEG_ASSIGN(auto match, delimiter.Find(text, at));
    if (match.empty()) break;
    const Regex::Group& found = match[0];
    // A match of nothing at the front parts nothing.
    if (found.end > 0) {
      pieces.push_back(text.substr(begin, found.begin - begin));
      begin = found.end;
    }
    at = found.end > found.begin   ? found.end
         : found.end < text.size() ? found.end + CodePointBytes(text, found.end)
                                   : text.size() + 1;
  }
  pieces.push_back(text.substr(begin));
  if (most == SIZE_MAX)
    while (!pieces.empty() && begin > 0 && pieces.back().empty()) pieces.pop_back();  // as Java's split
  return pieces;
}

/// A later entry replaces an earlier one of its key.
struct MapEntry {
  string_view key;
  std::optional<string_view> value;
};

Result<std::vector<MapEntry>> EntriesOf(string_view text, const Regex& entries, const Regex& values) {
  std::vector<MapEntry> map;
  if (text.empty()) return map;
  THALWEG_ASSIGN(std::vector<string_view> pieces, SplitByPattern(text, entries));
  for (string_view piece : pieces) {
    THALWEG_ASSIGN(std::vector<string_view> parts, SplitByPattern(piece, values, 2));
    MapEntry entry{parts[0], parts.size() == 2 ? std::optional(parts[1]) : std::nullopt};
    auto known = std::find_if(map.begin(), map.end(), [&](const MapEntry& each) { return each.key == entry.key; });
    if (known == map.end())
      map.push_back(entry);
    else
      *known = entry;
  }
  return map;
}

Kernel StringMapKernel() {
  return [entry_cache = RegexCache(), value_cache = RegexCache()](Call& call) mutable -> Result<Vector> {
    columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
    auto text = [&](int argument, int32_t row) {
      const Vector& vector = call.argument(argument);
      return vector.column.String(vector.at(row));
    };
    for (int32_t row = 0; row < call.rows(); ++row) {
      bool null = false;
      for (int i = 0; i < call.arguments(); ++i) null = null || call.argument(i).IsNull(row);
      if (null) {
        out.AppendNull();
        continue;
      }
      const bool given = call.arguments() == 3;
      THALWEG_ASSIGN(const Regex* entries, entry_cache.Get(given ? text(1, row) : ","));
      THALWEG_ASSIGN(const Regex* values, value_cache.Get(given ? text(2, row) : "="));
      THALWEG_ASSIGN(std::vector<MapEntry> map, EntriesOf(text(0, row), *entries, *values));
      for (const MapEntry& entry : map) {
        out.child(0).AppendString(entry.key);
        AppendResult(out.child(1), entry.value);
      }
      out.CloseRow();
    }
    return Vector{out.Take()};
  };
}

}  // namespace

void AddStringMaps(Registry& registry) {
  Function map =
      Define("STR_TO_MAP", {{{Param::kString}}, {{Param::kString, Param::kString, Param::kString}}},
             ReturnsNullable(DataType::Map(DataType(TypeId::kString), DataType(TypeId::kString))), StringMapKernel());
  map.fails = true;  // on a malformed delimiter
  registry.Add(std::move(map));
}

}  // namespace thalweg::expr
