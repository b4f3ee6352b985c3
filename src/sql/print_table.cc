#include "sql/printer.h"

namespace thalweg::sql {

void Printer::Elements(const std::vector<TableElement>& elements) {
  Word("(");
  Separated(elements, ", ",
            [&](const TableElement& element) { std::visit([this](const auto& node) { Print(node); }, element); });
  Raw(")");
}

void Printer::Print(const ColumnDefinition& column) {
  Path(column.name);
  if (column.type) Type(*column.type);
  if (column.expr) {
    Word("AS");
    Word("");
    Expression(*column.expr);
  }
  If(column.kind == ColumnKind::kMetadata, "METADATA");
  if (column.metadata_key) {
    Word("FROM");
    Quoted(*column.metadata_key);
  }
  If(column.is_virtual, "VIRTUAL");
  if (column.constraint) Print(*column.constraint);
  Comment(column.comment);
  if (!column.place) return;
  Word(column.place->first ? "FIRST" : "AFTER");
  Path(column.place->after);
}

void Printer::Print(const WatermarkDefinition& watermark) {
  Word("WATERMARK FOR");
  Path(watermark.column);
  Word("AS");
  Word("");
  Expression(*watermark.expr);
}

void Printer::Print(const Constraint& constraint) {
  if (constraint.name) {
    Word("CONSTRAINT");
    Identifier(*constraint.name);
  }
  Word(constraint.kind == ConstraintKind::kPrimaryKey ? "PRIMARY KEY" : "UNIQUE");
  if (!constraint.columns.empty()) Columns(constraint.columns);
  if (constraint.enforced) Word(*constraint.enforced ? "ENFORCED" : "NOT ENFORCED");
}

void Printer::Distributed(std::string_view word, const Distribution& distribution) {
  Word(word);
  if (!distribution.columns.empty()) {
    Word("BY");
    If(distribution.kind == DistributionKind::kHash, "HASH");
    If(distribution.kind == DistributionKind::kRange, "RANGE");
    Columns(distribution.columns);
  }
  if (distribution.buckets) Word(fmt::format("INTO {} BUCKETS", *distribution.buckets));
}

void Printer::Partition(const PartitionSpec& spec) {
  Word("PARTITION (");
  Separated(spec, ", ", [&](const PartitionValue& value) {
    Identifier(value.column);
    if (!value.value) return;
    Word("=");
    Expression(*value.value);
  });
  Raw(")");
}

void Printer::Like(const LikeClause& like) {
  static constexpr std::string_view kMerges[] = {"INCLUDING", "EXCLUDING", "OVERWRITING"};
  static constexpr std::string_view kFeatures[] = {"ALL",       "CONSTRAINTS", "DISTRIBUTION", "PARTITIONS",
                                                   "GENERATED", "METADATA",    "OPTIONS",      "WATERMARKS"};
  Word("LIKE");
  Path(like.source);
  if (like.options.empty()) return;
  Word("(");
  Separated(like.options, " ", [&](const LikeOption& option) {
    Word(kMerges[static_cast<size_t>(option.merge)]);
    Word(kFeatures[static_cast<size_t>(option.feature)]);
  });
  Raw(")");
}

void Printer::Action(const AlterAction& action) {
  std::visit([this](const auto& node) { Print(node); }, action);
}

void Printer::Print(const RenameTo& action) {
  Word("RENAME TO");
  Path(action.name);
}
void Printer::Print(const RenameColumn& action) {
  Word("RENAME");
  Path(action.from);
  Word("TO");
  Identifier(action.to);
}
void Printer::Print(const SetOptions& action) {
  Word("SET");
  OptionList(action.options);
}
void Printer::Print(const ResetOptions& action) {
  Word("RESET (");
  Separated(action.keys, ", ", [&](const std::string& key) { Quoted(key); });
  Raw(")");
}
void Printer::Print(const ChangeElements& action) {
  Word(action.add ? "ADD" : "MODIFY");
  Elements(action.elements);
}
void Printer::Print(const DropColumns& action) {
  Word("DROP (");
  Separated(action.columns, ", ", [&](const Name& column) { Path(column); });
  Raw(")");
}
void Printer::Print(const DropConstraint& action) {
  if (!action.name) return Word("DROP PRIMARY KEY");
  Word("DROP CONSTRAINT");
  Identifier(*action.name);
}
void Printer::Print(const DropWatermark&) { Word("DROP WATERMARK"); }
void Printer::Print(const AddPartitions& action) {
  Word("ADD");
  If(action.if_not_exists, "IF NOT EXISTS");
  for (const AddPartitions::Partition& partition : action.partitions) {
    Partition(partition.spec);
    if (partition.options.empty()) continue;
    Word("WITH");
    OptionList(partition.options);
  }
}
void Printer::Print(const DropPartitions& action) {
  Word("DROP");
  If(action.if_exists, "IF EXISTS");
  Separated(action.partitions, ",", [&](const PartitionSpec& spec) { Partition(spec); });
}
void Printer::Print(const ChangeDistribution& action) {
  Word(action.add ? "ADD" : "MODIFY");
  Distributed("DISTRIBUTION", action.distribution);
}
void Printer::Print(const DropDistribution&) { Word("DROP DISTRIBUTION"); }
void Printer::Print(const SetQuery& action) {
  Word("AS");
  PrintQuery(*action.query);
}
void Printer::Print(const SetComment& action) {
  Word("COMMENT");
  Quoted(action.comment);
}
void Printer::Print(const Suspend&) { Word("SUSPEND"); }
void Printer::Print(const Resume& action) {
  Word("RESUME");
  if (action.options.empty()) return;
  Word("WITH");
  OptionList(action.options);
}
void Printer::Print(const Refresh& action) {
  Word("REFRESH");
  if (!action.partition.empty()) Partition(action.partition);
}
void Printer::Print(const SetFreshness& action) {
  Word("SET FRESHNESS =");
  Expression(*action.interval);
}
void Printer::Print(const SetRefreshMode& action) {
  Word(action.full ? "SET REFRESH_MODE = FULL" : "SET REFRESH_MODE = CONTINUOUS");
}

}  // namespace thalweg::sql
