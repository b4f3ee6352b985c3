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

}  // namespace

std::string RenderFunctions(std::string_view flink) {
  std::string page =
      "# SQL functions\n\nMade from the registry of functions; a test holds it to that. Semantics are Flink 2.3's.\n\n"
      "## What there is\n\n| function | signatures |\n|---|---|\n";
  for (const Function* function : Registry::BuiltIn().All())
    page += SignatureLine(function->name, function->signatures);
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
  page += "\nFunctions that are syntax, and types: [SQL types](sql_types.md).\n";
  return page;
}

}  // namespace thalweg::expr
