#include "connectors/trial_node.h"

#include "connectors/node_options.h"

namespace thalweg::connectors {
namespace {

using types::TypeId;

/// As Flink, asks for the options that the type has: any other one is unknown.
Result<DatagenField> ReadRandom(NodeOptions& options, const std::string& name, const types::DataType& type) {
  DatagenField field;
  const TypeId id = type.id();
  auto key = [&name](const char* option) { return fmt::format("fields.{}.{}", name, option); };
  THALWEG_ASSIGN(field.null_rate, options.Get<double>(key("null-rate"), 0));
  const bool interval = id == TypeId::kIntervalYearMonth || id == TypeId::kIntervalDayTime;
  if (interval || (id >= TypeId::kTinyInt && id <= TypeId::kDecimal)) {
    THALWEG_ASSIGN(field.min, options.Find<double>(key("min")));
    THALWEG_ASSIGN(field.max, options.Find<double>(key("max")));
  }
  if (type.is_variable() || id == TypeId::kArray || id == TypeId::kMap || id == TypeId::kMultiset) {
    THALWEG_ASSIGN(const std::optional<int64_t> length, options.Find<int64_t>(key("length")));
    const int64_t least = type.is_variable() ? 1 : 0;
    if (length && (*length < least || *length > INT32_MAX))
      return options.Bad(key("length"), UserError("Not between {} and {}: {}", least, INT32_MAX, *length));
    if (length) field.length = static_cast<int32_t>(*length);
  }
  if (type.is_variable()) {
    THALWEG_ASSIGN(field.var_len, options.Get<bool>(key("var-len"), false));
  }
  if (id == TypeId::kTimestamp || id == TypeId::kTimestampLtz) {
    THALWEG_ASSIGN(field.max_past_ms, options.Millis(key("max-past"), 0));
  }
  for (const types::Field& child : type.children()) {
    THALWEG_ASSIGN(DatagenField read, ReadRandom(options, name + "." + child.name, child.type));
    field.children.push_back(std::move(read));
  }
  return field;
}

Result<DatagenField> ReadField(NodeOptions& options, const types::Field& column) {
  auto key = [&column](const char* option) { return fmt::format("fields.{}.{}", column.name, option); };
  THALWEG_ASSIGN(std::string kind, options.OneOf(key("kind"), {"random", "sequence"}, "random"));
  if (kind == "random") return ReadRandom(options, column.name, column.type);
  DatagenField field;
  field.kind = DatagenField::Kind::kSequence;
  THALWEG_ASSIGN(field.null_rate, options.Get<double>(key("null-rate"), 0));
  THALWEG_TRY(options.Required(key("start")).status());
  THALWEG_TRY(options.Required(key("end")).status());
  THALWEG_ASSIGN(field.start, options.Get<int64_t>(key("start"), 0));
  THALWEG_ASSIGN(field.end, options.Get<int64_t>(key("end"), 0));
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
  THALWEG_ASSIGN(datagen.number_of_rows, options.Get<int64_t>("number-of-rows", DatagenOptions::kWithoutEnd));
  THALWEG_ASSIGN(int64_t seed, options.Get<int64_t>("seed", 0));
  datagen.seed = static_cast<uint64_t>(seed);
  for (const types::Field& field : datagen.schema->fields()) {
    THALWEG_ASSIGN(DatagenField read, ReadField(options, field));
    datagen.fields.push_back(std::move(read));
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
