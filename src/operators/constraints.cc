#include "operators/constraints.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "columns/builder.h"
#include "columns/gather.h"
#include "graph/constraint_spec.h"
#include "metrics/registry.h"

namespace thalweg::operators {
namespace {

using columns::Column;
using graph::ConstraintSpec;
using types::DataType;
using types::TypeId;

/// Where a value breaks its type: the way to it from the column ("ab[0].c"), put together from its end.
struct Breach {
  std::string path;
  bool null = false;
  int length = 0;  // of the value, if it is not NULL
  std::string type;
};

/// Of a type: whether its values fill their length, and the same of its children. An empty one: nothing in it does.
struct FixedShape {
  bool fixed = false;
  std::map<int, FixedShape> children;

  const FixedShape& child(size_t index) const {
    static const FixedShape none;
    const auto found = children.find(static_cast<int>(index));
    return found == children.end() ? none : found->second;
  }
};

bool HasLength(const DataType& type) {
  return (type.id() == TypeId::kString || type.id() == TypeId::kBinary) && type.precision() > 0;
}

bool StartsCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

/// Characters of a string, bytes of a binary.
int LengthOf(std::string_view value, const DataType& type) {
  if (type.id() == TypeId::kBinary) return static_cast<int>(value.size());
  int characters = 0;
  for (char byte : value) characters += StartsCharacter(byte);
  return characters;
}

/// Cut to the type's length, or, if `fixed`, filled up to it.
std::string Fitted(std::string_view value, const DataType& type, bool fixed) {
  const auto most = static_cast<size_t>(type.precision());
  const auto length = static_cast<size_t>(LengthOf(value, type));
  const bool binary = type.id() == TypeId::kBinary;
  if (length <= most) return std::string(value) + std::string(fixed ? most - length : 0, binary ? '\0' : ' ');
  if (binary) return std::string(value.substr(0, most));
  size_t characters = 0, at = 0;
  for (; at < value.size(); ++at)
    if (StartsCharacter(value[at]) && ++characters > most) break;
  return std::string(value.substr(0, at));
}

/// The type as it was declared.
std::string DeclaredType(const DataType& type, bool fixed) {
  if (!fixed) return type.WithNullable(true).ToString();
  return fmt::format("{}({})", type.id() == TypeId::kBinary ? "BINARY" : "CHAR", type.precision());
}

class ConstraintsOperator final : public flow::Operator {
 public:
  explicit ConstraintsOperator(ConstraintSpec spec) : spec_(std::move(spec)) {
    for (const std::vector<int>& way : spec_.fixed_lengths) {
      FixedShape* shape = &shape_;
      for (int child : way) shape = &shape->children[child];
      shape->fixed = true;
    }
  }

  Status Open(flow::Context& context) override {
    dropped_ = &context.metrics().counter("constraints.numNullRowsDropped");
    return {};
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output& out) override {
    const int32_t from = rows.next(), end = rows.end();
    const columns::Batch& batch = rows.batch();
    kept_.clear();
    bool fits = true;
    for (int32_t row = from; row < end; ++row) {
      THALWEG_ASSIGN(const bool keep, CheckNulls(batch, row));
      if (!keep) continue;
      THALWEG_ASSIGN(const bool fit, CheckLengths(batch, row));
      fits = fits && fit;
      kept_.push_back(row);
    }
    const auto count = static_cast<int32_t>(kept_.size());
    dropped_->Add(end - from - count);
    if (count > 0) {
      if (!fits)
        out.Emit(Cut(batch, out.pool()));
      else if (from == 0 && count == end)
        out.Emit(rows.TakeAll());
      else
        out.Emit(columns::Gather(batch, kept_.data(), count, out.pool()));
    }
    rows.AdvanceTo(end);
    return flow::Progress::kDone;
  }

 private:
  bool drops() const { return spec_.not_null == ConstraintSpec::NotNull::kDrop; }
  bool LooksInto(const DataType& type) const {
    if (type.id() == TypeId::kRow) return spec_.nested != ConstraintSpec::Nested::kIgnore;
    const bool collection = type.id() == TypeId::kArray || type.id() == TypeId::kMap || type.id() == TypeId::kMultiset;
    return collection && spec_.nested == ConstraintSpec::Nested::kRowsAndCollections;
  }

  /// False: the row is dropped.
  Result<bool> CheckNulls(const columns::Batch& batch, int32_t row) const {
    for (int i = 0; i < spec_.input.size(); ++i) {
      std::optional<Breach> breach =
          FindBreach(batch.column(i), row, spec_.input.field(i).type, shape_.child(static_cast<size_t>(i)), true);
      if (!breach) continue;
      if (drops()) return false;
      // What is taken back has come before, or has no more than its key.
      if (types::RowKindSign(batch.kind(row)) < 0) continue;
      return UserError(
          "Column '{}{}' is NOT NULL, however, a null value is being written into it. You can set job configuration "
          "'table.exec.sink.not-null-enforcer'='DROP' to suppress this exception and drop such records silently.",
          spec_.input.field(i).name, breach->path);
    }
    return true;
  }
  /// False: something is too long.
  Result<bool> CheckLengths(const columns::Batch& batch, int32_t row) const {
    if (spec_.length == ConstraintSpec::Length::kIgnore) return true;
    for (int i = 0; i < spec_.input.size(); ++i) {
      std::optional<Breach> breach =
          FindBreach(batch.column(i), row, spec_.input.field(i).type, shape_.child(static_cast<size_t>(i)), false);
      if (!breach) continue;
      if (spec_.length == ConstraintSpec::Length::kTrim) return false;
      return UserError(
          "Column '{}{}' is {}, however, a string of length {} is being written into it. You can set job configuration "
          "'table.exec.sink.type-length-enforcer' to control this behaviour",
          spec_.input.field(i).name, breach->path, breach->type, breach->length);
    }
    return true;
  }

  /// Of NULLs, or of lengths.
  std::optional<Breach> FindBreach(const Column& column, int32_t row, const DataType& type, const FixedShape& shape,
                                   bool nulls) const {
    if (column.IsNull(row)) {
      if (!nulls || type.nullable()) return std::nullopt;
      return Breach{.null = true};
    }
    if (!nulls && HasLength(type)) {
      const int length = LengthOf(column.String(row), type);
      if (length > type.precision() || (shape.fixed && length < type.precision()))
        return Breach{.length = length, .type = DeclaredType(type, shape.fixed)};
    }
    if (!LooksInto(type)) return std::nullopt;
    if (type.id() == TypeId::kRow) {
      for (size_t i = 0; i < type.children().size(); ++i) {
        std::optional<Breach> breach =
            FindBreach(column.children[i], row, type.children()[i].type, shape.child(i), nulls);
        if (!breach) continue;
        breach->path = "." + type.children()[i].name + breach->path;
        return breach;
      }
      return std::nullopt;
    }
    const auto* offsets = column.offsets.data<int32_t>();
    for (int32_t at = offsets[row]; at < offsets[row + 1]; ++at)
      for (size_t i = 0; i < type.children().size(); ++i) {
        std::optional<Breach> breach =
            FindBreach(column.children[i], at, type.children()[i].type, shape.child(i), nulls);
        if (!breach) continue;
        const char* of_map = i == 0 ? "key" : "value";
        breach->path = type.id() == TypeId::kMap ? fmt::format("[{}]{}", of_map, breach->path)
                                                 : fmt::format("[{}]{}", at - offsets[row], breach->path);
        return breach;
      }
    return std::nullopt;
  }

  columns::Batch Cut(const columns::Batch& batch, columns::BufferPool& pool) const {
    columns::BatchBuilder builder(spec_.input, pool, static_cast<int32_t>(kept_.size()));
    for (int32_t row : kept_) {
      for (int i = 0; i < spec_.input.size(); ++i)
        AppendCut(batch.column(i), row, spec_.input.field(i).type, shape_.child(static_cast<size_t>(i)),
                  builder.column(i));
      builder.FinishRow(columns::kNoTime, batch.kind(row));
    }
    return builder.Take();
  }
  void AppendCut(const Column& column, int32_t row, const DataType& type, const FixedShape& shape,
                 columns::ColumnBuilder& out) const {
    if (column.IsNull(row)) return out.AppendNull();
    if (HasLength(type)) return out.AppendString(Fitted(column.String(row), type, shape.fixed));
    if (!LooksInto(type)) return out.AppendRows(column, &row, 1);
    if (type.id() == TypeId::kRow) {
      for (size_t i = 0; i < type.children().size(); ++i)
        AppendCut(column.children[i], row, type.children()[i].type, shape.child(i), out.child(static_cast<int>(i)));
      return out.CloseRow();
    }
    const auto* offsets = column.offsets.data<int32_t>();
    for (size_t i = 0; i < column.children.size(); ++i)
      for (int32_t at = offsets[row]; at < offsets[row + 1]; ++at) {
        // The counts of a MULTISET have no type of their own.
        if (i < type.children().size())
          AppendCut(column.children[i], at, type.children()[i].type, shape.child(i), out.child(static_cast<int>(i)));
        else
          out.child(static_cast<int>(i)).AppendRows(column.children[i], &at, 1);
      }
    out.CloseRow();
  }

  ConstraintSpec spec_;
  FixedShape shape_;  // its children are the columns
  metrics::Counter* dropped_ = nullptr;
  std::vector<int32_t> kept_;
};

}  // namespace

Result<std::unique_ptr<flow::Operator>> MakeConstraints(const graph::Node& node) {
  THALWEG_ASSIGN(ConstraintSpec spec, graph::DecodeConstraints(node.payload));
  return std::unique_ptr<flow::Operator>(std::make_unique<ConstraintsOperator>(std::move(spec)));
}

}  // namespace thalweg::operators
