// A kernel over a batch gives row by row what it gives for single rows, and over some rows what it gives over all: with NULLs in a
// quarter of the cells, constants on either side, and branches that take a part of the rows.
#include <gtest/gtest.h>

#include "columns/compare.h"
#include "columns/format.h"
#include "columns/gather.h"
#include "columns/test_batches.h"
#include "expr/comparison.h"
#include "expr/evaluator.h"
#include "expr/functions.h"
#include "expr/signature.h"
#include "expr/type_rules.h"

namespace thalweg::expr {
namespace {

using types::DataType;
using types::TypeId;

class Kernels : public ::testing::Test {
 protected:
  static types::Schema Columns() {
    std::vector<types::Field> fields;
    for (const DataType& type :
         {DataType(TypeId::kBoolean), DataType(TypeId::kTinyInt), DataType(TypeId::kInt), DataType(TypeId::kBigInt),
          DataType(TypeId::kDouble), DataType::Decimal(20, 3), DataType(TypeId::kString), DataType(TypeId::kBinary),
          DataType(TypeId::kDate), DataType::Timestamp(3), DataType::Timestamp(9), DataType(TypeId::kIntervalDayTime),
          DataType::Array(DataType(TypeId::kInt)), DataType::Map(DataType(TypeId::kString), DataType(TypeId::kInt)),
          DataType::Row({{"a", DataType(TypeId::kInt)}})})
      fields.push_back({fmt::format("c{}", fields.size()), type});
    return types::Schema(std::move(fields));
  }

  /// Some calls of `function` over random arguments: inputs, and constants taken from rows.
  std::vector<Expression> CallsOf(const Function& function, const columns::Batch& rows) {
    std::vector<Expression> calls;
    for (int attempt = 0; attempt < 400 && calls.size() < 6; ++attempt) {
      std::vector<Expression> arguments;
      for (uint64_t n = random_.Below(5); n > 0; --n) {
        const auto column = static_cast<int>(random_.Below(static_cast<uint64_t>(rows.num_columns())));
        arguments.push_back(random_.Below(4) ? Expression::Input(column, rows.column(column).type)
                                             : Expression::Literal(Value::FromCell(rows.column(column), 0)));
      }
      Result<Expression> call = Resolve(function, arguments);
      if (call.ok()) calls.push_back(*call);
    }
    return calls;
  }

  /// Value of each row, or "error" where that row alone fails.
  std::vector<std::string> RowByRow(const Expression& call, const columns::Batch& rows) {
    std::vector<std::string> texts;
    for (int32_t row = 0; row < rows.rows(); ++row) {
      columns::Batch one = columns::Gather(rows, &row, 1, pool_);
      Result<columns::Column> value = Evaluate(call, one);
      texts.push_back(value.ok() ? Text(*value, 0) : "error");
    }
    return texts;
  }

  Result<columns::Column> Evaluate(const Expression& expression, const columns::Batch& rows) {
    THALWEG_ASSIGN(Evaluator evaluator, Evaluator::Compile({expression}));
    return evaluator.Evaluate(rows, context_);
  }

  static std::string Text(const columns::Column& column, int32_t row) {
    std::string text;
    columns::AppendCellText(column, row, text);
    return text;
  }

  Random random_{20240131};
  columns::BufferPool pool_;
  Context context_{.pool = pool_, .query_start_ms = 1'700'000'000'000};
};

// Random times lie far outside of years 0001 to 9999, and patterns and counts are random: what is asked is no crash and no difference.
TEST_F(Kernels, ABatchIsItsRows) {
  int checked = 0;
  for (const Function* function : Registry::BuiltIn().All()) {
    if (!function->deterministic || function->typed || function->name == "REPEAT" || function->name == "LPAD" || function->name == "RPAD") continue;
    columns::Batch rows = columns::RandomBatch(random_, Columns(), 37, pool_, 0);
    for (const Expression& call : CallsOf(*function, rows)) {
      const std::vector<std::string> expected = RowByRow(call, rows);
      const bool fails = std::find(expected.begin(), expected.end(), "error") != expected.end();
      Result<columns::Column> whole = Evaluate(call, rows);
      EXPECT_EQ(whole.ok(), !fails) << call.ToString();
      ++checked;
      if (!whole.ok()) continue;
      for (int32_t row = 0; row < rows.rows(); ++row) EXPECT_EQ(Text(*whole, row), expected[static_cast<size_t>(row)]) << call.ToString();
    }
  }
  EXPECT_GT(checked, 300);
}

TEST_F(Kernels, APartOfTheRowsGivesWhatAllGive) {
  columns::Batch rows = columns::RandomBatch(random_, Columns(), 101, pool_, 0);
  Expression flag = Expression::Input(0, rows.column(0).type);
  for (const Function* function : Registry::BuiltIn().All()) {
    if (!function->deterministic || function->typed || function->name == "REPEAT" || function->name == "LPAD" || function->name == "RPAD") continue;
    for (const Expression& call : CallsOf(*function, rows)) {
      Result<columns::Column> whole = Evaluate(call, rows);
      if (!whole.ok()) continue;
      Result<Expression> branch = Resolve("CASE", {flag, call, Expression::Literal(Value::Null(call.type()))});
      if (!branch.ok()) continue;
      Result<columns::Column> part = Evaluate(*branch, rows);
      ASSERT_TRUE(part.ok()) << part.status().ToString();
      for (int32_t row = 0; row < rows.rows(); ++row) {
        const bool taken = !rows.column(0).IsNull(row) && rows.column(0).Bool(row);
        EXPECT_EQ(Text(*part, row), taken ? Text(*whole, row) : "null") << branch->ToString();
      }
    }
  }
}

}  // namespace
}  // namespace thalweg::expr
