#include "expr/book.h"

#include <map>
#include <vector>

#include "expr/aggregates.h"
#include "expr/functions.h"
#include "expr/refused.h"

namespace thalweg::expr {
namespace {

/// What Flink's list names otherwise, and what is syntax that becomes other calls. Empty: no function of its own.
const std::map<std::string_view, std::string_view>& Spellings() {
  static const std::map<std::string_view, std::string_view> kSpellings = {{"BETWEEN", "AND"},
                                                                          {"NOT BETWEEN", "AND"},
                                                                          {"NOT LIKE", "LIKE"},
                                                                          {"DATETIME_PLUS", "+"},
                                                                          {"item [] array", "ITEM"},
                                                                          {"item [] map", "ITEM"},
                                                                          {"field access", "FIELD"},
                                                                          {"DATE", "CAST"},
                                                                          {"TIME", "CAST"},
                                                                          {"TIMESTAMP", "CAST"},
                                                                          {"INTERVAL", "CAST"},
                                                                          {"flatten *", "FIELD"},
                                                                          {"MINUS_DATE", "-"},
                                                                          {"NOT SIMILAR TO", "SIMILAR TO"},
                                                                          {"CURRENT_DATABASE", "CAST"}};
  return kSpellings;
}

struct Line {
  std::string category, name, priority;
};

std::vector<Line> LinesOf(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    if (line.empty() || line[0] == '#' || second == std::string_view::npos) continue;
    lines.push_back({std::string(line.substr(0, first)), std::string(line.substr(first + 1, second - first - 1)),
                     std::string(line.substr(second + 1))});
  }
  return lines;
}

bool Exists(const std::string& name) {
  auto spelling = Spellings().find(name);
  return Registry::BuiltIn().Find(spelling == Spellings().end() ? std::string_view(name) : spelling->second) ||
         FindAggregate(name);
}

/// What Flink's list has that is no name of a function.
std::string_view ReasonOf(const std::string& name) {
  if (name == "item [] variant") return WhyRefused("PARSE_JSON");
  if (name == "MULTISET[...]") return "COLLECT makes multisets";
  return WhyRefused(name);
}

/// A line of a table: the name, and its signatures as code.
std::string SignatureLine(std::string_view name, const std::vector<std::string>& signatures) {
  std::string cells;
  for (const std::string& signature : signatures) {
    std::string cell;
    for (char c : signature) cell += c == '|' ? "\\|" : std::string(1, c);
    cells += (cells.empty() ? "`" : ", `") + cell + "`";
  }
  return fmt::format("| {} | {} |\n", name == "||" ? "\\|\\|" : name, cells);
}

constexpr std::string_view kDetails = R"(
## Paths of JSON

The path of JSON_VALUE, JSON_QUERY and JSON_EXISTS is `[lax|strict] $` and steps; strict is the default, and `$` may be left out.

| step | finds |
|---|---|
| `.name`, `['a name']`, `["a.b"]`, `.['a']` | the member of that name |
| `[0]`, `[-1]` | the element at that place, from the end if it is negative |
| `[0,2]`, `[1:3]`, `[1:]`, `[:2]`, `[-2:]` | several elements |
| `.*`, `[*]` | all members or elements |
| `..name`, `..*` | at any depth |

Filters `[?(...)]`, functions `.length()`, lists of names `['a','b']`, `[a:b:c]` and `..[0]` are refused: a constant path before the job runs,
others when a row has one. Numbers keep all their digits and are printed as Java's BigDecimal is: `19.90`, `1E+3`. RETURNING takes BOOLEAN and all
numbers, as Flink 2.4 does (2.3 has BOOLEAN, INTEGER and DOUBLE, and fails on a string in a number's place): `"5"` and `5.7` are the INT 5; what does
not fit goes to ON ERROR.

## Patterns of times

DATE_FORMAT, TO_DATE, TO_TIMESTAMP, TO_TIMESTAMP_LTZ, UNIX_TIMESTAMP and FROM_UNIXTIME take

| letters | are |
|---|---|
| `y` `u`, `M` `L`, `d`, `D` | year, month (`MMM` Jan, `MMMM` January), day of month, day of year |
| `E` | day of the week: `EEE` Mon, `EEEE` Monday |
| `H`, `k`, `K`, `h`, `a` | hour 0-23, 1-24, 0-11, 1-12, AM or PM |
| `m`, `s`, `S` | minute, second, fraction of 1 to 9 digits |
| `X`, `x`, `Z` | offset: `X` +08 or Z, `XX` +0800, `XXX` +08:00, `Z` +0800. TO_TIMESTAMP reads it and takes no notice, as Flink does; UNIX_TIMESTAMP counts by it; DATE_FORMAT has none |
| `[...]` | an optional part |
| `'text'`, `''` | text, a quote |

English names. Others (`G` `w` `W` `Y` `Q` `F` `e` `z` `V` `n` `N` `A`) are refused: a constant pattern before the job runs, others when a row has one.

## What some functions do not take

A difference of two times is `TIMESTAMPDIFF(unit, a, b)`; `(a - b) DAY` is refused. ABS, CEIL and FLOOR take no intervals, FROM_UNIXTIME takes
integers (write CAST for others), HASH_CODE takes texts.

Equality of a number and a text is refused, as in Flink; `<`, `<=`, `>`, `>=` and BETWEEN read the text as the number's type, IN writes the numbers as
texts. A BOOLEAN beside a text is refused, where Flink compares the two and finds no text equal to TRUE.

## What some functions make otherwise than Flink

| function | Flink | here |
|---|---|---|
| UPPER, LOWER | all letters of Unicode | Latin, Greek and Cyrillic, one by one, with `ß` to `SS` and the sigma of a word's end; `ŉ`, ligatures and others stay |
| FROM_UNIXTIME, UNIX_TIMESTAMP | `java.text`: the Julian calendar before 1582-10-15; `u` is the day of the week | the Gregorian calendar for all years; `u` is the year |
| DATE_FORMAT | `F`: the day within its week of the month | refused |
| SPLIT_INDEX with an empty separator | any white space of Unicode separates | that of ASCII |
)";

using types::DataType;
using types::TypeId;

struct NamedType {
  std::string name;
  DataType type;
};

/// Types of parts are cast part by part: theirs stand for all.
std::vector<NamedType> CastTypes(TypeId part) {
  const DataType element(part);
  return {{"BOOLEAN", DataType(TypeId::kBoolean)},
          {"TINYINT", DataType(TypeId::kTinyInt)},
          {"SMALLINT", DataType(TypeId::kSmallInt)},
          {"INT", DataType(TypeId::kInt)},
          {"BIGINT", DataType(TypeId::kBigInt)},
          {"FLOAT", DataType(TypeId::kFloat)},
          {"DOUBLE", DataType(TypeId::kDouble)},
          {"DECIMAL", DataType::Decimal(10, 2)},
          {"CHAR, VARCHAR, STRING", DataType(TypeId::kString)},
          {"BINARY, VARBINARY, BYTES", DataType(TypeId::kBinary)},
          {"DATE", DataType(TypeId::kDate)},
          {"TIME", DataType(TypeId::kTime)},
          {"TIMESTAMP", DataType::Timestamp(3)},
          {"TIMESTAMP_LTZ", DataType::TimestampLtz(3)},
          {"INTERVAL YEAR TO MONTH", DataType(TypeId::kIntervalYearMonth)},
          {"INTERVAL DAY TO SECOND", DataType(TypeId::kIntervalDayTime)},
          {"ARRAY", DataType::Array(element)},
          {"MAP", DataType::Map(element, element)},
          {"MULTISET", DataType::Multiset(element)},
          {"ROW", DataType::Row({{"a", element}})}};
}

}  // namespace

std::string RenderCasts() {
  std::vector<std::pair<std::string, std::string>> lines;  // types in one line if they are cast to the same ones
  for (const NamedType& from : CastTypes(TypeId::kInt)) {
    std::string targets;
    for (const NamedType& to : CastTypes(TypeId::kBigInt))
      if (Cast(Expression::Input(0, from.type), to.type).ok()) targets += (targets.empty() ? "" : ", ") + to.name;
    if (!lines.empty() && lines.back().second == targets)
      lines.back().first += ", " + from.name;
    else
      lines.emplace_back(from.name, targets);
  }
  std::string table = "| type | CAST to |\n|---|---|\n";
  for (const auto& [from, targets] : lines) table += fmt::format("| {} | {} |\n", from, targets);
  return table;
}

std::string RenderFunctions(std::string_view flink) {
  std::string page =
      "# SQL functions\n\nMade from the registry of functions; a test holds it to that. Semantics are Flink 2.3's.\n\n"
      "## What there is\n\n| function | signatures |\n|---|---|\n";
  for (const Function* function : Registry::BuiltIn().All())
    if (!function->inner) page += SignatureLine(function->name, function->signatures);
  page += "\n## Aggregate functions\n\n| function | signatures |\n|---|---|\n";
  for (const Aggregate& aggregate : AllAggregates()) page += SignatureLine(aggregate.name, aggregate.signatures);
  std::map<std::string, std::map<std::string, std::string_view>> missing;
  int total = 0, present = 0;
  for (const Line& line : LinesOf(flink)) {
    ++total;
    if (Exists(line.name))
      ++present;
    else
      missing[line.priority][line.name] = ReasonOf(line.name);
  }
  page += fmt::format(
      "\n## What Flink has and this build refuses\n\nOf the {} functions of Flink's list there are {}. The others are "
      "refused with an error "
      "that tells the reason:\n\n| function | in Flink's list | why |\n|---|---|---|\n",
      total, present);
  for (const auto& [priority, names] : missing)
    for (const auto& [name, why] : names)
      page += fmt::format("| {} | {} | {} |\n", name, priority == "A" ? "common" : "rarer", why);
  page += kDetails;
  page += "\nFunctions that are syntax, and types: [SQL types](sql_types.md).\n";
  return page;
}

}  // namespace thalweg::expr
