// Functions of SQL in C++, for libraries that CREATE FUNCTION ... LANGUAGE CPP loads. A library is one source:
//
//   #include "expr/user_function.h"
//   using namespace thalweg::expr;
//
//   THALWEG_SQL_FUNCTION(add_tax, ScalarFunction([](int64_t cents, double rate) { return cents + int64_t(cents * rate); }));
//
//   THALWEG_SQL_FUNCTION(words, TableFunction({"word", "length"}, [](std::string_view text, TableRows<std::string, int32_t>& rows) {
//     for (auto word : ...) rows.Add(word, word.size());
//   }));
//
// C++ types are SQL's: bool BOOLEAN, int32_t INT, int64_t BIGINT, float FLOAT, double DOUBLE, std::string and std::string_view STRING. A
// std::optional<T> may be NULL; where an argument is none and NULL comes, the function is not called: its result is NULL, or no row.
// An exception fails the job with its text. A function is called by several threads: it keeps nothing between calls that is not const.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/abi.h"
#include "base/status.h"
#include "columns/builder.h"
#include "types/data_type.h"

namespace thalweg::expr {

/// One argument of one call.
struct Cell {
  const columns::Column* column = nullptr;
  int32_t row = 0;
  bool is_null() const { return column->IsNull(row); }
};

/// A function as data; made by ScalarFunction and TableFunction.
struct UserFunction {
  std::vector<types::DataType> arguments;  // NOT NULL: of a NULL it is not called
  types::DataType result;                  // of a table function: ARRAY of ROW
  bool is_table = false;
  bool deterministic = true;
  /// Appends one value of `result`.
  std::function<Status(const std::vector<Cell>& arguments, columns::ColumnBuilder& out)> call;
};

/// How a C++ type stands in columns.
template <typename T>
struct SqlValue;

template <typename T, types::TypeId kId>
struct SqlNumber {
  static types::DataType Type() { return types::DataType(kId, false); }
  static T Read(const Cell& cell) { return cell.column->data<T>()[cell.row]; }
  static void Append(T value, columns::ColumnBuilder& out) { out.Append(value); }
};
template <>
struct SqlValue<int32_t> : SqlNumber<int32_t, types::TypeId::kInt> {};
template <>
struct SqlValue<int64_t> : SqlNumber<int64_t, types::TypeId::kBigInt> {};
template <>
struct SqlValue<float> : SqlNumber<float, types::TypeId::kFloat> {};
template <>
struct SqlValue<double> : SqlNumber<double, types::TypeId::kDouble> {};
template <>
struct SqlValue<bool> {
  static types::DataType Type() { return types::DataType(types::TypeId::kBoolean, false); }
  static bool Read(const Cell& cell) { return cell.column->Bool(cell.row); }
  static void Append(bool value, columns::ColumnBuilder& out) { out.AppendBool(value); }
};
template <>
struct SqlValue<std::string_view> {
  static types::DataType Type() { return types::DataType(types::TypeId::kString, false); }
  static std::string_view Read(const Cell& cell) { return cell.column->String(cell.row); }
  static void Append(std::string_view value, columns::ColumnBuilder& out) { out.AppendString(value); }
};
template <>
struct SqlValue<std::string> : SqlValue<std::string_view> {
  static std::string Read(const Cell& cell) { return std::string(cell.column->String(cell.row)); }
};
template <typename T>
struct SqlValue<std::optional<T>> {
  static types::DataType Type() { return SqlValue<T>::Type().WithNullable(true); }
  static std::optional<T> Read(const Cell& cell) {
    return cell.is_null() ? std::nullopt : std::optional<T>(SqlValue<T>::Read(cell));
  }
  static void Append(const std::optional<T>& value, columns::ColumnBuilder& out) {
    if (value)
      SqlValue<T>::Append(*value, out);
    else
      out.AppendNull();
  }
};

/// Where a table function puts its rows.
template <typename... Columns>
class TableRows {
 public:
  explicit TableRows(columns::ColumnBuilder& rows) : rows_(&rows) {}
  void Add(const Columns&... values) {
    int column = 0;
    (SqlValue<Columns>::Append(values, rows_->child(column++)), ...);
    rows_->CloseRow();
  }
  static types::DataType RowType(const std::vector<std::string>& names) {
    std::vector<types::Field> fields;
    (fields.push_back({fields.size() < names.size() ? names[fields.size()] : "f" + std::to_string(fields.size()),
                       SqlValue<Columns>::Type()}),
     ...);
    return types::DataType::Row(std::move(fields), false);
  }

 private:
  columns::ColumnBuilder* rows_;
};

// The types of a callable's parameters.
template <typename T>
struct CallableTypes : CallableTypes<decltype(&T::operator())> {};
template <typename C, typename R, typename... A>
struct CallableTypes<R (C::*)(A...) const> {
  using Result = R;
  using Arguments = std::tuple<std::decay_t<A>...>;
};
template <typename R, typename... A>
struct CallableTypes<R (*)(A...)> {
  using Result = R;
  using Arguments = std::tuple<std::decay_t<A>...>;
};

/// `body`, or the text of what it throws.
template <typename Body>
Status WithoutExceptions(Body&& body) {
  try {
    body();
  } catch (const std::exception& thrown) {
    return UserError("A function threw: {}", thrown.what());
  } catch (...) {
    return UserError("A function threw something that is no std::exception");
  }
  return {};
}

template <typename Tuple, size_t... I>
std::vector<types::DataType> TypesOfTuple(std::index_sequence<I...>) {
  return {SqlValue<std::tuple_element_t<I, Tuple>>::Type()...};
}

/// A value for each row. `function`: a lambda or a function pointer; it always gives the same for the same arguments, unless
/// `deterministic` is set to false afterwards.
template <typename F>
UserFunction ScalarFunction(F function) {
  using Types = CallableTypes<F>;
  using Arguments = typename Types::Arguments;
  using Result = std::decay_t<typename Types::Result>;
  constexpr auto kAll = std::make_index_sequence<std::tuple_size_v<Arguments>>();
  UserFunction made;
  made.arguments = TypesOfTuple<Arguments>(kAll);
  made.result = SqlValue<Result>::Type();
  made.call = [function]<size_t... I>(std::index_sequence<I...>) {
    return [function](const std::vector<Cell>& cells, columns::ColumnBuilder& out) {
      return WithoutExceptions([&] {
        SqlValue<Result>::Append(function(SqlValue<std::tuple_element_t<I, Arguments>>::Read(cells[I])...), out);
      });
    };
  }(kAll);
  return made;
}

/// Any number of rows for each row. The last parameter of `function` is TableRows<...>&; `columns` names what it adds.
template <typename F>
UserFunction TableFunction(std::vector<std::string> columns, F function) {
  using Arguments = typename CallableTypes<F>::Arguments;
  constexpr size_t kCount = std::tuple_size_v<Arguments> - 1;
  using Rows = std::tuple_element_t<kCount, Arguments>;
  UserFunction made;
  made.is_table = true;
  made.arguments = TypesOfTuple<Arguments>(std::make_index_sequence<kCount>());
  made.result = types::DataType::Array(Rows::RowType(columns), false);
  made.call = [function]<size_t... I>(std::index_sequence<I...>) {
    return [function](const std::vector<Cell>& cells, columns::ColumnBuilder& out) {
      Status status = WithoutExceptions([&] {
        Rows rows(out.child(0));
        function(SqlValue<std::tuple_element_t<I, Arguments>>::Read(cells[I])..., rows);
      });
      out.CloseRow();
      return status;
    };
  }(std::make_index_sequence<kCount>());
  return made;
}

struct Function;

/// The function that `library` exports under `symbol`, loaded once and kept. User errors name the file and what is wrong with it. A job's
/// plan names it by library and symbol; it is found there only in processes that have loaded it.
Result<const Function*> LoadUserFunction(const std::string& library, const std::string& symbol);
/// Under the name that plans have; null if it is not loaded.
const Function* FindUserFunction(std::string_view name);
bool IsUserFunctionName(std::string_view name);
/// Puts rows and not a value.
bool IsTableFunction(const Function& function);
/// The entry of a function that no library holds: for tests.
const Function* AddUserFunction(std::string name, const UserFunction& function);

}  // namespace thalweg::expr

/// Exports a function under a C name.
#define THALWEG_SQL_FUNCTION(symbol, ...)                                                           \
  extern "C" __attribute__((visibility("default"))) const char* symbol##_thalweg_abi() {            \
    return "thalweg sql function 1, " THALWEG_ABI;                                                  \
  }                                                                                                 \
  extern "C" __attribute__((visibility("default"))) const ::thalweg::expr::UserFunction* symbol() { \
    static const ::thalweg::expr::UserFunction function = __VA_ARGS__;                              \
    return &function;                                                                               \
  }                                                                                                 \
  static_assert(true, "a semicolon follows")
