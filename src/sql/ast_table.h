// The parts of CREATE TABLE and ALTER TABLE.
#pragma once

#include "sql/ast_query.h"

namespace thalweg::sql {

enum class ConstraintKind : uint8_t { kPrimaryKey, kUnique };
struct Constraint {
  Span span;
  std::optional<Identifier> name;
  ConstraintKind kind = ConstraintKind::kPrimaryKey;
  std::vector<Identifier> columns;  // empty for one that stands at its column
  std::optional<bool> enforced;     // ENFORCED, NOT ENFORCED
};

/// Where ALTER TABLE puts a column.
struct ColumnPlace {
  bool first = false;
  Name after;  // of FIRST empty
};

enum class ColumnKind : uint8_t { kPhysical, kComputed, kMetadata, kNameOnly };
struct ColumnDefinition {
  Span span;
  Name name;  // more than one part only in ALTER TABLE: a field of a row
  ColumnKind kind = ColumnKind::kPhysical;
  TypePtr type;                             // of physical and metadata columns
  ExprPtr expr;                             // of computed columns
  std::optional<std::string> metadata_key;  // METADATA FROM 'key'
  bool is_virtual = false;
  std::optional<Constraint> constraint;
  std::optional<std::string> comment;
  std::optional<ColumnPlace> place;
};

struct WatermarkDefinition {
  Span span;
  Name column;
  ExprPtr expr;
};

using TableElement = std::variant<ColumnDefinition, WatermarkDefinition, Constraint>;

enum class DistributionKind : uint8_t { kUnspecified, kHash, kRange };
struct Distribution {
  DistributionKind kind = DistributionKind::kUnspecified;
  std::vector<Identifier> columns;
  std::optional<int> buckets;
};

enum class LikeMerge : uint8_t { kIncluding, kExcluding, kOverwriting };
enum class LikeFeature : uint8_t {
  kAll,
  kConstraints,
  kDistribution,
  kPartitions,
  kGenerated,
  kMetadata,
  kOptions,
  kWatermarks
};
struct LikeOption {
  LikeMerge merge;
  LikeFeature feature;
};
struct LikeClause {
  Name source;
  std::vector<LikeOption> options;
};

/// PARTITION (day = '2024-01-01', hour): a value may be left out in ANALYZE and in dynamic inserts.
struct PartitionValue {
  Identifier column;
  ExprPtr value;  // may be null
};
using PartitionSpec = std::vector<PartitionValue>;

}  // namespace thalweg::sql
