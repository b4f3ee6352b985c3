// AND, OR, NOT, IS [NOT] TRUE/FALSE/UNKNOWN/NULL: three values, and no operand is computed for a row that is decided already.
#include <cstring>

#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

using types::DataType;
using types::TypeId;

namespace {

size_t BytesOf(int32_t rows) { return static_cast<size_t>(rows + 7) / 8; }

/// Bits of the rows that are TRUE, and of those that are FALSE; NULL is neither.
struct Tristate {
  std::vector<uint8_t> is_true, is_false;
  explicit Tristate(int32_t rows) : is_true(BytesOf(rows)), is_false(BytesOf(rows)) {}
};

void Split(const Vector& vector, int32_t rows, Tristate& out) {
  const size_t bytes = BytesOf(rows);
  if (vector.constant) {
    const bool null = vector.IsNull(0);
    std::memset(out.is_true.data(), !null && vector.column.Bool(0) ? 0xff : 0, bytes);
    std::memset(out.is_false.data(), !null && !vector.column.Bool(0) ? 0xff : 0, bytes);
    return;
  }
  const auto* bits = vector.column.data<uint8_t>();
  const auto* valid = vector.column.validity.data<uint8_t>();
  for (size_t i = 0; i < bytes; ++i) {
    const uint8_t mask = valid ? valid[i] : 0xff;
    out.is_true[i] = bits[i] & mask;
    out.is_false[i] = static_cast<uint8_t>(~bits[i]) & mask;
  }
}

bool Bit(const std::vector<uint8_t>& bits, int32_t row) {
  return (bits[static_cast<size_t>(row) >> 3] >> (row & 7)) & 1;
}
void SetBit(std::vector<uint8_t>& bits, int32_t row) {
  bits[static_cast<size_t>(row) >> 3] = static_cast<uint8_t>(bits[static_cast<size_t>(row) >> 3] | 1U << (row & 7));
}

/// AND: a FALSE decides. OR: a TRUE decides.
template <bool kAnd>
class Connective {
 public:
  explicit Connective(Call& call) : call_(call), all_(call.rows()) {}

  Result<Vector> Run() {
    THALWEG_ASSIGN(Vector first, call_.Evaluate(0, nullptr, call_.rows()));
    if (call_.arguments() == 1) return first;
    Split(first, call_.rows(), all_);
    for (int i = 1; i < call_.arguments(); ++i) THALWEG_TRY(Add(i));
    return ToVector();
  }

 private:
  std::vector<uint8_t>& decided() { return kAnd ? all_.is_false : all_.is_true; }
  std::vector<uint8_t>& neutral() { return kAnd ? all_.is_true : all_.is_false; }

  Status Add(int argument) {
    rows_.clear();
    for (int32_t row = 0; row < call_.rows(); ++row)
      if (!Bit(decided(), row)) rows_.push_back(row);
    if (rows_.empty()) return {};
    const bool some = call_.expression().arguments()[static_cast<size_t>(argument)].may_fail();
    const auto n = some ? static_cast<int32_t>(rows_.size()) : call_.rows();
    THALWEG_ASSIGN(Vector value, call_.Evaluate(argument, some ? rows_.data() : nullptr, n));
    Tristate next(n);
    Split(value, n, next);
    if (n < call_.rows()) next = Scattered(next);
    for (size_t i = 0; i < all_.is_true.size(); ++i) {
      all_.is_true[i] = kAnd ? all_.is_true[i] & next.is_true[i] : all_.is_true[i] | next.is_true[i];
      all_.is_false[i] = kAnd ? all_.is_false[i] | next.is_false[i] : all_.is_false[i] & next.is_false[i];
    }
    return {};
  }

  Tristate Scattered(const Tristate& part) {
    Tristate whole(call_.rows());
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (Bit(part.is_true, static_cast<int32_t>(i))) SetBit(whole.is_true, rows_[i]);
      if (Bit(part.is_false, static_cast<int32_t>(i))) SetBit(whole.is_false, rows_[i]);
    }
    return whole;
  }

  Vector ToVector() {
    const size_t bytes = all_.is_true.size();
    Vector result;
    result.column.type = call_.type();
    result.column.length = call_.rows();
    result.column.values = call_.pool().Allocate(bytes);
    std::memcpy(result.column.values.template mutable_data<uint8_t>(), all_.is_true.data(), bytes);
    if (call_.type().nullable()) {
      result.column.validity = call_.pool().Allocate(bytes);
      auto* valid = result.column.validity.template mutable_data<uint8_t>();
      for (size_t i = 0; i < bytes; ++i) valid[i] = all_.is_true[i] | all_.is_false[i];
    }
    return result;
  }

  Call& call_;
  Tristate all_;
  std::vector<int32_t> rows_;
};

template <bool kAnd>
Function Logical(std::string name) {
  Kernel kernel = [](Call& call) { return Connective<kAnd>(call).Run(); };
  Function function = Define(std::move(name), {{{Param::kBoolean, Param::kBoolean}, {}, true}},
                             Returns(TypeId::kBoolean), std::move(kernel));
  function.lazy = true;
  return function;
}

Kernel NotKernel() {
  return [](Call& call) -> Result<Vector> {
    const auto* in = call.argument(0).column.data<uint8_t>();
    columns::BufferRef bits = call.pool().Allocate(BytesOf(call.rows()));
    auto* out = bits.mutable_data<uint8_t>();
    for (size_t i = 0; i < BytesOf(call.rows()); ++i) out[i] = static_cast<uint8_t>(~in[i]);
    return internal::StrictResult(call, std::move(bits));
  };
}

/// TRUE or FALSE by what `test` says of each row, NULL rows too.
template <typename T>
Function Test(std::string name, Param param, T test) {
  Kernel kernel = [test](Call& call) -> Result<Vector> {
    const Vector& value = call.argument(0);
    Vector result;
    result.column.type = call.type();
    result.column.length = call.rows();
    result.column.values = internal::BitsOf(call.rows(), call.pool(), [&](int32_t row) { return test(value, row); });
    return result;
  };
  return Define(
      std::move(name), {{{param}}}, [](const std::vector<Expression>&) { return DataType(TypeId::kBoolean, false); },
      std::move(kernel));
}

bool IsNullAt(const Vector& value, int32_t row) { return value.IsNull(row) || value.column.type.id() == TypeId::kNull; }

}  // namespace

void AddLogic(Registry& registry) {
  registry.Add(Logical<true>("AND"));
  registry.Add(Logical<false>("OR"));
  registry.Add(Define("NOT", {{{Param::kBoolean}}}, Returns(TypeId::kBoolean), NotKernel()));
  registry.Add(Test("IS NULL", Param::kAny, IsNullAt));
  registry.Add(Test("IS NOT NULL", Param::kAny, [](const Vector& v, int32_t row) { return !IsNullAt(v, row); }));
  registry.Add(Test("IS UNKNOWN", Param::kBoolean, IsNullAt));
  registry.Add(Test("IS NOT UNKNOWN", Param::kBoolean, [](const Vector& v, int32_t row) { return !IsNullAt(v, row); }));
  auto is = [](const Vector& v, int32_t row, bool wanted) {
    return !v.IsNull(row) && v.column.Bool(v.at(row)) == wanted;
  };
  registry.Add(Test("IS TRUE", Param::kBoolean, [is](const Vector& v, int32_t row) { return is(v, row, true); }));
  registry.Add(Test("IS NOT TRUE", Param::kBoolean, [is](const Vector& v, int32_t row) { return !is(v, row, true); }));
  registry.Add(Test("IS FALSE", Param::kBoolean, [is](const Vector& v, int32_t row) { return is(v, row, false); }));
  registry.Add(
      Test("IS NOT FALSE", Param::kBoolean, [is](const Vector& v, int32_t row) { return !is(v, row, false); }));
}

}  // namespace thalweg::expr
