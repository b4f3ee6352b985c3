#include "connectors/trial_node.h"

#include "connectors/node_options.h"

namespace thalweg::connectors {
namespace {

Result<DatagenField> ReadField(NodeOptions& options, const std::string& column) {
  DatagenField field;
  auto key = [&column](const char* name) { return fmt::format("fields.{}.{}", column, name); };
  THALWEG_ASSIGN(std::string kind, options.OneOf(key("kind"), {"random", "sequence"}, "random"));
  THALWEG_ASSIGN(field.null_rate, options.Get<double>(key("null-rate"), 0));
  if (kind == "sequence") {
    field.kind = DatagenField::Kind::kSequence;
    THALWEG_TRY(options.Required(key("start")).status());
    THALWEG_TRY(options.Required(key("end")).status());
    THALWEG_ASSIGN(field.start, options.Get<int64_t>(key("start"), 0));
    THALWEG_ASSIGN(field.end, options.Get<int64_t>(key("end"), 0));
    return field;
  }
  THALWEG_ASSIGN(field.min, options.Find<double>(key("min")));
  THALWEG_ASSIGN(field.max, options.Find<double>(key("max")));
  THALWEG_ASSIGN(const std::optional<int64_t> length, options.Find<int64_t>(key("length")));
  if (length && (*length < 1 || *length > INT32_MAX))
    return options.Bad(key("length"), UserError("Not between 1 and {}: {}", INT32_MAX, *length));
  field.length = static_cast<int32_t>(length.value_or(0));
  THALWEG_ASSIGN(field.var_len, options.Get<bool>(key("var-len"), false));
  THALWEG_ASSIGN(field.max_past_ms, options.Millis(key("max-past"), 0));
  return field;
}

}  // namespace

Result<DatagenOptions> ReadDatagenNode(const graph::Node& node, int64_t now_ms) {
  NodeOptions options(node);
  DatagenOptions datagen;
  datagen.now_ms = now_ms;
  THALWEG_ASSIGN(datagen.schema, SourceSchema(node));
  THALWEG_ASSIGN(int64_t rate, options.Get<int64_t>("rows-per-second", 10'000));
  datagen.rows_per_second = static_cast<double>(rate);
  THALWEG_ASSIGN(datagen.number_of_rows, options.Get<int64_t>("number-of-rows", 0));
  THALWEG_ASSIGN(int64_t seed, options.Get<int64_t>("seed", 0));
  datagen.seed = static_cast<uint64_t>(seed);
  for (const types::Field& field : datagen.schema->fields()) {
    THALWEG_ASSIGN(DatagenField read, ReadField(options, field.name));
    datagen.fields.push_back(read);
  }
  THALWEG_TRY(options.Finish());
  return datagen;
}

Result<std::shared_ptr<flow::Source>> MakeDatagenNode(const graph::Node& node, int64_t now_ms) {
  THALWEG_ASSIGN(DatagenOptions options, ReadDatagenNode(node, now_ms));
  auto source = MakeDatagenSource(std::move(options));
  THALWEG_TRY(source.status().WithContext(NodeOptions(node).Label()));
  return source;
}

Result<std::unique_ptr<flow::Operator>> MakePrintNode(const graph::Node& node, const PrintStreams& streams) {
  NodeOptions options(node);
  PrintOptions print;
  THALWEG_ASSIGN(print.identifier, options.Get<std::string>("print-identifier", ""));
  THALWEG_ASSIGN(bool to_error, options.Get<bool>("standard-error", false));
  THALWEG_TRY(options.Finish());
  print.stream = to_error ? streams.error : streams.out;
  return MakePrintSink(std::move(print));
}

Result<std::unique_ptr<flow::Operator>> MakeBlackholeNode(const graph::Node& node) {
  THALWEG_TRY(NodeOptions(node).Finish());
  return MakeBlackholeSink();
}

}  // namespace thalweg::connectors
