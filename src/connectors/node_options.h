// Options of a connector's node, read by name and type.
// Rule: an option that nobody asked for is an error, so that no misspelt one passes in silence; every message names option,
// connector and node.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/configuration.h"
#include "formats/parse_errors.h"
#include "graph/job_graph.h"
#include "types/data_type.h"

namespace thalweg::connectors {

/// Reads one node's options. `node` must outlive it. One thread.
class NodeOptions {
 public:
  explicit NodeOptions(const graph::Node& node) : node_(node) {}

  /// nullopt if it is not given. UserError if it is no T (bool, int64_t, double, std::string, config::Duration, config::MemorySize,
  /// config::StringList).
  template <typename T>
  Result<std::optional<T>> Find(const std::string& key) {
    const std::string* text = TextOf(key);
    if (!text) return std::optional<T>();
    Result<T> value = config::ParseValue<T>(*text);
    if (!value.ok()) return Bad(key, value.status());
    return std::optional<T>(std::move(value).value());
  }
  template <typename T>
  Result<T> Get(const std::string& key, T otherwise) {
    THALWEG_ASSIGN(std::optional<T> value, Find<T>(key));
    return value ? *std::move(value) : std::move(otherwise);
  }
  /// UserError if it is missing or empty.
  Result<std::string> Required(const std::string& key);
  /// Milliseconds of a Duration, not negative.
  Result<int64_t> Millis(const std::string& key, int64_t otherwise);
  /// One of the names; `otherwise` if it is not given (an empty `otherwise`: required). UserError with the names there are.
  Result<std::string> OneOf(const std::string& key, const std::vector<std::string>& names,
                            const std::string& otherwise);
  /// All options that begin with `prefix`, without it.
  std::map<std::string, std::string> WithPrefix(const std::string& prefix);
  bool Has(const std::string& key) const { return node_.options.contains(key); }

  /// After the last read: UserError for an option nobody asked for, with the nearest and all that exist.
  Status Finish() const;

  /// UserError about one option: "Option 'key' of kind 'name': why".
  Status Bad(const std::string& key, const Status& why) const;
  /// "; is 'topics' a misspelling of it?" of a required option that is missing, and an option that nobody has asked for yet; or "".
  std::string MisspeltText(const std::string& key) const;
  /// "kafka-source 'clicks'".
  std::string Label() const;
  const graph::Node& node() const { return node_; }

 private:
  const std::string* TextOf(const std::string& key);

  const graph::Node& node_;
  std::set<std::string> known_;     // asked for
  std::set<std::string> prefixes_;  // "properties."
};

/// Rows that a source emits: its output's schema. UserError if there is none.
Result<types::SchemaPtr> SourceSchema(const graph::Node& node);
/// Rows that a sink takes: the schema in the node's payload (types/type_codec.h). UserError if there is none.
Result<types::SchemaPtr> SinkSchema(const graph::Node& node);

/// Name of the output that records go to which do not parse, under `error-policy` = `dead-letter`.
inline constexpr std::string_view kDeadLetterOutput = "dead-letters";

struct ErrorPolicy {
  formats::ParseErrorPolicy policy = formats::ParseErrorPolicy::kFail;
  int dead_letter_port = 0;
};
/// `error-policy`: fail, skip, or dead-letter, which needs an output of that name. `ignore_parse_errors`: the format's option of
/// that name, with which records that do not parse as a whole are skipped, if nothing else is said.
Result<ErrorPolicy> ReadErrorPolicy(NodeOptions& options, bool ignore_parse_errors = false);

/// True if a column of type `wanted` can hold values of `given`: equal, or alike in memory (STRING and BYTES; TIMESTAMP(3),
/// TIMESTAMP_LTZ(3) and BIGINT milliseconds).
bool HoldsAs(const types::DataType& wanted, const types::DataType& given);

}  // namespace thalweg::connectors
