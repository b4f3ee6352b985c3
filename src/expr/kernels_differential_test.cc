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

  /// Random rows, times within the years 0001 to 9999 as their types promise, intervals of at most a year.
  columns::Batch Rows(int32_t n) {
    columns::Batch rows = columns::RandomBatch(random_, Columns(), n, pool_, 0);
    columns::Batch bounded(pool_, n);
    for (int c = 0; c < rows.num_columns(); ++c) {
      const columns::Column& column = rows.column(c);
      columns::ColumnBuilder out(column.type, pool_, n);
      for (int32_t row = 0; row < n; ++row) {
        if (column.IsNull(row)) {
          out.AppendNull();
        } else if (column.type.id() == TypeId::kDate) {
          out.Append(static_cast<int32_t>(random_.Below(3'600'000)) - 700'000);
        } else if (IsTimestamp(column.type.id())) {
          const auto millis = static_cast<int64_t>(random_.Below(300'000'000'000'000)) - 60'000'000'000'000;
          if (column.type.precision() <= 3)
            out.Append(millis);
          else
            out.Append(types::TimestampValue{millis, static_cast<uint32_t>(random_.Below(1'000'000))});
        } else if (column.type.id() == TypeId::kIntervalDayTime) {
          out.Append(static_cast<int64_t>(random_.Below(31'536'000'000)) - 15'000'000'000);
        } else {
          out.AppendRows(column, &row, 1);
        }
      }
      bounded.AddColumn(out.Take());
    }
    return bounded;
  }

  /// Some calls of `function` over random arguments: inputs, and constants taken from rows.
  std::vector<Expression> CallsOf(const Function& function, const columns::Batch& rows) {
    std::vector<Expression> calls;
    const auto columns = static_cast<uint64_t>(rows.num_columns());
    for (int attempt = 0; attempt < 1000 && calls.size() < 6; ++attempt) {
      std::vector<Expression> arguments;
      // Arguments tend to be of one type: most functions want them so.
      const auto theme = static_cast<int>(random_.Below(columns));
      for (uint64_t n = random_.Below(5); n > 0; --n) {
        const int column = random_.Below(3) ? theme : static_cast<int>(random_.Below(columns));
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

TEST_F(Kernels, ABatchIsItsRows) {
  int checked = 0;
  for (const Function* function : Registry::BuiltIn().All()) {
    if (!function->deterministic || function->typed || function->name == "REPEAT" || function->name == "LPAD" ||
        function->name == "RPAD")
      continue;
    columns::Batch rows = Rows(37);
    for (const Expression& call : CallsOf(*function, rows)) {
      const std::vector<std::string> expected = RowByRow(call, rows);
      const bool fails = std::find(expected.begin(), expected.end(), "error") != expected.end();
      Result<columns::Column> whole = Evaluate(call, rows);
      EXPECT_EQ(whole.ok(), !fails) << call.ToString();
      ++checked;
      if (!whole.ok()) continue;
      for (int32_t row = 0; row < rows.rows(); ++row)
        EXPECT_EQ(Text(*whole, row), expected[static_cast<size_t>(row)]) << call.ToString();
    }
  }
  EXPECT_GT(checked, 300);
}

TEST_F(Kernels, APartOfTheRowsGivesWhatAllGive) {
  columns::Batch rows = Rows(101);
  Expression flag = Expression::Input(0, rows.column(0).type);
  for (const Function* function : Registry::BuiltIn().All()) {
    if (!function->deterministic || function->typed || function->name == "REPEAT" || function->name == "LPAD" ||
        function->name == "RPAD")
      continue;
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
