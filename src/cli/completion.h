// What a person may have begun to type: the words that could stand where the cursor is.
// Rule: what is known to exist (tables, columns) comes before what the language has (functions, keywords).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/catalog.h"

namespace thalweg::cli {

struct Completion {
  size_t begin = 0;                // of `before`: where the word begins that the cursor is at the end of
  std::vector<std::string> words;  // that could stand there, sorted, each once
};

/// `before`: the statement up to the cursor, `after`: what follows it. Behind FROM, JOIN, INTO, TABLE, DESCRIBE: tables, views and
/// databases; behind "x.": columns of the table that x names; else columns of the tables named in the statement, functions, keywords.
Completion Complete(const sql::Catalog& catalog, std::string_view before, std::string_view after);

/// What all of the words begin with.
std::string CommonPrefix(const std::vector<std::string>& words);

}  // namespace thalweg::cli
