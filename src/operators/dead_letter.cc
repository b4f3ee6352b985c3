#include "operators/dead_letter.h"

#include "columns/object_writer.h"

namespace thalweg::operators {
namespace {

std::string TextOf(const columns::Column& column, int32_t row) {
  return column.IsNull(row) ? std::string() : std::string(column.String(row));
}

class DeadLetterOperator final : public flow::Operator {
 public:
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    columns::Batch in = rows.TakeAll();
    if (in.num_columns() != 4) return InternalError("Dead letters have 4 columns, not {}", in.num_columns());
    columns::ObjectWriter<DeadLetter> writer(out.pool(), in.rows());
    for (int32_t row = 0; row < in.rows(); ++row)
      writer.Append(
          {TextOf(in.column(0), row), TextOf(in.column(1), row), TextOf(in.column(2), row), TextOf(in.column(3), row)});
    out.Emit(writer.Take());
    return flow::Progress::kDone;
  }
};

}  // namespace

flow::OperatorFactory DeadLettersFromColumns() {
  return [](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
    return std::unique_ptr<flow::Operator>(std::make_unique<DeadLetterOperator>());
  };
}

}  // namespace thalweg::operators
