#include "connectors/node_options.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "types/type_codec.h"

namespace thalweg::connectors {
namespace {

bool IsMillis(const types::DataType& type) {
  using types::TypeId;
  if (type.id() == TypeId::kBigInt) return true;
  return (type.id() == TypeId::kTimestamp || type.id() == TypeId::kTimestampLtz) && type.precision() <= 3;
}

}  // namespace

const std::string* NodeOptions::TextOf(const std::string& key) {
  known_.insert(key);
  auto found = node_.options.find(key);
  return found == node_.options.end() ? nullptr : &found->second;
}

std::string NodeOptions::Label() const { return fmt::format("{} '{}'", node_.kind, node_.name); }

Status NodeOptions::Bad(const std::string& key, const Status& why) const {
  return UserError("Option '{}' of {}: {}", key, Label(), why.message());
}

Result<std::string> NodeOptions::Required(const std::string& key) {
  const std::string* text = TextOf(key);
  if (text && !text->empty()) return *text;
  return UserError("Required option is missing: '{}' of {}{}", key, Label(), MisspeltText(key));
}

std::string NodeOptions::MisspeltText(const std::string& key) const {
  NearestWord nearest(key);
  for (const auto& [name, value] : node_.options)
    if (!known_.contains(name)) nearest.Consider(name);
  return nearest.word().empty() ? "" : fmt::format("; is '{}' a misspelling of it?", nearest.word());
}

Result<int64_t> NodeOptions::Millis(const std::string& key, int64_t otherwise) {
  THALWEG_ASSIGN(std::optional<config::Duration> given, Find<config::Duration>(key));
  if (!given) return otherwise;
  if (given->count() < 0) return Bad(key, UserError("Duration is negative: {}", config::FormatDuration(*given)));
  return std::chrono::duration_cast<std::chrono::milliseconds>(*given).count();
}

Result<std::string> NodeOptions::OneOf(const std::string& key, const std::vector<std::string>& names,
                                       const std::string& otherwise) {
  if (otherwise.empty()) THALWEG_TRY(Required(key).status());
  THALWEG_ASSIGN(std::string text, Get<std::string>(key, otherwise));
  for (const std::string& name : names)
    if (config::LowerCase(text) == config::LowerCase(name)) return name;
  return Bad(key, UserError("Not one of the allowed values: '{}'; write one of: {}", text, fmt::join(names, ", ")));
}

std::map<std::string, std::string> NodeOptions::WithPrefix(const std::string& prefix) {
  prefixes_.insert(prefix);
  std::map<std::string, std::string> found;
  for (const auto& [key, value] : node_.options)
    if (key.starts_with(prefix) && key.size() > prefix.size()) found[key.substr(prefix.size())] = value;
  return found;
}

Status NodeOptions::Finish() const {
  for (const auto& [key, value] : node_.options) {
    if (known_.contains(key)) continue;
    auto covers = [&key](const std::string& prefix) { return key.starts_with(prefix) && key.size() > prefix.size(); };
    if (std::any_of(prefixes_.begin(), prefixes_.end(), covers)) continue;
    std::vector<std::string> names(known_.begin(), known_.end());
    for (const std::string& prefix : prefixes_) names.push_back(prefix + "*");
    if (names.empty()) return UserError("Unknown option '{}' of {}: it has no options", key, Label());
    NearestWord nearest(key);
    for (const std::string& name : names) nearest.Consider(name);
    return UserError("Unknown option '{}' of {}{} There are: {}", key, Label(),
                     nearest.word().empty() ? "." : nearest.Suggestion(), fmt::join(names, ", "));
  }
  return {};
}

Result<types::SchemaPtr> SourceSchema(const graph::Node& node) {
  if (node.outputs.empty() || !node.outputs[0].schema || node.outputs[0].schema->size() == 0)
    return UserError("Source needs a schema of its rows: {} '{}'", node.kind, node.name);
  return node.outputs[0].schema;
}

Result<types::SchemaPtr> SinkSchema(const graph::Node& node) {
  auto schema = types::DecodeSchema(node.payload);
  THALWEG_TRY(schema.status().WithContext(fmt::format("Schema of {} '{}'", node.kind, node.name)));
  if (schema->size() == 0) return UserError("Sink needs a schema of its rows: {} '{}'", node.kind, node.name);
  return std::make_shared<const types::Schema>(*std::move(schema));
}

Result<ErrorPolicy> ReadErrorPolicy(NodeOptions& options, bool ignore_parse_errors) {
  using formats::ParseErrorPolicy;
  const std::string key = "error-policy";
  THALWEG_ASSIGN(std::string name,
                 options.OneOf(key, {"fail", "skip", "dead-letter"}, ignore_parse_errors ? "skip" : "fail"));
  if (name == "fail") return ErrorPolicy{};
  if (name == "skip") return ErrorPolicy{ParseErrorPolicy::kSkip, 0};
  const std::vector<graph::OutputPort>& outputs = options.node().outputs;
  for (size_t port = 1; port < outputs.size(); ++port)
    if (outputs[port].name == kDeadLetterOutput)
      return ErrorPolicy{ParseErrorPolicy::kDeadLetter, static_cast<int>(port)};
  return options.Bad(key, UserError("Dead letters need an output of the source named '{}', which a job in C++ gives "
                                    "it; in SQL choose fail or skip",
                                    kDeadLetterOutput));
}

bool HoldsAs(const types::DataType& wanted, const types::DataType& given) {
  if (IsMillis(wanted) && IsMillis(given)) return true;
  if (wanted.is_variable() && given.is_variable()) return true;
  if (wanted.id() != given.id() || wanted.precision() != given.precision() || wanted.scale() != given.scale())
    return false;
  if (wanted.children().size() != given.children().size()) return false;
  for (size_t i = 0; i < wanted.children().size(); ++i)
    if (!HoldsAs(wanted.children()[i].type, given.children()[i].type)) return false;
  return true;
}

}  // namespace thalweg::connectors
