#include "expr/user_function.h"

#include <dlfcn.h>

#include <filesystem>
#include <map>
#include <mutex>

#include "base/shared_library.h"
#include "expr/functions.h"
#include "expr/kernel.h"
#include "expr/type_rules.h"

namespace thalweg::expr {
namespace {

constexpr std::string_view kUserPrefix = "$user:";
constexpr const char* kUserFunctionAbi = "thalweg sql function 1, " THALWEG_ABI;

/// What a process has loaded. Never freed: plans point to it.
struct LoadedFunctions {
  std::mutex mutex;
  std::map<std::string, std::pair<Function, bool>, std::less<>> functions;  // and whether it gives rows
};

LoadedFunctions& Loaded() {
  static auto* loaded = new LoadedFunctions;
  return *loaded;
}

std::string SignatureOf(const std::string& symbol, const UserFunction& function) {
  std::string text = symbol + "(";
  for (size_t i = 0; i < function.arguments.size(); ++i)
    text += fmt::format("{}<{}>", i ? ", " : "", function.arguments[i].WithNullable(true).ToString());
  return text + ")";
}

std::optional<types::DataType> InferUser(const UserFunction& function, std::vector<Expression>& arguments) {
  if (arguments.size() != function.arguments.size()) return std::nullopt;
  bool nullable = function.result.nullable();
  for (size_t i = 0; i < arguments.size(); ++i) {
    const types::DataType& wanted = function.arguments[i];
    if (!SameType(arguments[i].type(), wanted)) {
      if (!arguments[i].is_null_literal() && !CastsImplicitly(arguments[i].type(), wanted)) return std::nullopt;
      arguments[i] = Coerced(arguments[i], wanted.WithNullable(arguments[i].type().nullable()));
    }
    nullable = nullable || (!wanted.nullable() && arguments[i].type().nullable());
  }
  return function.result.WithNullable(nullable);
}

Result<Vector> RunUser(const UserFunction& function, Call& call) {
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  std::vector<Cell> cells(function.arguments.size());
  for (int32_t row = 0; row < call.rows(); ++row) {
    bool is_called = true;
    for (int i = 0; i < call.arguments(); ++i) {
      const Vector& argument = call.argument(i);
      cells[static_cast<size_t>(i)] = {&argument.column, argument.at(row)};
      is_called = is_called && (function.arguments[static_cast<size_t>(i)].nullable() || !argument.IsNull(row));
    }
    if (!is_called) {
      out.AppendNull();
      continue;
    }
    THALWEG_TRY(function.call(cells, out).WithContext(call.expression().function().signatures[0]));
  }
  return Vector{out.Take(), false};
}

Result<const UserFunction*> FromLibrary(const std::string& library, const std::string& symbol) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(library, error))
    return UserError("Library of functions does not exist: {}", library);
  auto opened = OpenSharedLibrary(library, SymbolScope::kOwn);
  THALWEG_TRY(opened.status().WithContext("Library of functions cannot be loaded"));
  void* handle = *opened;
  auto* entry = reinterpret_cast<const UserFunction* (*)()>(dlsym(handle, symbol.c_str()));
  auto* abi = reinterpret_cast<const char* (*)()>(dlsym(handle, (symbol + "_thalweg_abi").c_str()));
  if (!entry || !abi)
    return UserError(
        "Library {} has no function {}: it is defined by THALWEG_SQL_FUNCTION({}, ...) of expr/user_function.h",
        library, symbol, symbol);
  if (std::string_view(abi()) != kUserFunctionAbi)
    return UserError("Library {} was built for another ABI: it has '{}', this program has '{}'", library, abi(),
                     kUserFunctionAbi);
  return entry();
}

}  // namespace

const Function* AddUserFunction(std::string name, const UserFunction& user) {
  LoadedFunctions& loaded = Loaded();
  std::lock_guard lock(loaded.mutex);
  if (auto found = loaded.functions.find(name); found != loaded.functions.end()) return &found->second.first;
  Function function;
  function.name = name;
  function.signatures = {SignatureOf(name.substr(name.rfind('#') + 1), user)};
  function.infer = [user](std::vector<Expression>& arguments) { return InferUser(user, arguments); };
  function.bind = [user](const Expression&) -> Result<Kernel> {
    return Kernel([user](Call& call) { return RunUser(user, call); });
  };
  function.deterministic = user.deterministic;
  function.fails = true;
  auto added = loaded.functions.emplace(std::move(name), std::pair(std::move(function), user.is_table)).first;
  return &added->second.first;
}

Result<const Function*> LoadUserFunction(const std::string& library, const std::string& symbol) {
  const std::string name =
      fmt::format("{}{}#{}", kUserPrefix, std::filesystem::absolute(library).lexically_normal().string(), symbol);
  if (const Function* known = FindUserFunction(name)) return known;
  THALWEG_ASSIGN(const UserFunction* function, FromLibrary(library, symbol));
  return AddUserFunction(name, *function);
}

const Function* FindUserFunction(std::string_view name) {
  LoadedFunctions& loaded = Loaded();
  std::lock_guard lock(loaded.mutex);
  auto found = loaded.functions.find(name);
  return found == loaded.functions.end() ? nullptr : &found->second.first;
}

bool IsUserFunctionName(std::string_view name) { return name.starts_with(kUserPrefix); }

bool IsTableFunction(const Function& function) {
  LoadedFunctions& loaded = Loaded();
  std::lock_guard lock(loaded.mutex);
  auto found = loaded.functions.find(function.name);
  return found != loaded.functions.end() && found->second.second;
}

}  // namespace thalweg::expr
