#include "expr/evaluator.h"

#include <cstring>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>

#include "columns/gather.h"
#include "expr/functions.h"

namespace thalweg::expr {

using columns::Batch;
using columns::Column;

struct Evaluator::Program {
  struct ByHash {
    size_t operator()(const Expression& expression) const { return expression.hash(); }
  };
  struct Node {
    Expression expression;
    std::vector<int> arguments;
    Kernel kernel;
    std::optional<Vector> constant;  // of a literal
    bool is_part_of_input = false;   // a column, or a field of one: taken whole, it costs nothing
  };
  std::vector<Node> nodes;
  std::vector<int> outputs;
  std::vector<std::string> names;  // of the outputs, in errors
  boost::unordered_flat_map<Expression, int, ByHash> known;

  Result<int> Add(const Expression& expression);
  /// The error with the name of the output that it is of.
  Status Named(size_t output, const Status& error) const;
};

Status Evaluator::Program::Named(size_t output, const Status& error) const {
  if (output >= names.size() || names[output].empty()) return error;
  return {error.category(), fmt::format("{}, in {}", error.message(), names[output])};
}

Result<int> Evaluator::Program::Add(const Expression& expression) {
  const bool stable = expression.kind() == Expression::Kind::kCall && expression.function().stable;
  const bool shared = stable || expression.deterministic();
  if (shared)
    if (auto found = known.find(expression); found != known.end()) return found->second;
  Node node{expression, {}, nullptr, std::nullopt};
  if (expression.is_literal()) node.constant = Vector{expression.value().column(), true};
  node.is_part_of_input = expression.kind() == Expression::Kind::kInput;
  if (expression.kind() == Expression::Kind::kCall) {
    for (const Expression& argument : expression.arguments()) {
      THALWEG_ASSIGN(int id, Add(argument));
      node.arguments.push_back(id);
    }
    THALWEG_ASSIGN(node.kernel, expression.function().bind(expression));
    THALWEG_CHECK(node.kernel, "no kernel for {}", expression.ToString());
    if (expression.function().name == "FIELD")
      node.is_part_of_input = nodes[static_cast<size_t>(node.arguments[0])].is_part_of_input;
  }
  nodes.push_back(std::move(node));
  int id = static_cast<int>(nodes.size()) - 1;
  if (shared) known.emplace(expression, id);
  return id;
}

/// The rows of a batch, or some rows of another frame, and what has been computed of them.
class Frame {
 public:
  Frame(const Evaluator::Program& program, const Batch& batch, const Context& context)
      : program_(program), context_(context), batch_(&batch), rows_(batch.rows()), slots_(program.nodes.size()) {}
  Frame(Frame& parent, const int32_t* selected, int32_t n)
      : program_(parent.program_),
        context_(parent.context_),
        parent_(&parent),
        selected_(selected),
        rows_(n),
        slots_(parent.slots_.size()) {}

  int32_t rows() const { return rows_; }

  Result<const Vector*> Evaluate(int id) {
    std::optional<Vector>& slot = slots_[static_cast<size_t>(id)];
    if (slot) return &*slot;
    const auto& node = program_.nodes[static_cast<size_t>(id)];
    if (node.constant) return &*node.constant;
    if (parent_ && (node.is_part_of_input || parent_->Has(id))) {
      THALWEG_ASSIGN(const Vector* whole, parent_->Evaluate(id));
      slot = Selected(*whole);
      return &*slot;
    }
    if (node.expression.kind() == Expression::Kind::kInput) {
      slot = Vector{batch_->column(node.expression.input())};
      return &*slot;
    }
    THALWEG_ASSIGN(Vector value, Compute(id));
    slot = std::move(value);
    return &*slot;
  }

  /// Of a lazy function's argument.
  Result<Vector> EvaluateOn(int id, const int32_t* selected, int32_t n) {
    if (!selected || n == rows_ || Has(id)) {
      THALWEG_ASSIGN(const Vector* whole, Evaluate(id));
      if (!selected || n == rows_) return *whole;
      return Gathered(*whole, selected, n);
    }
    Frame part(*this, selected, n);
    THALWEG_ASSIGN(const Vector* value, part.Evaluate(id));
    return *value;
  }

  int current() const { return current_; }
  const Evaluator::Program& program() const { return program_; }

 private:
  bool Has(int id) const {
    const auto& node = program_.nodes[static_cast<size_t>(id)];
    return slots_[static_cast<size_t>(id)].has_value() || node.constant.has_value() || node.is_part_of_input ||
           (parent_ && parent_->Has(id));
  }

  Vector Gathered(const Vector& whole, const int32_t* selected, int32_t n) const {
    if (whole.constant) return whole;
    return {columns::GatherColumn(whole.column, selected, n, context_.pool)};
  }
  Vector Selected(const Vector& whole) const { return Gathered(whole, selected_, rows_); }

  Result<Vector> Compute(int id) {
    const auto& node = program_.nodes[static_cast<size_t>(id)];
    const Function& function = node.expression.function();
    bool constant = !function.lazy && function.deterministic;
    boost::container::small_vector<const Vector*, 4> arguments;
    if (!function.lazy) {
      for (int argument : node.arguments) {
        THALWEG_ASSIGN(const Vector* value, Evaluate(argument));
        constant = constant && value->constant;
        arguments.push_back(value);
      }
    }
    Call call(node.expression, *this, context_, constant ? 1 : rows_);
    for (const Vector* argument : arguments) call.AddArgument(argument);
    const int outer = std::exchange(current_, id);
    Result<Vector> result = node.kernel(call);
    current_ = outer;
    if (result.ok()) result->constant = result->constant || constant;
    return result;
  }

  const Evaluator::Program& program_;
  const Context& context_;
  const Batch* batch_ = nullptr;
  Frame* parent_ = nullptr;
  const int32_t* selected_ = nullptr;
  int32_t rows_;
  int current_ = -1;
  std::vector<std::optional<Vector>> slots_;
};

Result<Vector> Call::Evaluate(int argument, const int32_t* rows, int32_t n) {
  const auto& node = frame_->program().nodes[static_cast<size_t>(frame_->current())];
  return frame_->EvaluateOn(node.arguments[static_cast<size_t>(argument)], rows, n);
}

Evaluator::Evaluator(std::unique_ptr<Program> program) : program_(std::move(program)) {}
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;
Evaluator::~Evaluator() = default;

void Evaluator::Name(std::vector<std::string> names) { program_->names = std::move(names); }

Result<Evaluator> Evaluator::Compile(std::vector<Expression> expressions) {
  for (Expression& expression : expressions) expression = Fold(expression);
  return CompileFolded(expressions);
}

Result<Evaluator> Evaluator::CompileFolded(const std::vector<Expression>& expressions) {
  auto program = std::make_unique<Program>();
  for (const Expression& expression : expressions) {
    THALWEG_ASSIGN(int id, program->Add(expression));
    program->outputs.push_back(id);
  }
  return Evaluator(std::move(program));
}

namespace {

Column Expanded(const Vector& vector, int32_t rows, columns::BufferPool& pool) {
  if (!vector.constant) return vector.column;
  std::vector<int32_t> zeros(static_cast<size_t>(rows), 0);
  columns::ColumnBuilder out(vector.column.type, pool, rows);
  out.AppendRows(vector.column, zeros.data(), rows);
  return out.Take();
}

}  // namespace

Result<std::vector<Column>> Evaluator::EvaluateAll(const Batch& batch, const Context& context) {
  Frame frame(*program_, batch, context);
  return Outputs(frame, context);
}

Result<std::vector<Column>> Evaluator::EvaluateSelected(const Batch& batch, const int32_t* rows, int32_t n,
                                                        const Context& context) {
  Frame all(*program_, batch, context);
  Frame frame(all, rows, n);
  return Outputs(frame, context);
}

Result<std::vector<Column>> Evaluator::Outputs(Frame& frame, const Context& context) {
  std::vector<Column> result;
  for (size_t i = 0; i < program_->outputs.size(); ++i) {
    const int output = program_->outputs[i];
    const Result<const Vector*> value = frame.Evaluate(output);
    if (!value.ok()) return program_->Named(i, value.status());
    Column column = Expanded(**value, frame.rows(), context.pool);
    column.type = program_->nodes[static_cast<size_t>(output)].expression.type();
    result.push_back(std::move(column));
  }
  return result;
}

Result<Column> Evaluator::Evaluate(const Batch& batch, const Context& context) {
  THALWEG_CHECK(program_->outputs.size() == 1, "{} expressions", program_->outputs.size());
  THALWEG_ASSIGN(std::vector<Column> columns, EvaluateAll(batch, context));
  return std::move(columns[0]);
}

Result<int32_t> Evaluator::Select(const Batch& batch, const Context& context, int32_t* rows) {
  THALWEG_CHECK(program_->outputs.size() == 1, "{} expressions", program_->outputs.size());
  Frame frame(*program_, batch, context);
  const Result<const Vector*> condition = frame.Evaluate(program_->outputs[0]);
  if (!condition.ok()) return program_->Named(0, condition.status());
  const Vector* value = *condition;
  const int32_t n = batch.rows();
  if (value->constant) {
    if (value->IsNull(0) || !value->column.Bool(0)) return 0;
    for (int32_t row = 0; row < n; ++row) rows[row] = row;
    return n;
  }
  const auto* bits = value->column.data<uint8_t>();
  if (!value->column.validity) return columns::RowsOfBitmap(bits, n, rows);
  const size_t bytes = static_cast<size_t>(n + 7) / 8;
  columns::BufferRef both = context.pool.Allocate(bytes);
  auto* out = both.mutable_data<uint8_t>();
  const auto* valid = value->column.validity.data<uint8_t>();
  for (size_t i = 0; i < bytes; ++i) out[i] = bits[i] & valid[i];
  return columns::RowsOfBitmap(out, n, rows);
}

Result<Value> EvaluateConstant(const Expression& expression, const Context& context) {
  return EvaluateFolded(Fold(expression), context);
}

Result<Value> EvaluateFolded(const Expression& expression, const Context& context) {
  THALWEG_ASSIGN(Evaluator evaluator, Evaluator::CompileFolded({expression}));
  Batch batch(context.pool, 1);
  THALWEG_ASSIGN(Column column, evaluator.Evaluate(batch, context));
  return Value::FromCell(column, 0);
}

}  // namespace thalweg::expr
