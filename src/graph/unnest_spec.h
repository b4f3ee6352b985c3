// Unnest: each row with each element of a collection of its own. Node kind "unnest". Output: the input's columns, then the element: the
// fields of a ROW, key and value of a MAP, else one column; then, if asked for, its number from 1 on, INT. With a BIGINT in the
// collection's place: so many copies of the row, without an element.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/expression.h"
#include "types/data_type.h"

namespace thalweg::graph {

struct UnnestSpec {
  types::Schema input;
  expr::Expression collection;  // ARRAY, MAP, MULTISET or BIGINT over the input's columns
  bool outer = false;           // a row without elements is kept, with NULL in place of one
  bool ordinality = false;
  std::string zone;  // the session's; empty: UTC
  // Of outer: elements for which it is not TRUE are none. Over the input's columns and the element's.
  std::optional<expr::Expression> condition;
};

std::string Encode(const UnnestSpec& spec);
/// External error if malformed; user error if the collection is none.
Result<UnnestSpec> DecodeUnnest(std::string_view bytes);

/// The columns that an element of `collection` has, nullable where `outer`; empty if it is no collection.
std::vector<types::DataType> ElementTypes(const types::DataType& collection, bool outer);
/// Fields of the rows that come out: the input's, the element's, the ordinality.
std::vector<types::Field> UnnestedFields(const UnnestSpec& spec);

}  // namespace thalweg::graph
