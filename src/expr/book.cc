#include "expr/book.h"

#include <map>
#include <set>
#include <vector>

#include "expr/functions.h"

namespace thalweg::expr {
namespace {

/// What Flink's list names otherwise, and what is syntax that becomes other calls. Empty: no function of its own.
const std::map<std::string_view, std::string_view>& Spellings() {
  static const std::map<std::string_view, std::string_view> kSpellings = {
      {"BETWEEN", "AND"},        {"NOT BETWEEN", "AND"},  {"NOT LIKE", "LIKE"},      {"DATETIME_PLUS", "+"},
      {"item [] array", "ITEM"}, {"item [] map", "ITEM"}, {"field access", "FIELD"}, {"DATE", "CAST"},
      {"TIME", "CAST"},          {"TIMESTAMP", "CAST"},   {"INTERVAL", "CAST"},      {"flatten *", "FIELD"}};
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
  return Registry::BuiltIn().Find(spelling == Spellings().end() ? std::string_view(name) : spelling->second) != nullptr;
}

}  // namespace

std::string RenderFunctions(std::string_view flink) {
  std::string page =
      "# SQL functions\n\nMade from the registry of functions; a test holds it to that. Semantics are Flink 2.3's.\n\n"
      "## What there is\n\n| function | signatures |\n|---|---|\n";
  for (const Function* function : Registry::BuiltIn().All()) {
    std::string signatures;
    for (const std::string& signature : function->signatures) {
      std::string cell;
      for (char c : signature) cell += c == '|' ? "\\|" : std::string(1, c);
      signatures += (signatures.empty() ? "`" : ", `") + cell + "`";
    }
    page += fmt::format("| {} | {} |\n", function->name == "||" ? "\\|\\|" : function->name, signatures);
  }
  std::map<std::string, std::set<std::string>> missing;
  int total = 0, present = 0;
  for (const Line& line : LinesOf(flink)) {
    ++total;
    if (Exists(line.name))
      ++present;
    else
      missing[line.priority].insert(line.name);
  }
  page += fmt::format(
      "\n## What Flink has and this build has not\n\nOf the {} scalar functions of Flink's list there are {}.\n", total,
      present);
  for (const auto& [priority, names] : missing) {
    page += priority == "A" ? "\nCommon ones:" : "\nRarer ones:";
    for (const std::string& name : names) page += (name == *names.begin() ? " " : ", ") + name;
    page += ".\n";
  }
  return page;
}

}  // namespace thalweg::expr
