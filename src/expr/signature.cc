#include "expr/signature.h"

#include "expr/type_rules.h"

namespace thalweg::expr {

using types::DataType;
using types::TypeId;

namespace {

std::string_view ParamName(Param param) {
  switch (param) {
    case Param::kAny: return "<ANY>";
    case Param::kString: return "<STRING>";
    case Param::kBinary: return "<BYTES>";
    case Param::kStringOrBinary: return "<STRING or BYTES>";
    case Param::kBoolean: return "<BOOLEAN>";
    case Param::kInt: return "<INT>";
    case Param::kBigInt: return "<BIGINT>";
    case Param::kDouble:
    case Param::kNumber: return "<NUMERIC>";
    case Param::kDate: return "<DATE>";
    case Param::kTime: return "<TIME>";
    case Param::kTimestamp: return "<TIMESTAMP>";
    case Param::kTimestampLtz: return "<TIMESTAMP_LTZ>";
    case Param::kDatetime: return "<DATETIME>";
    case Param::kInterval: return "<INTERVAL>";
    case Param::kArray: return "<ARRAY>";
    case Param::kMap: return "<MAP>";
  }
  return "?";
}

std::string Describe(const std::string& name, const Signature& signature) {
  std::string text = name + "(";
  bool first = true;
  for (Param param : signature.required) {
    text += fmt::format("{}{}", first ? "" : ", ", ParamName(param));
    first = false;
  }
  for (Param param : signature.optional) {
    text += fmt::format("{}{}]", first ? "[" : " [, ", ParamName(param));
    first = false;
  }
  return text + (signature.repeat ? ", ...)" : ")");
}

bool Match(const Signature& signature, std::vector<Expression>& arguments) {
  const size_t least = signature.required.size(), most = least + signature.optional.size();
  if (arguments.size() < least || (arguments.size() > most && !signature.repeat)) return false;
  std::vector<Param> params = signature.required;
  params.insert(params.end(), signature.optional.begin(), signature.optional.end());
  std::vector<Expression> fitted;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::optional<Expression> argument = Fit(arguments[i], i < params.size() ? params[i] : params.back());
    if (!argument) return false;
    fitted.push_back(std::move(*argument));
  }
  arguments = std::move(fitted);
  return true;
}

std::optional<Expression> FitNull(const Expression& argument, Param param) {
  auto null = [](DataType type) { return Expression::Literal(Value::Null(std::move(type))); };
  switch (param) {
    case Param::kAny: return argument;
    case Param::kString:
    case Param::kStringOrBinary: return null(DataType(TypeId::kString));
    case Param::kBinary: return null(DataType(TypeId::kBinary));
    case Param::kBoolean: return null(DataType(TypeId::kBoolean));
    case Param::kInt:
    case Param::kNumber: return null(DataType(TypeId::kInt));
    case Param::kBigInt: return null(DataType(TypeId::kBigInt));
    case Param::kDouble: return null(DataType(TypeId::kDouble));
    case Param::kDate: return null(DataType(TypeId::kDate));
    case Param::kTime: return null(DataType(TypeId::kTime));
    case Param::kTimestamp:
    case Param::kDatetime: return null(DataType::Timestamp(3));
    case Param::kTimestampLtz: return null(DataType::TimestampLtz(3));
    case Param::kInterval: return null(DataType(TypeId::kIntervalDayTime));
    default: return std::nullopt;
  }
}

std::optional<Expression> FitTo(const Expression& argument, bool fits, TypeId id) {
  if (!fits) return std::nullopt;
  if (argument.type().id() == id) return argument;
  return Coerced(argument, DataType(id));
}

std::optional<Expression> If(bool fits, const Expression& argument) {
  return fits ? std::optional(argument) : std::nullopt;
}

}  // namespace

std::optional<Expression> Fit(const Expression& argument, Param param) {
  const TypeId id = argument.type().id();
  if (id == TypeId::kNull) return FitNull(argument, param);
  switch (param) {
    case Param::kAny: return argument;
    case Param::kString: return If(id == TypeId::kString, argument);
    case Param::kBinary: return If(id == TypeId::kBinary, argument);
    case Param::kStringOrBinary: return If(argument.type().is_variable(), argument);
    case Param::kBoolean: return If(id == TypeId::kBoolean, argument);
    case Param::kInt: return FitTo(argument, IsInteger(id) && id <= TypeId::kInt, TypeId::kInt);
    case Param::kBigInt: return FitTo(argument, IsInteger(id), TypeId::kBigInt);
    case Param::kDouble: return FitTo(argument, IsNumeric(id), TypeId::kDouble);
    case Param::kNumber: return If(IsNumeric(id), argument);
    case Param::kDate: return If(id == TypeId::kDate, argument);
    case Param::kTime: return If(id == TypeId::kTime, argument);
    case Param::kTimestamp:
      if (id == TypeId::kDate) return Coerced(argument, DataType::Timestamp(3));
      return If(id == TypeId::kTimestamp, argument);
    case Param::kTimestampLtz: return If(id == TypeId::kTimestampLtz, argument);
    case Param::kDatetime: return If(IsDatetime(id), argument);
    case Param::kInterval: return If(IsInterval(id), argument);
    case Param::kArray: return If(id == TypeId::kArray, argument);
    case Param::kMap: return If(id == TypeId::kMap, argument);
  }
  return std::nullopt;
}

ResultType Returns(DataType type) {
  return [type](const std::vector<Expression>& arguments) { return Strict(type, arguments); };
}
ResultType ReturnsNullable(DataType type) {
  return [type](const std::vector<Expression>&) { return type.WithNullable(true); };
}
ResultType ReturnsFirst() {
  return [](const std::vector<Expression>& arguments) { return Strict(arguments[0].type(), arguments); };
}

Function Define(std::string name, std::vector<Signature> signatures, ResultType result, Binder bind) {
  Function function;
  for (const Signature& signature : signatures) function.signatures.push_back(Describe(name, signature));
  function.name = std::move(name);
  function.infer = [signatures, result](std::vector<Expression>& arguments) -> std::optional<DataType> {
    for (const Signature& signature : signatures)
      if (Match(signature, arguments)) return result(arguments);
    return std::nullopt;
  };
  function.bind = std::move(bind);
  return function;
}

Function Define(std::string name, std::vector<Signature> signatures, ResultType result, Kernel kernel) {
  Binder bind = [kernel](const Expression&) -> Result<Kernel> { return kernel; };
  return Define(std::move(name), std::move(signatures), std::move(result), std::move(bind));
}

Function Define(std::string name, std::vector<std::string> signatures, Inference infer, Binder bind) {
  Function function;
  function.name = std::move(name);
  function.signatures = std::move(signatures);
  function.infer = std::move(infer);
  function.bind = std::move(bind);
  return function;
}

}  // namespace thalweg::expr
