// What the functions of a JSON text and a path share: the rows of a call, and the words of clauses.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "expr/functions.h"
#include "expr/json_document.h"
#include "expr/json_path.h"

namespace thalweg::expr {

/// A constant that is one of the words.
inline bool IsWord(const Expression& argument, std::initializer_list<std::string_view> words) {
  if (!argument.is_literal() || argument.is_null_literal() || argument.type().id() != types::TypeId::kString)
    return false;
  return std::ranges::find(words, argument.value().string()) != words.end();
}

/// The result of a call of (json, path, ...): NULL where one of the two is, else what `answer(document, path, row, out)` appends, which
/// parses into the document. A path is compiled when it is another one than the row's before.
template <typename Answer>
Result<Vector> ForEachPath(Call& call, Answer answer) {
  JsonDocument document;
  std::string path_text;
  std::optional<JsonPath> path;
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    if (call.argument(0).IsNull(row) || call.argument(1).IsNull(row)) {
      out.AppendNull();
      continue;
    }
    if (const std::string_view text = TextAt(call, 1, row); !path || path_text != text) {
      THALWEG_ASSIGN(path, JsonPath::Compile(text));
      path_text = text;
    }
    THALWEG_TRY(answer(document, *path, row, out));
  }
  return Vector{out.Take()};
}

}  // namespace thalweg::expr
