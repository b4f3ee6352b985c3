// = <> < <= > >=, IS [NOT] DISTINCT FROM, BETWEEN, IN. Both sides come to their common type; a string beside a time is read as one.
#include "expr/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include <boost/unordered/unordered_flat_set.hpp>

#include "columns/key_encoder.h"
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

using columns::Column;
using columns::StringView16;
using types::DataType;
using types::TypeId;

namespace {

enum class Order : uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

template <typename T>
int Sign(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  }
  return a < b ? -1 : b < a ? 1 : 0;
}

int CompareBytes(std::string_view a, std::string_view b) {
  const int order = a.compare(b);  // as unsigned bytes
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

bool EqualCanonical(const Column& a, int32_t a_row, const Column& b, int32_t b_row) {
  std::string x, y;
  columns::AppendCellKey(a, a_row, x);
  columns::AppendCellKey(b, b_row, y);
  return x == y;
}

}  // namespace

int CompareCells(const Column& a, int32_t a_row, const Column& b, int32_t b_row) {
  switch (a.type.id()) {
    case TypeId::kBoolean: return Sign(a.Bool(a_row), b.Bool(b_row));
    case TypeId::kTinyInt: return Sign(a.data<int8_t>()[a_row], b.data<int8_t>()[b_row]);
    case TypeId::kSmallInt: return Sign(a.data<int16_t>()[a_row], b.data<int16_t>()[b_row]);
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kIntervalYearMonth: return Sign(a.data<int32_t>()[a_row], b.data<int32_t>()[b_row]);
    case TypeId::kBigInt:
    case TypeId::kIntervalDayTime: return Sign(a.data<int64_t>()[a_row], b.data<int64_t>()[b_row]);
    case TypeId::kFloat: return Sign(a.data<float>()[a_row], b.data<float>()[b_row]);
    case TypeId::kDouble: return Sign(a.data<double>()[a_row], b.data<double>()[b_row]);
    case TypeId::kDecimal: return Sign(a.data<__int128>()[a_row], b.data<__int128>()[b_row]);
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
      return Sign(ReadAs<types::TimestampValue>(a, a_row), ReadAs<types::TimestampValue>(b, b_row));
    default: return CompareBytes(a.String(a_row), b.String(b_row));
  }
}

bool HasOrder(const DataType& type) {
  return type.id() != TypeId::kNull && type.children().empty() && type.id() < TypeId::kArray;
}

bool CellsEqual(const Column& a, int32_t a_row, const Column& b, int32_t b_row) {
  if (a.IsNull(a_row) || b.IsNull(b_row)) return a.IsNull(a_row) == b.IsNull(b_row);
  if (HasOrder(a.type)) return CompareCells(a, a_row, b, b_row) == 0;
  return EqualCanonical(a, a_row, b, b_row);
}

namespace {

/// A string beside a time. As Flink: a literal must be one, of others what is none is NULL.
Expression AsTime(const Expression& text, const DataType& time) {
  if (text.is_literal()) return Coerced(text, time);
  Result<Expression> cast = Cast(text, time, {.try_cast = true});
  THALWEG_CHECK(cast.ok(), "{}", cast.status().ToString());
  return *std::move(cast);
}

/// All arguments at their common type; false if they have none.
bool ToCommonType(Arguments& arguments) {
  std::optional<DataType> time;
  for (const Expression& argument : arguments)
    if (IsDatetime(argument.type().id())) time = argument.type();
  if (time) {
    for (Expression& argument : arguments)
      if (argument.type().id() == TypeId::kString) argument = AsTime(argument, time->WithNullable(true));
  }
  std::optional<DataType> common = CommonType(arguments);
  if (!common) return false;
  if (common->id() == TypeId::kNull) common = DataType(TypeId::kBoolean);
  for (Expression& argument : arguments) {
    // Lengths of strings and bytes do not matter to a comparison.
    if (argument.type().is_variable() && argument.type().id() == common->id()) continue;
    argument = Coerced(argument, *common);
  }
  return true;
}

/// Of a number and a text, in an order: the text is read as the number's type. Equality of the two is refused, as in Flink.
void ReadTextAsNumber(Arguments& arguments) {
  for (size_t i : {0, 1})
    if (arguments[i].type().id() == TypeId::kString && IsNumeric(arguments[1 - i].type().id()))
      arguments[i] = Coerced(arguments[i], arguments[1 - i].type().WithNullable(true));
}

/// IN of a number and texts, or of a text and numbers, is one of texts. The list itself may not mix them.
void WriteNumbersAsText(Arguments& arguments) {
  const auto list = std::span(arguments).subspan(1);
  auto is_text = [](const Expression& e) { return e.type().id() == TypeId::kString; };
  auto is_number = [](const Expression& e) { return IsNumeric(e.type().id()); };
  auto all = [&](auto is) {
    return std::all_of(list.begin(), list.end(),
                       [&](const Expression& e) { return is(e) || e.type().id() == TypeId::kNull; });
  };
  const bool mixed = (is_text(arguments[0]) && all(is_number)) || (is_number(arguments[0]) && all(is_text));
  if (!mixed) return;
  for (Expression& argument : arguments)
    if (is_number(argument))
      argument = Coerced(argument, DataType(TypeId::kString).WithNullable(argument.type().nullable()));
}

template <Order kOrder, typename T>
bool Holds(T a, T b) {
  if constexpr (kOrder == Order::kEqual) return a == b;
  if constexpr (kOrder == Order::kNotEqual) return a != b;
  if constexpr (kOrder == Order::kLess) return a < b;
  if constexpr (kOrder == Order::kLessOrEqual) return a <= b;
  if constexpr (kOrder == Order::kGreater) return a > b;
  return a >= b;
}

template <Order kOrder, typename T>
Kernel FixedKernel() {
  return PredicateKernel<T, T>([](T a, T b) { return Holds<kOrder, T>(a, b); });
}

/// Size and first four bytes in one word decide most comparisons of strings.
bool StringsEqual(const Column& a, const StringView16& x, const Column& b, const StringView16& y) {
  uint64_t x_head, y_head;
  std::memcpy(&x_head, &x, sizeof(x_head));
  std::memcpy(&y_head, &y, sizeof(y_head));
  if (x_head != y_head) return false;
  if (x.size <= 12) return std::memcmp(x.inlined + 4, y.inlined + 4, 8) == 0;
  const char* x_bytes = a.heaps[static_cast<size_t>(x.ref.heap)].data<char>() + x.ref.offset;
  const char* y_bytes = b.heaps[static_cast<size_t>(y.ref.heap)].data<char>() + y.ref.offset;
  return std::memcmp(x_bytes, y_bytes, static_cast<size_t>(x.size)) == 0;
}

template <bool kEqual>
Kernel StringEqualityKernel() {
  return [](Call& call) -> Result<Vector> {
    const Column& a = call.argument(0).column;
    const Column& b = call.argument(1).column;
    columns::BufferRef bits;
    internal::WithSides<StringView16, StringView16>(call.argument(0), call.argument(1), [&](auto x, auto y) {
      bits = internal::BitsOf(call.rows(), call.pool(),
                              [&](int32_t row) { return StringsEqual(a, x(row), b, y(row)) == kEqual; });
    });
    return internal::StrictResult(call, std::move(bits));
  };
}

/// Any type, cell by cell.
template <typename P>
Kernel CellKernel(P predicate) {
  return [predicate](Call& call) -> Result<Vector> {
    const Vector& a = call.argument(0);
    const Vector& b = call.argument(1);
    columns::BufferRef bits = internal::BitsOf(call.rows(), call.pool(), [&](int32_t row) {
      return !a.IsNull(row) && !b.IsNull(row) && predicate(a.column, a.at(row), b.column, b.at(row));
    });
    return internal::StrictResult(call, std::move(bits));
  };
}

template <Order kOrder>
Kernel OrderKernel(const DataType& type) {
  switch (type.id()) {
    case TypeId::kTinyInt: return FixedKernel<kOrder, int8_t>();
    case TypeId::kSmallInt: return FixedKernel<kOrder, int16_t>();
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kIntervalYearMonth: return FixedKernel<kOrder, int32_t>();
    case TypeId::kBigInt:
    case TypeId::kIntervalDayTime: return FixedKernel<kOrder, int64_t>();
    case TypeId::kFloat: return FixedKernel<kOrder, float>();
    case TypeId::kDouble: return FixedKernel<kOrder, double>();
    case TypeId::kDecimal: return FixedKernel<kOrder, __int128>();
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
      if (type.precision() <= 3) return FixedKernel<kOrder, int64_t>();
      break;
    case TypeId::kString:
    case TypeId::kBinary:
      if constexpr (kOrder == Order::kEqual) return StringEqualityKernel<true>();
      if constexpr (kOrder == Order::kNotEqual) return StringEqualityKernel<false>();
      break;
    default: break;
  }
  if (HasOrder(type))
    return CellKernel([](const Column& a, int32_t i, const Column& b, int32_t j) {
      return Holds<kOrder, int>(CompareCells(a, i, b, j), 0);
    });
  return CellKernel([](const Column& a, int32_t i, const Column& b, int32_t j) {
    return CellsEqual(a, i, b, j) == (kOrder == Order::kEqual);
  });
}

template <Order kOrder>
Function Comparison(std::string name) {
  Function function;
  function.signatures = {"<COMPARABLE> " + name + " <COMPARABLE>"};
  function.name = std::move(name);
  function.infer = [](Arguments& arguments) -> std::optional<DataType> {
    constexpr bool kEquality = kOrder == Order::kEqual || kOrder == Order::kNotEqual;
    if (arguments.size() != 2) return std::nullopt;
    if (!kEquality) ReadTextAsNumber(arguments);
    if (!ToCommonType(arguments)) return std::nullopt;
    if (!kEquality && !HasOrder(arguments[0].type())) return std::nullopt;
    return Strict(DataType(TypeId::kBoolean), arguments);
  };
  function.bind = [](const Expression& call) -> Result<Kernel> {
    return OrderKernel<kOrder>(call.arguments()[0].type());
  };
  return function;
}

std::optional<DataType> InferDistinct(Arguments& arguments) {
  if (arguments.size() != 2 || !ToCommonType(arguments)) return std::nullopt;
  return DataType(TypeId::kBoolean, false);
}

Kernel DistinctKernel(bool distinct) {
  return [distinct](Call& call) -> Result<Vector> {
    const Vector& a = call.argument(0);
    const Vector& b = call.argument(1);
    Vector result;
    result.column.type = call.type();
    result.column.length = call.rows();
    result.column.values = internal::BitsOf(call.rows(), call.pool(), [&](int32_t row) {
      return CellsEqual(a.column, a.at(row), b.column, b.at(row)) != distinct;
    });
    return result;
  };
}

Function DistinctFrom(std::string name, bool distinct) {
  Function function;
  function.signatures = {"<COMPARABLE> " + name + " <COMPARABLE>"};
  function.name = std::move(name);
  function.infer = InferDistinct;
  function.bind = [distinct](const Expression&) -> Result<Kernel> { return DistinctKernel(distinct); };
  return function;
}

/// x IN (a, b, ...): TRUE if equal to one; else NULL if x or one of them is NULL; else FALSE.
Kernel InKernel(bool negated) {
  return [negated](Call& call) -> Result<Vector> {
    boost::unordered_flat_set<std::string> constants;
    bool null_constant = false;
    std::vector<int> others;
    std::string key;
    for (int i = 1; i < call.arguments(); ++i) {
      const Vector& item = call.argument(i);
      if (!item.constant) {
        others.push_back(i);
      } else if (item.IsNull(0)) {
        null_constant = true;
      } else {
        key.clear();
        columns::AppendCellKey(item.column, 0, key);
        constants.insert(key);
      }
    }
    const Vector& value = call.argument(0);
    columns::ColumnBuilder out(DataType(TypeId::kBoolean), call.pool(), call.rows());
    for (int32_t row = 0; row < call.rows(); ++row) {
      if (value.IsNull(row)) {
        out.AppendNull();
        continue;
      }
      key.clear();
      columns::AppendCellKey(value.column, value.at(row), key);
      bool found = constants.contains(key), null = null_constant;
      for (size_t i = 0; i < others.size() && !found; ++i) {
        const Vector& item = call.argument(others[i]);
        null = null || item.IsNull(row);
        found = !item.IsNull(row) && CellsEqual(value.column, value.at(row), item.column, item.at(row));
      }
      if (found || !null)
        out.AppendBool(found != negated);
      else
        out.AppendNull();
    }
    return Vector{out.Take()};
  };
}

Function In(std::string name, bool negated) {
  Function function;
  function.signatures = {"<COMPARABLE> " + name + " (<COMPARABLE>, ...)"};
  function.name = std::move(name);
  function.infer = [](Arguments& arguments) -> std::optional<DataType> {
    if (arguments.size() < 2) return std::nullopt;
    WriteNumbersAsText(arguments);
    if (!ToCommonType(arguments)) return std::nullopt;
    return Strict(DataType(TypeId::kBoolean), arguments);
  };
  function.bind = [negated](const Expression&) -> Result<Kernel> { return InKernel(negated); };
  return function;
}

}  // namespace

void AddComparison(Registry& registry) {
  registry.Add(Comparison<Order::kEqual>("="));
  registry.Add(Comparison<Order::kNotEqual>("<>"));
  registry.Add(Comparison<Order::kLess>("<"));
  registry.Add(Comparison<Order::kLessOrEqual>("<="));
  registry.Add(Comparison<Order::kGreater>(">"));
  registry.Add(Comparison<Order::kGreaterOrEqual>(">="));
  registry.Add(DistinctFrom("IS DISTINCT FROM", true));
  registry.Add(DistinctFrom("IS NOT DISTINCT FROM", false));
  registry.Add(In("IN", false));
  registry.Add(In("NOT IN", true));
}

}  // namespace thalweg::expr
