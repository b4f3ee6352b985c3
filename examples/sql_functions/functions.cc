// Functions of SQL in C++. examples/sql_functions/functions.sql uses them; docs/book/sql_syntax.md tells how.
#include <stdexcept>

#include "expr/user_function.h"

using thalweg::expr::ScalarFunction;
using thalweg::expr::TableFunction;
using thalweg::expr::TableRows;

THALWEG_SQL_FUNCTION(add_tax, ScalarFunction([](int64_t cents, double rate) {
                       if (rate < 0) throw std::invalid_argument("a rate is not negative");
                       return cents + static_cast<int64_t>(static_cast<double>(cents) * rate);
                     }));

THALWEG_SQL_FUNCTION(initials, ScalarFunction([](std::string_view first, std::optional<std::string_view> last) {
                       std::string text(first.substr(0, 1));
                       return last ? text.append(last->substr(0, 1)) : text;
                     }));

THALWEG_SQL_FUNCTION(words, TableFunction({"word", "length"},
                                          [](std::string_view text, TableRows<std::string, int32_t>& rows) {
                                            while (!text.empty()) {
                                              const std::string_view word = text.substr(0, text.find(' '));
                                              if (!word.empty())
                                                rows.Add(std::string(word), static_cast<int32_t>(word.size()));
                                              text.remove_prefix(std::min(text.size(), word.size() + 1));
                                            }
                                          }));
