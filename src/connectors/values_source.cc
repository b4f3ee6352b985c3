#include "connectors/values_source.h"

#include "columns/batch_codec.h"
#include "columns/builder.h"
#include "connectors/node_options.h"
#include "connectors/range_source.h"
#include "graph/values_spec.h"

namespace thalweg::connectors {
namespace {

std::vector<types::DataType> TypesOfColumns(const types::Schema& schema) {
  std::vector<types::DataType> types;
  for (const types::Field& field : schema.fields()) types.push_back(field.type);
  return types;
}

/// The rows of a node, in batches.
struct ValueRows {
  std::vector<std::string> batches;  // encoded: each reader has them in its own pool
  std::vector<types::DataType> types;
  int64_t rows = 0;
};

Result<ValueRows> ReadValues(const graph::Node& node) {
  THALWEG_ASSIGN(types::SchemaPtr schema, SourceSchema(node));
  ValueRows values{.types = TypesOfColumns(*schema)};
  const columns::BatchCodec codec(values.types);
  columns::BufferPool pool;
  THALWEG_ASSIGN(graph::ValuesSpec spec, graph::DecodeValues(node.payload));
  for (const std::string& bytes : spec.batches) {
    auto batch = codec.Decode(bytes, pool);
    THALWEG_TRY(batch.status().WithContext(NodeOptions(node).Label()));
    values.rows += batch->rows();
  }
  values.batches = std::move(spec.batches);
  return values;
}

/// Rows by their number, for one reader.
class ValuesReader {
 public:
  explicit ValuesReader(std::shared_ptr<const ValueRows> values) : values_(std::move(values)) {}

  Result<columns::Batch> Rows(int64_t first, int32_t rows, columns::BufferPool& pool) {
    if (batches_.empty()) THALWEG_TRY(Decode(pool));
    columns::BatchBuilder out(pool, rows);
    int64_t begin = 0;
    std::vector<int32_t> picked;
    for (const columns::Batch& batch : batches_) {
      if (begin >= first + rows) break;
      picked.clear();
      for (int64_t row = std::max(first, begin); row < std::min(first + rows, begin + batch.rows()); ++row)
        picked.push_back(static_cast<int32_t>(row - begin));
      out.AppendRows(batch, picked.data(), static_cast<int32_t>(picked.size()));
      begin += batch.rows();
    }
    if (out.rows() < rows)
      return UserError("Values have {} rows, the restored position is {}", values_->rows, first + out.rows());
    return out.Take();
  }

 private:
  Status Decode(columns::BufferPool& pool) {
    const columns::BatchCodec codec(values_->types);
    for (const std::string& bytes : values_->batches) {
      THALWEG_ASSIGN(columns::Batch batch, codec.Decode(bytes, pool));
      batches_.push_back(std::move(batch));
    }
    return {};
  }

  std::shared_ptr<const ValueRows> values_;
  std::vector<columns::Batch> batches_;
};

}  // namespace

Result<graph::Node> MakeValuesNode(types::SchemaPtr schema, const std::vector<columns::Batch>& batches) {
  graph::Node node;
  node.kind = node.name = "values";
  node.role = graph::NodeRole::kSource;
  node.parallelism = 1;
  const columns::BatchCodec codec(TypesOfColumns(*schema));
  graph::ValuesSpec spec;
  for (const columns::Batch& batch : batches) {
    if (batch.rows() == 0) continue;
    ByteWriter bytes;
    THALWEG_TRY(codec.Encode(batch, bytes));
    spec.batches.push_back(bytes.Take());
  }
  node.payload = graph::Encode(spec);
  node.outputs.push_back({"main", std::move(schema), {}, {}});
  return node;
}

Result<std::shared_ptr<flow::Source>> MakeValuesSource(const graph::Node& node) {
  THALWEG_TRY(NodeOptions(node).Finish());
  THALWEG_ASSIGN(ValueRows read, ReadValues(node));
  auto values = std::make_shared<const ValueRows>(std::move(read));
  RangeSourceOptions options;
  options.to = values->rows;
  options.make_rows = [values] {
    return RangeRows([reader = std::make_shared<ValuesReader>(values)](int64_t first, int64_t, int32_t rows,
                                                                       columns::BufferPool& pool) {
      return reader->Rows(first, rows, pool);
    });
  };
  return MakeRangeSource(std::move(options));
}

}  // namespace thalweg::connectors
