// Signatures: the kinds of arguments a function takes, as data, from which inference and error messages are made.
#pragma once

#include <string>
#include <vector>

#include "expr/functions.h"

namespace thalweg::expr {

enum class Param : uint8_t {
  kAny,
  kString,
  kBinary,
  kStringOrBinary,
  kBoolean,
  kInt,     // TINYINT, SMALLINT, INT: as INT
  kBigInt,  // any integer: as BIGINT
  kDouble,  // any number: as DOUBLE
  kNumber,  // any number, as it is
  kDate,
  kTime,
  kTimestamp,  // DATE and TIMESTAMP, as TIMESTAMP
  kTimestampLtz,
  kDatetime,  // DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ, as it is
  kInterval,
  kArray,
  kMap,
};

/// One way to call a function.
struct Signature {
  std::vector<Param> required = {};
  std::vector<Param> optional = {};
  bool repeat = false;  // the last kind may stand any number of times more
};

/// The type of the result, given the coerced arguments.
using ResultType = std::function<types::DataType(const std::vector<Expression>& arguments)>;

/// `type`, nullable if an argument is.
ResultType Returns(types::DataType type);
inline ResultType Returns(types::TypeId id) { return Returns(types::DataType(id)); }
/// `type`, nullable.
ResultType ReturnsNullable(types::DataType type);
inline ResultType ReturnsNullable(types::TypeId id) { return ReturnsNullable(types::DataType(id)); }
/// The first argument's type, nullable if an argument is.
ResultType ReturnsFirst();

/// `argument` as `param` takes it; nullopt if it does not.
std::optional<Expression> Fit(const Expression& argument, Param param);

/// A function of signatures, the first that fits; its kernel does not depend on types. Change flags on what is returned.
Function Define(std::string name, std::vector<Signature> signatures, ResultType result, Kernel kernel);
Function Define(std::string name, std::vector<Signature> signatures, ResultType result, Binder bind);
/// A function with inference of its own.
Function Define(std::string name, std::vector<std::string> signatures, Inference infer, Binder bind);

}  // namespace thalweg::expr
