// Functions: what an expression can call, by name, with Flink's rules for the types of arguments and results.
// Rule: a function is in the registry only if it does all of what Flink's does; what is missing is unknown, and said to be.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "expr/expression.h"
#include "expr/kernel.h"

namespace thalweg::expr {

using Arguments = std::vector<Expression>;

/// Puts casts into `arguments` where Flink's implicit ones apply, and gives the type of the result; nullopt if they do not fit.
using Inference = std::function<std::optional<types::DataType>(Arguments& arguments)>;
/// The kernel for a resolved call. Fails (user error) on a constant argument that no row could accept: a malformed pattern.
using Binder = std::function<Result<Kernel>(const Expression& call)>;

struct Function {
  std::string name;                     // upper case, Flink's
  std::vector<std::string> signatures;  // for people: "SUBSTRING(<STRING>, <INT> [, <INT>])"
  Inference infer;
  Binder bind;
  bool deterministic = true;
  bool stable = false;      // not deterministic, but the same for all rows of a batch: clocks
  bool fails = false;       // some arguments give a run-time error
  bool lazy = false;        // evaluates its arguments itself, each for the rows that need it
  bool contextual = false;  // reads the context (zone, clock): no constant before a job runs
  bool typed = false;       // its type is given, not inferred: CAST
  bool inner = false;       // no word of SQL, but what the binder makes of one
  /// Where `fails` and `contextual` depend on the types of a call: null, or narrow the flag.
  using Narrow = std::function<bool(const std::vector<Expression>& arguments, const types::DataType& type)>;
  Narrow fails_for, contextual_for;
  /// Null, or fails (user error) on a constant argument that no row could accept, when the call is resolved.
  std::function<Status(const std::vector<Expression>& arguments)> check;
};

/// Immutable once made. Any thread.
class Registry {
 public:
  /// Every function of this build.
  static const Registry& BuiltIn();

  void Add(Function function);
  /// Any case. Null if there is none.
  const Function* Find(std::string_view name) const;
  /// "Unknown function: SUBSTRNG. Did you mean SUBSTRING?"
  Status Unknown(std::string_view name) const;
  /// In order of names.
  std::vector<const Function*> All() const;

 private:
  std::map<std::string, std::unique_ptr<Function>, std::less<>> functions_;
};

/// A function's name for people: of one of the user's without its library.
std::string_view ShownName(const Function& function);

/// What EXTRACT has for a type; empty: it takes none.
std::vector<std::string_view> ExtractUnits(const types::DataType& type);

/// The call of the built-in function `name` (any case), arguments coerced as Flink does. User errors name the function, the types
/// given and the signatures there are.
Result<Expression> Resolve(std::string_view name, std::vector<Expression> arguments);
Result<Expression> Resolve(const Function& function, std::vector<Expression> arguments);

/// TRY_CAST gives NULL where CAST fails. `fixed_length`: to CHAR(n) or BINARY(n), padded to the length in `to`'s precision.
struct CastOptions {
  bool try_cast = false;
  bool fixed_length = false;
};
/// An explicit cast; the result is nullable if the argument is, or by TRY_CAST. A user error if Flink has no such cast.
Result<Expression> Cast(Expression argument, const types::DataType& to, CastOptions options = {});
/// For decoders: the call of a cast whose type stands in the plan.
Result<Expression> ResolveTyped(const Function& function, std::vector<Expression> arguments,
                                const types::DataType& type);

/// Constant parts become literals; a constant part that fails stays as it is and fails when a row needs it.
Expression Fold(const Expression& expression);

}  // namespace thalweg::expr
