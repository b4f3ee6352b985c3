// The encoding of an expression. Rule: tags are never reused, and a field that this build does not know is an error: an
// expression that is understood by half would compute something else.
#include "base/fields.h"
#include "expr/expression.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "types/type_codec.h"

namespace thalweg::expr {
namespace {

constexpr std::string_view kMagic = "TWEX";
constexpr uint16_t kVersion = 1;
constexpr std::string_view kWhat = "expression";

// Node: 1 kind, 2 type (input, call), 3 value, 4 column, 5 function, 6 argument (repeated).
std::string EncodeNode(const Expression& expression) {
  FieldWriter out;
  out.Number(1, static_cast<uint64_t>(expression.kind()));
  switch (expression.kind()) {
    case Expression::Kind::kLiteral: out.Nested(3, EncodeValue(expression.value())); break;
    case Expression::Kind::kInput:
      out.Nested(2, types::EncodeType(expression.type()));
      out.Number(4, static_cast<uint64_t>(expression.input()));
      break;
    case Expression::Kind::kCall:
      out.Nested(2, types::EncodeType(expression.type()));
      out.Bytes(5, expression.function().name);
      for (const Expression& argument : expression.arguments()) out.Nested(6, EncodeNode(argument));
  }
  return out.Take();
}

struct Parts {
  Expression::Kind kind = Expression::Kind::kLiteral;
  types::DataType type;
  Value value = Value::Null(types::DataType());
  int column = 0;
  std::string function;
  std::vector<Expression> arguments;
};

Result<Expression> ResolveAs(const Function& function, std::vector<Expression> arguments, const types::DataType& type) {
  return function.typed ? ResolveTyped(function, std::move(arguments), type) : Resolve(function, std::move(arguments));
}

/// Without the cast of argument `only`, or, if that is none, of all.
std::vector<Expression> WithoutCasts(const std::vector<Expression>& arguments, size_t only) {
  std::vector<Expression> plain;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Expression& argument = arguments[i];
    const bool cast = argument.kind() == Expression::Kind::kCall && argument.function().name == "CAST";
    plain.push_back(cast && (only == i || only >= arguments.size()) ? argument.arguments()[0] : argument);
  }
  return plain;
}

Result<Expression> Assemble(Parts parts) {
  switch (parts.kind) {
    case Expression::Kind::kLiteral: return Expression::Literal(std::move(parts.value));
    case Expression::Kind::kInput: return Expression::Input(parts.column, std::move(parts.type));
    default: break;
  }
  const Function* function = Registry::BuiltIn().Find(parts.function);
  if (!function) return Registry::BuiltIn().Unknown(parts.function);
  Result<Expression> call = ResolveAs(*function, parts.arguments, parts.type);
  // Of some functions the type of the result is that of an argument before it was cast: MOD(BIGINT, INT) is INT. Which of the casts were there
  // before, nothing tells: what comes to the same call was it.
  const auto same = [&] {
    return call.ok() && call->kind() == Expression::Kind::kCall && call->arguments() == parts.arguments &&
           SameType(call->type(), parts.type);
  };
  for (size_t i = 0; i <= parts.arguments.size() && !same(); ++i)
    if (auto again = ResolveAs(*function, WithoutCasts(parts.arguments, i), parts.type); again.ok())
      call = std::move(again);
  THALWEG_TRY(call.status());
  // Nullability may be wider than inferred: constants were folded after the plan was typed.
  if (call->kind() != Expression::Kind::kCall || &call->function() != function ||
      call->arguments() != parts.arguments || !SameType(call->type(), parts.type)) {
    return ExternalError("Malformed expression: {} gives {}, not {}", function->name, call->ToString(),
                         parts.type.ToString());
  }
  return Expression::Call(*function, std::move(parts.arguments), std::move(parts.type));
}

Result<Expression> DecodeNode(std::string_view bytes, int depth) {
  if (depth > kMaxExpressionDepth)
    return ExternalError("Malformed expression: nested deeper than {}", kMaxExpressionDepth);
  FieldReader in(bytes, kWhat);
  Parts parts;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: parts.kind = in.Enum(Expression::Kind::kCall); break;
      case 2: parts.type = in.Take(types::DecodeType(in.Bytes())); break;
      case 3: {
        Result<Value> value = DecodeValue(in.Bytes());
        if (value.ok())
          parts.value = std::move(value).value();
        else
          in.Take(value.status());
        break;
      }
      case 4: parts.column = in.Int32(); break;
      case 5: parts.function = in.String(); break;
      case 6: parts.arguments.push_back(in.Take(DecodeNode(in.Bytes(), depth + 1))); break;
      default: in.Take(ExternalError("Newer expression: field {} is not known to this build", in.tag()));
    }
  }
  THALWEG_TRY(in.status());
  return Assemble(std::move(parts));
}

}  // namespace

std::string Encode(const Expression& expression) {
  ByteWriter bytes;
  bytes.Raw(kMagic);
  bytes.U16(kVersion);
  bytes.Raw(EncodeNode(expression));
  return bytes.Take();
}

Result<Expression> Decode(std::string_view bytes) {
  ByteReader header(bytes);
  if (header.Raw(kMagic.size()) != kMagic)
    return ExternalError("Not an expression: the first bytes are not '{}'", kMagic);
  const uint16_t version = header.U16();
  if (header.failed() || version == 0)
    return ExternalError("Malformed expression: no version in {} bytes", bytes.size());
  if (version > kVersion)
    return UserError("Newer expression: its version is {}, this build reads up to {}", version, kVersion);
  return DecodeNode(header.Rest(), 1);
}

}  // namespace thalweg::expr
