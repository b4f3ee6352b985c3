#include "sql/grammar.h"

namespace thalweg::sql {

StatementPtr Grammar::ParseStatement() {
  Cursor::Level level(at_);
  Position begin = at_.here();
  Statement::Node node = ParseStatementNode();
  return std::make_shared<const Statement>(Statement{at_.From(begin), std::move(node)});
}

Statement::Node Grammar::ParseStatementNode() {
  if (IsQueryStart()) return QueryStatement{ParseQuery()};
  if (at_.Is("INSERT")) return ParseInsert();
  if (at_.Accept("CREATE")) return ParseCreate();
  if (at_.Accept("REPLACE")) {
    at_.Expect("TABLE");
    return ParseCreateTable(CreateMode::kReplace, false);
  }
  if (at_.Accept("DROP")) return ParseDrop();
  if (at_.Accept("ALTER")) return ParseAlter();
  if (at_.Is("STATEMENT")) return ParseStatementSet();
  if (at_.Accept("BEGIN")) {
    at_.Expect("STATEMENT SET");
    return BeginStatementSet{};
  }
  if (at_.Accept("END")) return EndStatementSet{};
  if (at_.Accept("EXECUTE")) return ParseExecute();
  if (at_.Accept("UPDATE")) return ParseUpdate();
  if (at_.Accept("DELETE")) return ParseDelete();
  if (at_.Accept("TRUNCATE")) {
    at_.Expect("TABLE");
    return Truncate{at_.ExpectPath("the name of a table")};
  }
  if (at_.Accept("CALL")) {
    ExprPtr call = ParseExpr();
    if (call->As<Call>() == nullptr)
      at_.FailAt(call->span.begin, "expected a procedure with its arguments in parentheses");
    return CallProcedure{std::move(call)};
  }
  if (at_.Accept("ANALYZE")) return ParseAnalyze();
  if (at_.Accept("EXPLAIN")) return ParseExplain();
  if (at_.Accept("COMPILE")) return ParseCompile();
  if (std::optional<Statement::Node> session = ParseSession()) return *std::move(session);
  if (at_.Peek().IsWord("UPSERT") || at_.Peek().IsWord("MERGE")) {
    at_.FailAt(at_.here(), fmt::format("{} is not a statement of this dialect", at_.Peek().upper),
               "INSERT INTO a table with a PRIMARY KEY updates its rows");
  }
  at_.Fail("a statement such as SELECT, INSERT or CREATE TABLE");
}

// What EXPLAIN, EXECUTE and COMPILE PLAN take.
StatementPtr Grammar::ParseDataStatement() {
  if (!at_.IsAny({"INSERT", "STATEMENT", "EXECUTE", "UPDATE", "DELETE", "CREATE", "REPLACE"}) && !IsQueryStart()) {
    at_.Fail("a query, INSERT or STATEMENT SET");
  }
  return ParseStatement();
}

Insert Grammar::ParseInsert() {
  at_.Expect("INSERT");
  Insert insert;
  insert.overwrite = at_.Accept("OVERWRITE");
  if (insert.overwrite) {
    at_.Accept("INTO");
  } else if (!at_.Accept("INTO")) {
    at_.Fail("INTO or OVERWRITE");
  }
  insert.table = at_.ExpectPath("the name of a table");
  insert.hints = ParseHints();
  if (at_.Is("PARTITION")) insert.partition = ParsePartition();
  if (at_.IsSymbol("(") && !IsQueryAhead(at_.index())) {
    InParentheses([&] { insert.columns.push_back(at_.ExpectPath("the name of a column")); });
  }
  if (!IsQueryStart()) at_.Fail("a query (SELECT or VALUES)");
  insert.query = ParseQuery();
  if (at_.Accept("ON")) {
    at_.Expect("CONFLICT DO");
    insert.on_conflict =
        static_cast<OnConflict>(at_.ExpectOneOf({"ERROR", "NOTHING", "DEDUPLICATE"}, "ERROR, NOTHING or DEDUPLICATE"));
  }
  return insert;
}

StatementSet Grammar::ParseStatementSet() {
  at_.Expect("STATEMENT SET");
  Position begin = at_.here();
  at_.Expect("BEGIN");
  StatementSet set;
  while (!at_.Accept("END")) {
    if (at_.Peek().kind == TokenKind::kEnd) {
      at_.FailAt(begin, "this BEGIN is not closed",
                 "a statement set ends with END: EXECUTE STATEMENT SET BEGIN INSERT ...; END");
    }
    if (at_.AcceptSymbol(";")) continue;
    if (!at_.Is("INSERT")) at_.Fail("INSERT or END of the statement set");
    set.inserts.push_back(ParseStatement());
    if (!at_.AcceptSymbol(";") && !at_.Is("END")) at_.Fail("\";\"");
  }
  if (set.inserts.empty()) at_.FailAt(begin, "a statement set has at least one INSERT");
  return set;
}

// Behind EXECUTE.
Statement::Node Grammar::ParseExecute() {
  if (at_.Accept("PLAN")) return ExecutePlan{at_.ExpectString("the path of a plan in quotes")};
  if (!at_.IsAny({"INSERT", "STATEMENT"}) && !IsQueryStart()) at_.Fail("INSERT, STATEMENT SET, PLAN or a query");
  return Execute{ParseStatement()};
}

Update Grammar::ParseUpdate() {
  Update update;
  update.table = at_.ExpectPath("the name of a table");
  update.hints = ParseHints();
  bool as = at_.Accept("AS");
  if (as || at_.IsName()) {
    at_.Is("SET");
    update.alias = as ? at_.ExpectName("a name after AS") : at_.TakeAlias();
  }
  at_.Expect("SET");
  CommaSeparated([&] {
    Name column = at_.ExpectPath("the name of a column");
    at_.ExpectSymbol("=");
    update.assignments.push_back({std::move(column), ParseExpr()});
  });
  if (at_.Accept("WHERE")) update.where = ParseExpr();
  return update;
}

Delete Grammar::ParseDelete() {
  at_.Expect("FROM");
  Delete statement;
  statement.table = at_.ExpectPath("the name of a table");
  statement.hints = ParseHints();
  bool as = at_.Accept("AS");
  if (as || at_.IsName()) {
    at_.Is("WHERE");
    statement.alias = as ? at_.ExpectName("a name after AS") : at_.TakeAlias();
  }
  if (at_.Accept("WHERE")) statement.where = ParseExpr();
  return statement;
}

Analyze Grammar::ParseAnalyze() {
  at_.Expect("TABLE");
  Analyze analyze;
  analyze.table = at_.ExpectPath("the name of a table");
  if (at_.Is("PARTITION")) analyze.partition = ParsePartition();
  at_.Expect("COMPUTE STATISTICS");
  if (!at_.Accept("FOR")) return analyze;
  if (at_.Accept("ALL")) {
    at_.Expect("COLUMNS");
    analyze.all_columns = true;
    return analyze;
  }
  at_.Expect("COLUMNS");
  CommaSeparated([&] { analyze.columns.push_back(at_.ExpectName("the name of a column")); });
  return analyze;
}

// Behind EXPLAIN: PLAN FOR, or details, or neither.
Explain Grammar::ParseExplain() {
  Explain explain;
  if (at_.Accept("PLAN")) {
    at_.Expect("FOR");
  } else if (at_.IsAny({"ESTIMATED_COST", "CHANGELOG_MODE", "PLAN_ADVICE", "JSON_EXECUTION_PLAN"})) {
    CommaSeparated([&] {
      explain.details.push_back(static_cast<ExplainDetail>(
          at_.ExpectOneOf({"ESTIMATED_COST", "CHANGELOG_MODE", "PLAN_ADVICE", "JSON_EXECUTION_PLAN"},
                          "ESTIMATED_COST, CHANGELOG_MODE, PLAN_ADVICE or JSON_EXECUTION_PLAN")));
    });
  }
  explain.statement = ParseDataStatement();
  return explain;
}

// Behind COMPILE.
CompilePlan Grammar::ParseCompile() {
  CompilePlan compile;
  compile.execute = at_.Accept("AND");
  if (compile.execute) at_.Expect("EXECUTE");
  at_.Expect("PLAN");
  compile.path = at_.ExpectString("the path of a plan in quotes");
  compile.if_not_exists = !compile.execute && at_.AcceptIf("IF NOT EXISTS");
  at_.Expect("FOR");
  compile.statement = ParseDataStatement();
  return compile;
}

}  // namespace thalweg::sql
