#include <algorithm>

#include "sql/grammar.h"

namespace thalweg::sql {

// Behind CREATE, or at REPLACE.
Statement::Node Grammar::ParseCreate() {
  CreateMode mode = CreateMode::kCreate;
  if (at_.Accept("OR")) {
    mode = at_.ExpectOneOf({"REPLACE", "ALTER"}, "REPLACE or ALTER") == 0 ? CreateMode::kCreateOrReplace
                                                                          : CreateMode::kCreateOrAlter;
  }
  bool temporary = at_.Accept("TEMPORARY");
  Position system_at = at_.here();
  bool system = at_.Accept("SYSTEM");
  if (system && !temporary)
    at_.FailAt(system_at, "a SYSTEM object is always temporary", "write CREATE TEMPORARY SYSTEM FUNCTION");
  if (at_.Is("MATERIALIZED")) {
    at_.Expect("MATERIALIZED TABLE");
    return ParseCreateMaterializedTable(mode);
  }
  if (mode == CreateMode::kCreateOrAlter) at_.Fail("MATERIALIZED TABLE");
  if (at_.Accept("TABLE")) return ParseCreateTable(mode, temporary);
  if (mode == CreateMode::kCreateOrReplace) at_.Fail("TABLE after CREATE OR REPLACE");
  if (at_.Accept("VIEW")) return ParseCreateView(temporary);
  if (at_.Accept("FUNCTION")) return ParseCreateFunction(temporary, system);
  if (at_.Accept("MODEL")) return ParseCreateModel(temporary);
  if (at_.Accept("CONNECTION")) return ParseCreateObject(ObjectKind::kConnection, temporary, system);
  if (!temporary && at_.Accept("DATABASE")) return ParseCreateObject(ObjectKind::kDatabase, false, false);
  if (!temporary && at_.Accept("CATALOG")) return ParseCreateObject(ObjectKind::kCatalog, false, false);
  at_.Fail("TABLE, VIEW, FUNCTION, DATABASE, CATALOG or MODEL");
}

CreateTable Grammar::ParseCreateTable(CreateMode mode, bool temporary) {
  CreateTable table;
  table.mode = mode;
  table.temporary = temporary;
  table.if_not_exists = at_.AcceptIf("IF NOT EXISTS");
  table.name = at_.ExpectPath("the name of a table");
  Token open = at_.Peek();
  if (at_.IsSymbol("(")) table.elements = ParseElements(true);
  if (at_.Accept("COMMENT")) table.comment = at_.ExpectString("a comment in quotes");
  if (at_.Accept("DISTRIBUTED")) table.distribution = ParseDistribution();
  if (at_.Accept("PARTITIONED")) {
    at_.Expect("BY");
    table.partitioned_by = ParseNames("the name of a column");
  }
  if (at_.Accept("WITH")) table.options = ParseOptions();
  bool like = mode == CreateMode::kCreate && at_.Accept("LIKE");
  if (like) {
    table.like = ParseLike();
  } else if (at_.Accept("AS")) {
    table.query = ParseQuery();
  } else if (mode != CreateMode::kCreate) {
    at_.Fail("AS and a query");
  }
  if (!table.query && table.elements) {
    for (const TableElement& element : *table.elements) {
      const auto* column = std::get_if<ColumnDefinition>(&element);
      if (column != nullptr && column->kind == ColumnKind::kNameOnly) {
        at_.FailAt(column->span.begin, fmt::format("column {} has no type", column->name.back().text),
                   "columns without types are for CREATE TABLE ... AS SELECT");
      }
    }
  }
  if (!table.elements && !table.query && !table.like && !table.options) {
    at_.Fail("columns in parentheses, WITH (...), LIKE or AS");
  }
  return table;
}

CreateMaterializedTable Grammar::ParseCreateMaterializedTable(CreateMode mode) {
  CreateMaterializedTable table;
  table.mode = mode;
  table.if_not_exists = at_.AcceptIf("IF NOT EXISTS");
  table.name = at_.ExpectPath("the name of a materialized table");
  if (at_.IsSymbol("(")) table.elements = ParseElements(true);
  if (at_.Accept("COMMENT")) table.comment = at_.ExpectString("a comment in quotes");
  if (at_.Accept("DISTRIBUTED")) table.distribution = ParseDistribution();
  if (at_.Accept("PARTITIONED")) {
    at_.Expect("BY");
    table.partitioned_by = ParseNames("the name of a column");
  }
  if (at_.Accept("WITH")) table.options = ParseOptions();
  ParseRefresh(table);
  if (!at_.Accept("AS")) at_.Fail("AS and a query");
  table.query = ParseQuery();
  return table;
}

// START_MODE = ..., FRESHNESS = INTERVAL ..., REFRESH_MODE = FULL|CONTINUOUS
void Grammar::ParseRefresh(CreateMaterializedTable& table) {
  if (at_.Accept("START_MODE")) {
    at_.ExpectSymbol("=");
    ParseStartMode(table);
  }
  if (at_.Accept("FRESHNESS")) {
    at_.ExpectSymbol("=");
    if (!at_.Is("INTERVAL")) at_.Fail("an interval such as INTERVAL '5' MINUTE");
    table.freshness = ParseInterval();
  }
  if (at_.Accept("REFRESH_MODE")) {
    at_.ExpectSymbol("=");
    table.full_refresh = at_.ExpectOneOf({"FULL", "CONTINUOUS"}, "FULL or CONTINUOUS") == 0;
  }
}

void Grammar::ParseStartMode(CreateMaterializedTable& table) {
  table.start_mode = static_cast<StartMode>(
      at_.ExpectOneOf({"FROM_BEGINNING", "FROM_NOW", "FROM_TIMESTAMP", "RESUME_OR_FROM_BEGINNING", "RESUME_OR_FROM_NOW",
                       "RESUME_OR_FROM_TIMESTAMP"},
                      "a start mode such as FROM_BEGINNING or FROM_NOW"));
  if (!at_.IsSymbol("(")) return;
  Token open = at_.Take();
  table.start = ParseExpr();
  at_.ExpectClose(open, ")", "");
}

CreateView Grammar::ParseCreateView(bool temporary) {
  CreateView view;
  view.temporary = temporary;
  view.if_not_exists = at_.AcceptIf("IF NOT EXISTS");
  view.name = at_.ExpectPath("the name of a view");
  if (at_.IsSymbol("(")) view.columns = ParseNames("the name of a column");
  if (at_.Accept("COMMENT")) view.comment = at_.ExpectString("a comment in quotes");
  if (!at_.Accept("AS")) at_.Fail("AS and a query");
  view.query = ParseQuery();
  return view;
}

CreateObject Grammar::ParseCreateObject(ObjectKind kind, bool temporary, bool system) {
  CreateObject object{kind, temporary, system, at_.AcceptIf("IF NOT EXISTS"), {}, {}, {}};
  object.name = at_.ExpectPath("a name");
  if (at_.Accept("COMMENT")) object.comment = at_.ExpectString("a comment in quotes");
  if (at_.Accept("WITH")) object.options = ParseOptions();
  return object;
}

std::optional<std::string> Grammar::ParseLanguage() {
  if (!at_.Accept("LANGUAGE")) return std::nullopt;
  if (!at_.IsAny({"JAVA", "SCALA", "PYTHON", "SQL", "CPP"})) at_.Fail("JAVA, SCALA, PYTHON, SQL or CPP");
  return at_.Take().upper;
}

CreateFunction Grammar::ParseCreateFunction(bool temporary, bool system) {
  CreateFunction function;
  function.temporary = temporary;
  function.system = system;
  function.if_not_exists = at_.AcceptIf("IF NOT EXISTS");
  function.name = at_.ExpectPath("the name of a function");
  at_.Expect("AS");
  function.class_name = at_.ExpectString("the name of a class in quotes");
  function.language = ParseLanguage();
  if (at_.Accept("USING")) {
    CommaSeparated([&] {
      bool jar = at_.ExpectOneOf({"JAR", "ARTIFACT"}, "JAR or ARTIFACT") == 0;
      function.resources.push_back({jar, at_.ExpectString("a path in quotes")});
    });
  }
  if (at_.Accept("WITH")) function.options = ParseOptions();
  return function;
}

CreateModel Grammar::ParseCreateModel(bool temporary) {
  CreateModel model;
  model.temporary = temporary;
  model.if_not_exists = at_.AcceptIf("IF NOT EXISTS");
  model.name = at_.ExpectPath("the name of a model");
  if (at_.Accept("INPUT")) model.input = ParseElements(false);
  if (at_.Accept("OUTPUT")) model.output = ParseElements(false);
  if (at_.Accept("COMMENT")) model.comment = at_.ExpectString("a comment in quotes");
  if (at_.Accept("WITH")) model.options = ParseOptions();
  if (at_.Accept("AS")) model.query = ParseQuery();
  return model;
}

ObjectKind Grammar::ParseObjectKind() {
  if (at_.Accept("MATERIALIZED")) {
    at_.Expect("TABLE");
    return ObjectKind::kMaterializedTable;
  }
  for (ObjectKind kind : {ObjectKind::kTable, ObjectKind::kView, ObjectKind::kFunction, ObjectKind::kDatabase,
                          ObjectKind::kCatalog, ObjectKind::kModel, ObjectKind::kConnection}) {
    if (at_.Accept(ObjectKindText(kind))) return kind;
  }
  at_.Fail("TABLE, VIEW, FUNCTION, DATABASE, CATALOG or MODEL");
}

// Behind DROP.
Statement::Node Grammar::ParseDrop() {
  Drop drop{ObjectKind::kTable, at_.Accept("TEMPORARY"), false, false, {}, {}};
  Position system_at = at_.here();
  drop.system = at_.Accept("SYSTEM");
  if (drop.system && !drop.temporary)
    at_.FailAt(system_at, "a SYSTEM object is always temporary", "write DROP TEMPORARY SYSTEM FUNCTION");
  drop.kind = ParseObjectKind();
  drop.if_exists = at_.AcceptIf("IF EXISTS");
  drop.name = at_.ExpectPath(fmt::format("the name of what to drop"));
  if (drop.kind == ObjectKind::kDatabase && at_.IsAny({"RESTRICT", "CASCADE"}))
    drop.cascade = at_.Take().upper == "CASCADE";
  return drop;
}

}  // namespace thalweg::sql
