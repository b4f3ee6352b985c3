#include "sql/grammar.h"

namespace thalweg::sql {

// Behind ALTER.
Statement::Node Grammar::ParseAlter() {
  bool temporary = at_.Accept("TEMPORARY");
  bool system = temporary && at_.Accept("SYSTEM");
  if (temporary && !at_.Is("FUNCTION")) at_.Fail("FUNCTION");
  if (at_.Accept("FUNCTION")) return ParseAlterFunction(temporary, system);
  Alter alter{ParseObjectKind(), at_.AcceptIf("IF EXISTS"), {}, Suspend{}};
  alter.name = at_.ExpectPath("the name of what to alter");
  alter.action = ParseAlterAction(alter.kind);
  return alter;
}

AlterFunction Grammar::ParseAlterFunction(bool temporary, bool system) {
  AlterFunction function{temporary, system, at_.AcceptIf("IF EXISTS"), {}, {}, {}};
  function.name = at_.ExpectPath("the name of a function");
  at_.Expect("AS");
  function.class_name = at_.ExpectString("the name of a class in quotes");
  function.language = ParseLanguage();
  return function;
}

AlterAction Grammar::ParseAlterAction(ObjectKind kind) {
  bool materialized = kind == ObjectKind::kMaterializedTable;
  bool table = kind == ObjectKind::kTable || materialized;
  if (kind != ObjectKind::kView && at_.Accept("SET")) return ParseSet(materialized);
  if (kind != ObjectKind::kView && kind != ObjectKind::kDatabase && at_.Accept("RESET"))
    return ResetOptions{ParseKeys()};
  if (kind != ObjectKind::kDatabase && kind != ObjectKind::kCatalog && at_.Accept("RENAME")) {
    return ParseRename(kind == ObjectKind::kTable);
  }
  if ((kind == ObjectKind::kView || materialized) && at_.Accept("AS")) return SetQuery{ParseQuery()};
  if (kind == ObjectKind::kCatalog && at_.Accept("COMMENT")) return SetComment{at_.ExpectString("a comment in quotes")};
  if (table && at_.Accept("ADD")) return ParseAdd();
  if (table && at_.Accept("MODIFY")) return ParseModify();
  if (table && at_.Accept("DROP")) return ParseDropPart();
  if (materialized && at_.Accept("SUSPEND")) return Suspend{};
  if (materialized && at_.Accept("RESUME")) return Resume{at_.Accept("WITH") ? ParseOptions() : Options{}};
  if (materialized && at_.Accept("REFRESH")) return Refresh{at_.Is("PARTITION") ? ParsePartition() : PartitionSpec{}};
  switch (kind) {
    case ObjectKind::kView: at_.Fail("RENAME TO or AS");
    case ObjectKind::kDatabase: at_.Fail("SET");
    case ObjectKind::kCatalog: at_.Fail("SET, RESET or COMMENT");
    case ObjectKind::kMaterializedTable: at_.Fail("SUSPEND, RESUME, REFRESH, SET, AS, ADD, MODIFY or DROP");
    case ObjectKind::kTable: at_.Fail("ADD, MODIFY, DROP, RENAME, SET or RESET");
    default: at_.Fail("SET, RESET or RENAME TO");
  }
}

AlterAction Grammar::ParseSet(bool of_materialized_table) {
  if (of_materialized_table && at_.Accept("FRESHNESS")) {
    at_.ExpectSymbol("=");
    if (!at_.Is("INTERVAL")) at_.Fail("an interval such as INTERVAL '5' MINUTE");
    return SetFreshness{ParseInterval()};
  }
  if (of_materialized_table && at_.Accept("REFRESH_MODE")) {
    at_.ExpectSymbol("=");
    return SetRefreshMode{at_.ExpectOneOf({"FULL", "CONTINUOUS"}, "FULL or CONTINUOUS") == 0};
  }
  return SetOptions{ParseOptions()};
}

std::vector<std::string> Grammar::ParseKeys() {
  std::vector<std::string> keys;
  Token open = at_.Peek();
  at_.ExpectSymbol("(");
  if (at_.AcceptSymbol(")")) return keys;
  CommaSeparated([&] { keys.push_back(at_.ExpectString("a key in quotes")); });
  at_.ExpectClose(open);
  return keys;
}

// RENAME TO name, RENAME column TO column
AlterAction Grammar::ParseRename(bool of_columns) {
  if (at_.Accept("TO")) return RenameTo{at_.ExpectPath("the new name")};
  if (!of_columns) at_.Fail("TO and the new name");
  RenameColumn rename{at_.ExpectPath("TO or the name of a column"), {}};
  at_.Expect("TO");
  rename.to = at_.ExpectName("the new name");
  return rename;
}

// ADD COLUMN a INT, of other dialects.
void Grammar::RefuseColumnWord(std::string_view what) {
  if (at_.Peek().IsWord("COLUMN"))
    at_.FailAt(at_.here(), fmt::format("expected {}, found COLUMN", what),
               fmt::format("the word is left out: {} {} ...", at_.At(at_.index() - 1).upper, at_.Peek(1).text));
}

// One element, or several in parentheses.
std::vector<TableElement> Grammar::ParseChangedElements() {
  RefuseColumnWord("a column, WATERMARK FOR or PRIMARY KEY");
  if (at_.IsSymbol("(")) return ParseElements(false);
  return {ParseElement(false)};
}

AlterAction Grammar::ParseAdd() {
  if (at_.Accept("DISTRIBUTION")) return ChangeDistribution{true, ParseDistribution()};
  AddPartitions add;
  add.if_not_exists = at_.AcceptIf("IF NOT EXISTS");
  if (!add.if_not_exists && !at_.Is("PARTITION")) return ChangeElements{true, ParseChangedElements()};
  if (!at_.Is("PARTITION")) at_.Fail("PARTITION");
  while (at_.Is("PARTITION")) {
    AddPartitions::Partition partition{ParsePartition(), {}};
    if (at_.Accept("WITH")) partition.options = ParseOptions();
    add.partitions.push_back(std::move(partition));
  }
  return add;
}

AlterAction Grammar::ParseModify() {
  if (at_.Accept("DISTRIBUTION")) return ChangeDistribution{false, ParseDistribution()};
  return ChangeElements{false, ParseChangedElements()};
}

AlterAction Grammar::ParseDropPart() {
  if (at_.Accept("PRIMARY")) {
    at_.Expect("KEY");
    return DropConstraint{};
  }
  if (at_.Accept("CONSTRAINT")) return DropConstraint{at_.ExpectName("the name of a constraint")};
  if (at_.Accept("WATERMARK")) return DropWatermark{};
  if (at_.Accept("DISTRIBUTION")) return DropDistribution{};
  DropPartitions partitions{at_.AcceptIf("IF EXISTS"), {}};
  if (at_.Is("PARTITION")) {
    CommaSeparated([&] { partitions.partitions.push_back(ParsePartition()); });
    return partitions;
  }
  if (partitions.if_exists) at_.Fail("PARTITION");
  constexpr std::string_view kParts = "a column, PRIMARY KEY, CONSTRAINT, WATERMARK, DISTRIBUTION or PARTITION";
  RefuseColumnWord(kParts);
  DropColumns columns;
  if (at_.IsSymbol("(")) {
    InParentheses([&] { columns.columns.push_back(at_.ExpectPath("the name of a column")); });
  } else {
    columns.columns.push_back(at_.ExpectPath(kParts));
  }
  return columns;
}

}  // namespace thalweg::sql
