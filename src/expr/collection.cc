// ARRAY, MAP and ROW: made, taken apart, and the functions on arrays and maps.
#include <algorithm>
#include <numeric>

#include <boost/unordered/unordered_flat_map.hpp>

#include "columns/key_encoder.h"
#include "expr/comparison.h"
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

using columns::Column;
using columns::ColumnBuilder;
using types::DataType;
using types::TypeId;

namespace {

using Inferred = std::optional<DataType>;

/// The elements of a present array (or entries of a map): rows [begin, end) of the children.
struct Span {
  const Column* column;
  int32_t begin, end;
  int32_t size() const { return end - begin; }
};
Span SpanAt(const Vector& vector, int32_t row) {
  const auto* offsets = vector.column.offsets.data<int32_t>();
  const int32_t at = vector.at(row);
  return {&vector.column, offsets[at], offsets[at + 1]};
}

void AppendElement(const Column& elements, int32_t at, ColumnBuilder& out) { out.AppendRows(elements, &at, 1); }
void AppendCell(const Vector& vector, int32_t row, ColumnBuilder& out) {
  AppendElement(vector.column, vector.at(row), out);
}

bool SameElement(const Column& a, int32_t i, const Column& b, int32_t j) { return CellsEqual(a, i, b, j); }

bool Contains(const Span& span, const Column& elements, int32_t at) {
  for (int32_t i = span.begin; i < span.end; ++i)
    if (SameElement(span.column->children[0], i, elements, at)) return true;
  return false;
}

/// f(call, row, out) for the rows without a NULL argument; NULL for others.
template <typename F>
Kernel StrictKernel(F f) {
  return [f](Call& call) -> Result<Vector> {
    ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
    for (int32_t row = 0; row < call.rows(); ++row) {
      bool null = false;
      for (int i = 0; i < call.arguments(); ++i) null = null || call.argument(i).IsNull(row);
      if (null)
        out.AppendNull();
      else
        f(call, row, out);
    }
    return Vector{out.Take()};
  };
}
/// As StrictKernel, but only NULL in the first argument makes NULL.
template <typename F>
Kernel FirstStrictKernel(F f) {
  return [f](Call& call) -> Result<Vector> {
    ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
    for (int32_t row = 0; row < call.rows(); ++row) {
      if (call.argument(0).IsNull(row))
        out.AppendNull();
      else
        f(call, row, out);
    }
    return Vector{out.Take()};
  };
}

Function Make(std::string name, std::string signature, Inference infer, Kernel kernel) {
  return Define(std::move(name), {std::move(signature)}, std::move(infer),
                Binder([kernel](const Expression&) -> Result<Kernel> { return kernel; }));
}

bool IsArray(const Expression& argument) { return argument.type().id() == TypeId::kArray; }
const DataType& ElementOf(const Expression& array) { return array.type().children()[0].type; }

// ---- constructors

Inferred InferArray(Arguments& arguments) {
  if (arguments.empty()) return std::nullopt;
  std::optional<DataType> common = CommonType(arguments);
  if (!common || common->id() == TypeId::kNull) return std::nullopt;
  for (Expression& argument : arguments) argument = Coerced(argument, *common);
  return DataType::Array(*common, false);
}

Result<Vector> RunArray(Call& call) {
  ColumnBuilder out(call.type(), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    for (int i = 0; i < call.arguments(); ++i) AppendCell(call.argument(i), row, out.child(0));
    out.CloseRow();
  }
  return Vector{out.Take()};
}

Inferred InferMap(Arguments& arguments) {
  if (arguments.empty() || arguments.size() % 2) return std::nullopt;
  std::vector<DataType> keys, values;
  for (size_t i = 0; i < arguments.size(); ++i) (i % 2 ? values : keys).push_back(arguments[i].type());
  std::optional<DataType> key = CommonType(keys), value = CommonType(values);
  if (!key || !value || key->id() == TypeId::kNull || value->id() == TypeId::kNull) return std::nullopt;
  for (size_t i = 0; i < arguments.size(); ++i) arguments[i] = Coerced(arguments[i], i % 2 ? *value : *key);
  return DataType::Map(*key, *value, false);
}

/// The place of each entry's key among those kept: of equal keys the last value holds, at the place of the first.
class Entries {
 public:
  void Put(const Column& keys, int32_t key, const Column& values, int32_t value) {
    bytes_.clear();
    columns::AppendCellKey(keys, key, bytes_);
    auto [found, added] = places_.try_emplace(bytes_, entries_.size());
    if (added)
      entries_.push_back({&keys, key, &values, value});
    else
      entries_[found->second] = {&keys, key, &values, value};
  }
  void AppendTo(ColumnBuilder& out) {
    for (const Entry& e : entries_) {
      AppendElement(*e.keys, e.key, out.child(0));
      AppendElement(*e.values, e.value, out.child(1));
    }
    out.CloseRow();
  }

 private:
  struct Entry {
    const Column* keys;
    int32_t key;
    const Column* values;
    int32_t value;
  };
  boost::unordered_flat_map<std::string, size_t> places_;
  std::vector<Entry> entries_;
  std::string bytes_;
};

Result<Vector> RunMap(Call& call) {
  ColumnBuilder out(call.type(), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    Entries entries;
    for (int i = 0; i < call.arguments(); i += 2) {
      const Vector& key = call.argument(i);
      const Vector& value = call.argument(i + 1);
      entries.Put(key.column, key.at(row), value.column, value.at(row));
    }
    entries.AppendTo(out);
  }
  return Vector{out.Take()};
}

Inferred InferRow(Arguments& arguments) {
  std::vector<types::Field> fields;
  for (const Expression& argument : arguments)
    fields.push_back({fmt::format("EXPR${}", fields.size()), argument.type()});
  return DataType::Row(std::move(fields), false);
}

Result<Vector> RunRow(Call& call) {
  ColumnBuilder out(call.type(), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    for (int i = 0; i < call.arguments(); ++i) AppendCell(call.argument(i), row, out.child(i));
    out.CloseRow();
  }
  return Vector{out.Take()};
}

// ---- access

Inferred InferItem(Arguments& arguments) {
  if (arguments.size() != 2) return std::nullopt;
  const DataType type = arguments[0].type();
  if (type.id() == TypeId::kArray) {
    std::optional<Expression> index = Fit(arguments[1], Param::kInt);
    if (!index) return std::nullopt;
    arguments[1] = *index;
    return type.children()[0].type.WithNullable(true);
  }
  if (type.id() != TypeId::kMap) return std::nullopt;
  const DataType& key = type.children()[0].type;
  if (!CastsImplicitly(arguments[1].type(), key) &&
      !(arguments[1].type().is_variable() && key.id() == arguments[1].type().id()))
    return std::nullopt;
  if (!arguments[1].type().is_variable()) arguments[1] = Coerced(arguments[1], key);
  return type.children()[1].type.WithNullable(true);
}

void ItemOf(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  const Vector& key = call.argument(1);
  if (call.argument(0).column.type.id() == TypeId::kArray) {
    const int32_t index = key.column.data<int32_t>()[key.at(row)];
    if (index < 1 || index > span.size()) return out.AppendNull();
    return AppendElement(span.column->children[0], span.begin + index - 1, out);
  }
  for (int32_t i = span.begin; i < span.end; ++i)
    if (SameElement(span.column->children[0], i, key.column, key.at(row)))
      return AppendElement(span.column->children[1], i, out);
  out.AppendNull();
}

/// FIELD(row, 'name').
Inferred InferField(Arguments& arguments) {
  if (arguments.size() != 2 || arguments[0].type().id() != TypeId::kRow || !arguments[1].is_literal() ||
      arguments[1].is_null_literal() || arguments[1].type().id() != TypeId::kString)
    return std::nullopt;
  for (const types::Field& field : arguments[0].type().children())
    if (field.name == arguments[1].value().string())
      return field.type.WithNullable(field.type.nullable() || arguments[0].type().nullable());
  return std::nullopt;
}

/// Bitmaps of `rows` rows, null where all are present.
columns::BufferRef BothPresent(const columns::BufferRef& a, const columns::BufferRef& b, int32_t rows,
                               columns::BufferPool& pool) {
  if (!a || !b) return a ? a : b;
  const size_t bytes = (static_cast<size_t>(rows) + 7) / 8;
  columns::BufferRef both = pool.Allocate(bytes);
  for (size_t i = 0; i < bytes; ++i) both.mutable_data<uint8_t>()[i] = a.data<uint8_t>()[i] & b.data<uint8_t>()[i];
  return both;
}

// The field's column as it lies in the row's, without a copy.
Result<Kernel> BindField(const Expression& call) {
  const auto& fields = call.arguments()[0].type().children();
  size_t index = 0;
  while (fields[index].name != call.arguments()[1].value().string()) ++index;
  return Kernel([index](Call& c) -> Result<Vector> {
    const Vector& rows = c.argument(0);
    Column field = rows.column.children[index];
    field.validity = BothPresent(rows.column.validity, field.validity, field.length, c.pool());
    return Vector{std::move(field), rows.constant};
  });
}

Inferred InferCardinality(Arguments& arguments) {
  if (arguments.size() != 1) return std::nullopt;
  const TypeId id = arguments[0].type().id();
  if (id != TypeId::kArray && id != TypeId::kMap && id != TypeId::kMultiset) return std::nullopt;
  return Strict(DataType(TypeId::kInt), arguments);
}

Result<Vector> RunElement(Call& call) {
  ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    if (call.argument(0).IsNull(row)) {
      out.AppendNull();
      continue;
    }
    const Span span = SpanAt(call.argument(0), row);
    if (span.size() > 1) return UserError("ELEMENT takes an array of at most one element, not {}", span.size());
    if (span.size() == 0)
      out.AppendNull();
    else
      AppendElement(span.column->children[0], span.begin, out);
  }
  return Vector{out.Take()};
}

// ---- arrays

/// (array, element): the element at the array's element type, which widens if `widen`.
bool FitElement(Arguments& arguments, bool widen) {
  if (arguments.size() != 2 || !IsArray(arguments[0])) return false;
  const DataType element = ElementOf(arguments[0]);
  const std::vector<DataType> both = {element, arguments[1].type()};
  std::optional<DataType> common = CommonType(both);
  if (!common || (!widen && !SameType(*common, element) && !element.is_variable())) return false;
  if (widen) {
    const bool nullable = element.nullable() || arguments[1].type().nullable();
    const DataType type = common->WithNullable(nullable);
    arguments[0] = Coerced(arguments[0], DataType::Array(type));
    arguments[1] = Coerced(arguments[1], type);
  } else {
    if (!arguments[1].type().is_variable() || arguments[1].type().id() != element.id())
      arguments[1] = Coerced(arguments[1], element);
  }
  return true;
}

Inferred InferAppend(Arguments& arguments) {
  if (arguments.size() != 2 || !IsArray(arguments[0])) return std::nullopt;
  const bool nullable = ElementOf(arguments[0]).nullable() || arguments[1].type().nullable();
  if (!FitElement(arguments, true)) return std::nullopt;
  // An element that may be NULL makes Flink's array so, too.
  return DataType::Array(ElementOf(arguments[0]).WithNullable(nullable),
                         arguments[0].type().nullable() || arguments[1].type().nullable());
}

Inferred InferArraySame(Arguments& arguments) {
  if (arguments.size() != 1 || !IsArray(arguments[0])) return std::nullopt;
  return arguments[0].type();
}

/// Several arrays, brought to their common type.
Inferred InferArrays(Arguments& arguments) {
  if (arguments.empty()) return std::nullopt;
  std::optional<DataType> common = CommonType(arguments);
  if (!common || common->id() != TypeId::kArray) return std::nullopt;
  for (Expression& argument : arguments) argument = Coerced(argument, *common);
  return Strict(*common, arguments);
}
Inferred InferTwoArrays(Arguments& arguments) { return arguments.size() == 2 ? InferArrays(arguments) : std::nullopt; }

/// Appends elements of `span` for which `keep` holds, each once if `once`.
template <typename P>
void AppendKept(const Span& span, ColumnBuilder& out, std::vector<std::pair<const Column*, int32_t>>& seen, P keep) {
  const Column& elements = span.column->children[0];
  for (int32_t i = span.begin; i < span.end; ++i) {
    const bool known = std::any_of(seen.begin(), seen.end(),
                                   [&](const auto& s) { return SameElement(*s.first, s.second, elements, i); });
    if (known || !keep(elements, i)) continue;
    seen.emplace_back(&elements, i);
    AppendElement(elements, i, out.child(0));
  }
}
using Seen = std::vector<std::pair<const Column*, int32_t>>;

void Distinct(Call& call, int32_t row, ColumnBuilder& out) {
  Seen seen;
  AppendKept(SpanAt(call.argument(0), row), out, seen, [](const Column&, int32_t) { return true; });
  out.CloseRow();
}
void Union(Call& call, int32_t row, ColumnBuilder& out) {
  Seen seen;
  for (int i = 0; i < 2; ++i)
    AppendKept(SpanAt(call.argument(i), row), out, seen, [](const Column&, int32_t) { return true; });
  out.CloseRow();
}
template <bool kIn>
void Against(Call& call, int32_t row, ColumnBuilder& out) {
  Seen seen;
  const Span other = SpanAt(call.argument(1), row);
  AppendKept(SpanAt(call.argument(0), row), out, seen,
             [&](const Column& elements, int32_t i) { return Contains(other, elements, i) == kIn; });
  out.CloseRow();
}
void Concat(Call& call, int32_t row, ColumnBuilder& out) {
  for (int a = 0; a < call.arguments(); ++a) {
    const Span span = SpanAt(call.argument(a), row);
    for (int32_t i = span.begin; i < span.end; ++i) AppendElement(span.column->children[0], i, out.child(0));
  }
  out.CloseRow();
}
template <bool kFront>
void Extend(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  if (kFront) AppendCell(call.argument(1), row, out.child(0));
  for (int32_t i = span.begin; i < span.end; ++i) AppendElement(span.column->children[0], i, out.child(0));
  if (!kFront) AppendCell(call.argument(1), row, out.child(0));
  out.CloseRow();
}
void Remove(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  const Vector& element = call.argument(1);
  for (int32_t i = span.begin; i < span.end; ++i)
    if (!SameElement(span.column->children[0], i, element.column, element.at(row)))
      AppendElement(span.column->children[0], i, out.child(0));
  out.CloseRow();
}
void ArrayContains(Call& call, int32_t row, ColumnBuilder& out) {
  const Vector& element = call.argument(1);
  out.AppendBool(Contains(SpanAt(call.argument(0), row), element.column, element.at(row)));
}
void ArrayPosition(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  const Vector& element = call.argument(1);
  int32_t position = 0;
  for (int32_t i = span.begin; i < span.end && position == 0; ++i)
    if (SameElement(span.column->children[0], i, element.column, element.at(row))) position = i - span.begin + 1;
  out.Append(position);
}
void Reverse(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  for (int32_t i = span.end; i-- > span.begin;) AppendElement(span.column->children[0], i, out.child(0));
  out.CloseRow();
}

/// From and to count from 1, negative ones from the end; both ends are in.
void Slice(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  auto index = [&](int argument) {
    const Vector& vector = call.argument(argument);
    const int64_t at = vector.column.data<int32_t>()[vector.at(row)];
    return at < 0 ? at + span.size() + 1 : at == 0 ? 1 : at;
  };
  const int64_t from = std::max<int64_t>(1, index(1));
  const int64_t to = call.arguments() == 3 ? std::min<int64_t>(span.size(), index(2)) : span.size();
  for (int64_t i = from; i <= to; ++i)
    AppendElement(span.column->children[0], span.begin + static_cast<int32_t>(i) - 1, out.child(0));
  out.CloseRow();
}

bool BoolAt(const Call& call, int argument, int32_t row) {
  const Vector& vector = call.argument(argument);
  return vector.column.Bool(vector.at(row));
}

/// ARRAY_SORT(array [, ascending [, nulls first]]): NULLs come first when ascending unless said otherwise.
void Sort(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  const Column& elements = span.column->children[0];
  const bool ascending = call.arguments() < 2 || BoolAt(call, 1, row);
  const bool nulls_first = call.arguments() < 3 ? ascending : BoolAt(call, 2, row);
  std::vector<int32_t> order(static_cast<size_t>(span.size()));
  std::iota(order.begin(), order.end(), span.begin);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    if (elements.IsNull(a) || elements.IsNull(b))
      return elements.IsNull(a) != elements.IsNull(b) && elements.IsNull(a) == nulls_first;
    const int sign = CompareCells(elements, a, elements, b);
    return ascending ? sign < 0 : sign > 0;
  });
  out.child(0).AppendRows(elements, order.data(), span.size());
  out.CloseRow();
}

template <int kSign>
void ArrayExtreme(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  const Column& elements = span.column->children[0];
  int32_t best = -1;
  for (int32_t i = span.begin; i < span.end; ++i)
    if (!elements.IsNull(i) && (best < 0 || CompareCells(elements, i, elements, best) == kSign)) best = i;
  if (best < 0)
    out.AppendNull();
  else
    AppendElement(elements, best, out);
}

void Join(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  const Column& elements = span.column->children[0];
  const std::string_view delimiter = call.argument(1).column.String(call.argument(1).at(row));
  std::string text;
  bool first = true;
  for (int32_t i = span.begin; i < span.end; ++i) {
    if (elements.IsNull(i) && call.arguments() == 2) continue;
    if (!first) text += delimiter;
    first = false;
    text += elements.IsNull(i) ? call.argument(2).column.String(call.argument(2).at(row)) : elements.String(i);
  }
  out.AppendString(text);
}

void Split(Call& call, int32_t row, ColumnBuilder& out) {
  const std::string_view text = call.argument(0).column.String(call.argument(0).at(row));
  const std::string_view delimiter = call.argument(1).column.String(call.argument(1).at(row));
  if (delimiter.empty()) {
    for (size_t at = 0; at < text.size(); ++at) {
      size_t n = 1;
      while (at + n < text.size() && (static_cast<unsigned char>(text[at + n]) & 0xc0) == 0x80) ++n;
      out.child(0).AppendString(text.substr(at, n));
      at += n - 1;
    }
    return out.CloseRow();
  }
  for (size_t at = 0;;) {
    const size_t end = text.find(delimiter, at);
    out.child(0).AppendString(text.substr(at, end - at));
    if (end == std::string_view::npos) break;
    at = end + delimiter.size();
  }
  out.CloseRow();
}

// ---- maps

bool IsMap(const Expression& argument) { return argument.type().id() == TypeId::kMap; }

template <int kChild>
Inferred InferMapPart(Arguments& arguments) {
  if (arguments.size() != 1 || !IsMap(arguments[0])) return std::nullopt;
  return Strict(DataType::Array(arguments[0].type().children()[kChild].type), arguments);
}
template <int kChild>
void MapPart(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  for (int32_t i = span.begin; i < span.end; ++i) AppendElement(span.column->children[kChild], i, out.child(0));
  out.CloseRow();
}
Inferred InferMapEntries(Arguments& arguments) {
  if (arguments.size() != 1 || !IsMap(arguments[0])) return std::nullopt;
  const auto& parts = arguments[0].type().children();
  return Strict(DataType::Array(DataType::Row({{"key", parts[0].type}, {"value", parts[1].type}})), arguments);
}
void MapEntries(Call& call, int32_t row, ColumnBuilder& out) {
  const Span span = SpanAt(call.argument(0), row);
  for (int32_t i = span.begin; i < span.end; ++i) {
    for (int part = 0; part < 2; ++part)
      AppendElement(span.column->children[static_cast<size_t>(part)], i, out.child(0).child(part));
    out.child(0).CloseRow();
  }
  out.CloseRow();
}
Inferred InferMapFromArrays(Arguments& arguments) {
  if (arguments.size() != 2 || !IsArray(arguments[0]) || !IsArray(arguments[1])) return std::nullopt;
  return Strict(DataType::Map(ElementOf(arguments[0]), ElementOf(arguments[1])), arguments);
}
Result<Vector> RunMapFromArrays(Call& call) {
  ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    if (call.argument(0).IsNull(row) || call.argument(1).IsNull(row)) {
      out.AppendNull();
      continue;
    }
    const Span keys = SpanAt(call.argument(0), row), values = SpanAt(call.argument(1), row);
    if (keys.size() != values.size())
      return UserError("MAP_FROM_ARRAYS takes as many keys as values, not {} and {}", keys.size(), values.size());
    Entries entries;
    for (int32_t i = 0; i < keys.size(); ++i)
      entries.Put(keys.column->children[0], keys.begin + i, values.column->children[0], values.begin + i);
    entries.AppendTo(out);
  }
  return Vector{out.Take()};
}
Inferred InferMapUnion(Arguments& arguments) {
  std::optional<DataType> common = arguments.empty() ? std::nullopt : CommonType(arguments);
  if (!common || common->id() != TypeId::kMap) return std::nullopt;
  for (Expression& argument : arguments) argument = Coerced(argument, *common);
  return Strict(*common, arguments);
}
void MapUnion(Call& call, int32_t row, ColumnBuilder& out) {
  Entries entries;
  for (int a = 0; a < call.arguments(); ++a) {
    const Span span = SpanAt(call.argument(a), row);
    for (int32_t i = span.begin; i < span.end; ++i)
      entries.Put(span.column->children[0], i, span.column->children[1], i);
  }
  entries.AppendTo(out);
}

void AddConstructors(Registry& registry) {
  registry.Add(Make("ARRAY", "ARRAY[<ANY>, ...]", InferArray, RunArray));
  registry.Add(Make("MAP", "MAP[<ANY>, <ANY>, ...]", InferMap, RunMap));
  registry.Add(Make("ROW", "ROW(<ANY>, ...)", InferRow, RunRow));
  registry.Add(Make("ITEM", "<ARRAY>[<INT>] or <MAP>[key]", InferItem, StrictKernel(ItemOf)));
  registry.Add(Define("FIELD", {"<ROW>.field"}, Inference(InferField), Binder(BindField)));
  registry.Add(Make("CARDINALITY", "CARDINALITY(<ARRAY, MAP or MULTISET>)", InferCardinality,
                    StrictKernel([](Call& call, int32_t row, ColumnBuilder& out) {
                      out.Append(SpanAt(call.argument(0), row).size());
                    })));
  Function element = Make(
      "ELEMENT", "ELEMENT(<ARRAY>)",
      [](Arguments& a) -> Inferred {
        if (a.size() != 1 || !IsArray(a[0])) return std::nullopt;
        return ElementOf(a[0]).WithNullable(true);
      },
      RunElement);
  element.fails = true;
  registry.Add(std::move(element));
}

void AddArrays(Registry& registry) {
  registry.Add(Make("ARRAY_APPEND", "ARRAY_APPEND(<ARRAY>, <ANY>)", InferAppend, FirstStrictKernel(Extend<false>)));
  registry.Add(Make("ARRAY_PREPEND", "ARRAY_PREPEND(<ARRAY>, <ANY>)", InferAppend, FirstStrictKernel(Extend<true>)));
  registry.Add(Make("ARRAY_CONCAT", "ARRAY_CONCAT(<ARRAY>, ...)", InferArrays, StrictKernel(Concat)));
  registry.Add(Make(
      "ARRAY_CONTAINS", "ARRAY_CONTAINS(<ARRAY>, <ANY>)",
      [](Arguments& a) -> Inferred {
        if (!FitElement(a, false)) return std::nullopt;
        return DataType(TypeId::kBoolean, a[0].type().nullable());
      },
      FirstStrictKernel(ArrayContains)));
  registry.Add(Make(
      "ARRAY_POSITION", "ARRAY_POSITION(<ARRAY>, <ANY>)",
      [](Arguments& a) -> Inferred {
        if (!FitElement(a, false)) return std::nullopt;
        return Strict(DataType(TypeId::kInt), a);
      },
      StrictKernel(ArrayPosition)));
  registry.Add(Make(
      "ARRAY_REMOVE", "ARRAY_REMOVE(<ARRAY>, <ANY>)",
      [](Arguments& a) -> Inferred {
        if (!FitElement(a, false)) return std::nullopt;
        return a[0].type();
      },
      FirstStrictKernel(Remove)));
  registry.Add(Make("ARRAY_DISTINCT", "ARRAY_DISTINCT(<ARRAY>)", InferArraySame, StrictKernel(Distinct)));
  registry.Add(Make("ARRAY_REVERSE", "ARRAY_REVERSE(<ARRAY>)", InferArraySame, StrictKernel(Reverse)));
  registry.Add(Make("ARRAY_UNION", "ARRAY_UNION(<ARRAY>, <ARRAY>)", InferTwoArrays, StrictKernel(Union)));
  registry.Add(Make("ARRAY_EXCEPT", "ARRAY_EXCEPT(<ARRAY>, <ARRAY>)", InferTwoArrays, StrictKernel(Against<false>)));
  registry.Add(
      Make("ARRAY_INTERSECT", "ARRAY_INTERSECT(<ARRAY>, <ARRAY>)", InferTwoArrays, StrictKernel(Against<true>)));
  registry.Add(
      Define("ARRAY_SLICE", {{{Param::kArray, Param::kInt}, {Param::kInt}}}, ReturnsFirst(), StrictKernel(Slice)));
  auto ordered = [](Arguments& a) { return IsArray(a[0]) && HasOrder(ElementOf(a[0])); };
  registry.Add(Make(
      "ARRAY_SORT", "ARRAY_SORT(<ARRAY> [, <BOOLEAN> [, <BOOLEAN>]])",
      [ordered](Arguments& a) -> Inferred {
        if (a.empty() || a.size() > 3 || !ordered(a)) return std::nullopt;
        for (size_t i = 1; i < a.size(); ++i) {
          std::optional<Expression> flag = Fit(a[i], Param::kBoolean);
          if (!flag) return std::nullopt;
          a[i] = *flag;
        }
        return Strict(a[0].type(), a);
      },
      StrictKernel(Sort)));
  auto extreme = [ordered](Arguments& a) -> Inferred {
    if (a.size() != 1 || !ordered(a)) return std::nullopt;
    return ElementOf(a[0]).WithNullable(true);
  };
  registry.Add(Make("ARRAY_MAX", "ARRAY_MAX(<ARRAY>)", extreme, StrictKernel(ArrayExtreme<1>)));
  registry.Add(Make("ARRAY_MIN", "ARRAY_MIN(<ARRAY>)", extreme, StrictKernel(ArrayExtreme<-1>)));
  registry.Add(Make(
      "ARRAY_JOIN", "ARRAY_JOIN(<ARRAY of STRING>, <STRING> [, <STRING>])",
      [](Arguments& a) -> Inferred {
        if (a.size() < 2 || a.size() > 3 || !IsArray(a[0]) || ElementOf(a[0]).id() != TypeId::kString)
          return std::nullopt;
        for (size_t i = 1; i < a.size(); ++i) {
          std::optional<Expression> text = Fit(a[i], Param::kString);
          if (!text) return std::nullopt;
          a[i] = *text;
        }
        return Strict(DataType(TypeId::kString), a);
      },
      StrictKernel(Join)));
  registry.Add(Define("SPLIT", {{{Param::kString, Param::kString}}},
                      Returns(DataType::Array(DataType(TypeId::kString))), StrictKernel(Split)));
}

void AddMaps(Registry& registry) {
  registry.Add(Make("MAP_KEYS", "MAP_KEYS(<MAP>)", InferMapPart<0>, StrictKernel(MapPart<0>)));
  registry.Add(Make("MAP_VALUES", "MAP_VALUES(<MAP>)", InferMapPart<1>, StrictKernel(MapPart<1>)));
  registry.Add(Make("MAP_ENTRIES", "MAP_ENTRIES(<MAP>)", InferMapEntries, StrictKernel(MapEntries)));
  Function from_arrays =
      Make("MAP_FROM_ARRAYS", "MAP_FROM_ARRAYS(<ARRAY>, <ARRAY>)", InferMapFromArrays, RunMapFromArrays);
  from_arrays.fails = true;
  registry.Add(std::move(from_arrays));
  registry.Add(Make("MAP_UNION", "MAP_UNION(<MAP>, ...)", InferMapUnion, StrictKernel(MapUnion)));
}

}  // namespace

void AddCollections(Registry& registry) {
  AddConstructors(registry);
  AddArrays(registry);
  AddMaps(registry);
}

}  // namespace thalweg::expr
