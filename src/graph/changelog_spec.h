// Changelogs made over into other changelogs. Node kinds "changelog-normalize", "upsert-materialize", "drop-update-before": the output has
// the input's columns. Node kinds "to-changelog", "from-changelog": kinds of changes become codes in a column, and codes kinds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/expression.h"
#include "types/data_type.h"
#include "types/row_kind.h"

namespace thalweg::graph {

/// An upsert stream as a whole changelog: a key's first row is +I, a deletion has all columns.
struct ChangelogNormalizeSpec {
  types::Schema input;
  std::vector<int> keys;
  bool generate_update_before = true;
  std::optional<expr::Expression> condition;  // rows where it is not TRUE count as not there
  int64_t ttl_ms = 0;
};

/// Changes of one key of a sink that came by different ways, in the order in which the sink must see them.
struct UpsertMaterializeSpec {
  types::Schema input;
  std::vector<int> keys;        // of the sink
  std::vector<int> upsert_key;  // of the input; empty: rows are told apart by all columns
  int64_t ttl_ms = 0;
  /// Of a second row of a key while the first stands. The numbers stand in payloads.
  enum class Conflict : uint8_t { kLast = 0, kFirst = 1, kError = 2 };
  Conflict conflict = Conflict::kLast;  // other than kLast: append-only input
};

/// Without -U.
struct DropUpdateBeforeSpec {
  types::Schema input;
};

/// A kind of change by the text that a log has for it.
struct ChangeCode {
  types::RowKind kind = types::RowKind::kInsert;
  std::string code;
  bool operator==(const ChangeCode&) const = default;
};

/// Each change as a row that only comes: partition columns, the code of its kind (STRING), the other columns.
struct ToChangelogSpec {
  types::Schema input;
  std::vector<int> partition;
  std::vector<ChangeCode> codes;  // at most one a kind; changes of other kinds are left out
  bool partial_deletes = false;   // a deletion has only its partition and these columns, NULL in the others
  std::vector<int> kept;
};

/// The way back: partition columns, the other columns without the code.
struct FromChangelogSpec {
  types::Schema input;
  std::vector<int> partition;
  int op = 0;                     // the column of the codes, STRING
  std::vector<ChangeCode> codes;  // several may mean one kind
  bool skip_unknown = false;      // else a code that is none of these, or NULL, fails the job
};

std::string Encode(const ChangelogNormalizeSpec& spec);
std::string Encode(const UpsertMaterializeSpec& spec);
std::string Encode(const DropUpdateBeforeSpec& spec);
std::string Encode(const ToChangelogSpec& spec);
std::string Encode(const FromChangelogSpec& spec);
/// External error if malformed, user error if a column does not exist.
Result<ChangelogNormalizeSpec> DecodeChangelogNormalize(std::string_view bytes);
Result<UpsertMaterializeSpec> DecodeUpsertMaterialize(std::string_view bytes);
Result<DropUpdateBeforeSpec> DecodeDropUpdateBefore(std::string_view bytes);
Result<ToChangelogSpec> DecodeToChangelog(std::string_view bytes);
Result<FromChangelogSpec> DecodeFromChangelog(std::string_view bytes);

/// The columns of `input` that are in neither `partition` nor are `op`, in their order.
std::vector<int> OtherColumns(const types::Schema& input, const std::vector<int>& partition, int op = -1);

}  // namespace thalweg::graph
