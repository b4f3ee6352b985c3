#include "cli/completion.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/ascii.h"
#include "expr/aggregates.h"
#include "expr/functions.h"
#include "sql/keywords.h"

namespace thalweg::cli {
namespace {

// Words that begin or join statements and are no reserved words.
constexpr std::string_view kMoreWords[] = {
    "CATALOG",   "CATALOGS", "CLEAR",      "COLUMNS", "COMMENT", "CONNECTOR", "DATABASES", "EXTENDED", "FUNCTIONS",
    "HELP",      "JOBS",     "MODULES",    "OPTIONS", "QUIT",    "TABLES",    "TEMPORARY", "VIEW",     "VIEWS",
    "WATERMARK", "ENFORCED", "DESCRIPTOR", "TUMBLE",  "HOP",     "CUMULATE",  "SESSION"};

bool IsWordPart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '`' || (c & 0x80);
}

bool BeginsWithoutCase(std::string_view word, std::string_view prefix) {
  return word.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), word.begin(),
                                                    [](char a, char b) { return AsciiLower(a) == AsciiLower(b); });
}

std::string Quoted(const std::string& name) {
  const bool plain = !name.empty() &&
                     std::all_of(name.begin(), name.end(), [](char c) { return IsWordPart(c) && c != '`'; }) &&
                     !std::isdigit(static_cast<unsigned char>(name[0])) && !sql::IsReserved(AsciiUpper(name));
  return plain ? name : "`" + name + "`";
}

std::string_view Unquoted(std::string_view word) {
  if (word.starts_with('`')) word.remove_prefix(1);
  if (word.ends_with('`')) word.remove_suffix(1);
  return word;
}

/// Words and single other characters, in order; strings and comments are left out.
std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\'') {
      i = std::min(text.find('\'', i + 1), text.size() - 1) + 1;
    } else if (text.substr(i).starts_with("--")) {
      i = std::min(text.find('\n', i), text.size());
    } else if (IsWordPart(text[i])) {
      size_t end = i;
      while (end < text.size() && IsWordPart(text[end])) ++end;
      words.push_back(text.substr(i, end - i));
      i = end;
    } else {
      if (!std::isspace(static_cast<unsigned char>(text[i]))) words.push_back(text.substr(i, 1));
      ++i;
    }
  }
  return words;
}

bool NamesTable(std::string_view word) {
  for (std::string_view before : {"FROM", "JOIN", "INTO", "TABLE", "VIEW", "DESCRIBE", "DESC", "OVERWRITE", "USE"})
    if (AsciiUpper(word) == before) return true;
  return false;
}

/// The tables that a statement names, by what columns are qualified with.
std::map<std::string, sql::TablePtr, std::less<>> TablesOf(const sql::Catalog& catalog, std::string_view statement) {
  std::map<std::string, sql::TablePtr, std::less<>> tables;
  const std::vector<std::string_view> words = Words(statement);
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (!NamesTable(words[i]) && !(words[i] == "," && !tables.empty())) continue;
    sql::Name name;
    size_t at = i + 1;
    while (at < words.size() && IsWordPart(words[at][0])) {
      name.push_back({std::string(Unquoted(words[at])), {}});
      if (at + 1 >= words.size() || words[at + 1] != ".") break;
      at += 2;
    }
    if (name.empty() || name.size() > 3) continue;
    sql::TablePtr table = catalog.FindTable(catalog.Resolve(name));
    if (!table) continue;
    tables[name.back().text] = table;
    size_t alias = at + 1;
    if (alias < words.size() && AsciiUpper(words[alias]) == "AS") ++alias;
    if (alias < words.size() && IsWordPart(words[alias][0]) && !sql::IsReserved(AsciiUpper(words[alias])))
      tables[std::string(Unquoted(words[alias]))] = table;
  }
  return tables;
}

class Candidates {
 public:
  explicit Candidates(std::string_view prefix) : prefix_(Unquoted(prefix)) {}
  void Name(const std::string& name) {
    if (name.starts_with(prefix_)) words_.push_back(Quoted(name));
  }
  // In the case in which the person began; in capitals where nothing is typed yet.
  void Word(std::string_view word, std::string_view behind = "") {
    if (!BeginsWithoutCase(word, prefix_)) return;
    const bool lower = !prefix_.empty() && std::islower(static_cast<unsigned char>(prefix_[0]));
    words_.push_back((lower ? AsciiLower(word) : AsciiUpper(word)) + std::string(behind));
  }
  void Columns(const sql::Table& table) {
    for (const sql::TableColumn& column : table.columns) Name(column.name);
  }
  std::vector<std::string> Take() {
    std::sort(words_.begin(), words_.end());
    words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
    return std::move(words_);
  }

 private:
  std::string_view prefix_;
  std::vector<std::string> words_;
};

void AddTables(const sql::Catalog& catalog, const std::string& of_catalog, const std::string& database,
               Candidates& out) {
  auto tables = catalog.Tables(of_catalog, database, false);
  if (!tables.ok()) return;
  for (const std::string& table : *tables) out.Name(table);
}

void AddDatabases(const sql::Catalog& catalog, const std::string& of_catalog, Candidates& out) {
  auto databases = catalog.Databases(of_catalog);
  if (!databases.ok()) return;
  for (const std::string& database : *databases) out.Name(database);
}

}  // namespace

Completion Complete(const sql::Catalog& catalog, std::string_view before, std::string_view after) {
  Completion completion;
  size_t begin = before.size();
  while (begin > 0 && IsWordPart(before[begin - 1])) --begin;
  completion.begin = begin;
  Candidates found(before.substr(begin));
  const std::vector<std::string_view> words = Words(before.substr(0, begin));
  const auto tables = TablesOf(catalog, fmt::format("{} {}", before, after));
  if (words.size() >= 2 && words.back() == "." && IsWordPart(words[words.size() - 2][0])) {
    const std::string qualifier(Unquoted(words[words.size() - 2]));
    if (auto table = tables.find(qualifier); table != tables.end()) found.Columns(*table->second);
    AddTables(catalog, catalog.current_catalog(), qualifier, found);
    AddDatabases(catalog, qualifier, found);
    if (words.size() >= 4 && words[words.size() - 3] == ".")
      AddTables(catalog, std::string(Unquoted(words[words.size() - 4])), qualifier, found);
  } else if (!words.empty() && NamesTable(words.back())) {
    AddTables(catalog, catalog.current_catalog(), catalog.current_database(), found);
    AddDatabases(catalog, catalog.current_catalog(), found);
    for (const std::string& name : catalog.Catalogs()) found.Name(name);
    for (std::string_view word : {"TABLE(", "UNNEST(", "IF EXISTS", "IF NOT EXISTS"}) found.Word(word);
  } else {
    for (const auto& [name, table] : tables) {
      found.Name(name);
      found.Columns(*table);
    }
    if (begin < before.size()) {
      for (const expr::Function* function : expr::Registry::BuiltIn().All())
        if (!function->inner && std::isalpha(static_cast<unsigned char>(function->name[0])) &&
            function->name.find(' ') == std::string::npos)
          found.Word(function->name, "(");
      for (const expr::Aggregate& aggregate : expr::AllAggregates()) found.Word(aggregate.name, "(");
      for (std::string_view word : sql::ReservedWords()) found.Word(word);
      for (std::string_view word : kMoreWords) found.Word(word);
    }
  }
  completion.words = found.Take();
  return completion;
}

std::string CommonPrefix(const std::vector<std::string>& words) {
  if (words.empty()) return "";
  std::string prefix = words[0];
  for (const std::string& word : words) {
    const auto end = std::mismatch(prefix.begin(), prefix.end(), word.begin(), word.end()).first;
    prefix.erase(end, prefix.end());
  }
  return prefix;
}

}  // namespace thalweg::cli
