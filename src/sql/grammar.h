// The grammar as a class: one method per rule, by subject in parse_expr.cc, parse_query.cc, ... Rule: a method is called at the first
// token of what it reads and stands behind the last one when it returns; it throws SyntaxError if that is not there.
#pragma once

#include "sql/ast_statement.h"
#include "sql/cursor.h"

namespace thalweg::sql {

class Grammar {
 public:
  explicit Grammar(std::string_view text) : at_(text) {}

  Cursor& cursor() { return at_; }
  StatementPtr ParseStatement();  // parse_statement.cc
  QueryPtr ParseQuery();          // parse_query.cc
  ExprPtr ParseExpr();            // parse_expr.cc
  TypePtr ParseType();            // parse_type.cc

 private:
  // Lists.
  template <typename Fn>
  void CommaSeparated(Fn&& parse) {
    do parse();
    while (at_.AcceptSymbol(","));
  }
  template <typename Fn>
  void InParentheses(Fn&& parse_one) {
    Token open = at_.Peek();
    at_.ExpectSymbol("(");
    CommaSeparated(parse_one);
    at_.ExpectClose(open);
  }
  template <typename T>
  ExprPtr Make(const Position& begin, T node) const {
    return std::make_shared<const Expr>(Expr{at_.From(begin), std::move(node)});
  }
  std::vector<Identifier> ParseNames(std::string_view what);  // (a, b)
  std::vector<ExprPtr> ParseExprs();                          // a, b
  Options ParseOptions(bool names_allowed = false);           // ('k' = 'v', ...)
  std::vector<Hint> ParseHints();
  Hint ParseHint();

  // parse_type.cc
  TypeKind ParseTypeName(TypeSpec& type);
  void ParseBracketedType(TypeSpec& type);
  void ParseFields(TypeSpec& type, const Token& open, std::string_view close);
  void ParseNullability(TypeSpec& type);
  void ParsePrecision(TypeSpec& type, bool scale);
  void ParseTimeZone(TypeSpec& type);
  IntervalQualifier ParseQualifier();
  TimeUnit ParseUnit();

  // parse_expr.cc
  ExprPtr ParseExpr(int precedence);
  ExprPtr ParsePrefix();
  ExprPtr ParseInfix(ExprPtr left, int precedence, const Position& begin);
  ExprPtr ParseLogical(ExprPtr left, LogicalOp op, const Position& begin);
  ExprPtr ParseComparison(ExprPtr left, BinaryOp op, int precedence, const Position& begin);
  ExprPtr ParseIs(ExprPtr operand, const Position& begin);
  ExprPtr ParsePredicate(ExprPtr operand, const Position& begin);
  ExprPtr ParseIn(ExprPtr operand, bool negated, const Position& begin);
  ExprPtr ParsePostfix(ExprPtr operand, const Position& begin);

  // parse_primary.cc
  ExprPtr ParsePrimary();
  ExprPtr ParseWord();
  ExprPtr ParseNumber();
  ExprPtr ParseString();
  ExprPtr ParseDateTime();
  ExprPtr ParseInterval();
  ExprPtr ParseParenthesised();
  ExprPtr ParseCase();
  ExprPtr ParseCast(bool try_cast);
  ExprPtr ParseCollection(CollectionKind kind);
  ExprPtr ParseRow();
  ExprPtr ParseNameOrCall();
  bool IsQueryAhead(size_t index) const;  // at a parenthesis

  // parse_call.cc
  ExprPtr ParseCall(Name name, const Position& begin);
  bool ParseSpecialArguments(Call& call);
  void ParseArguments(Call& call);
  ExprPtr ParseArgument();
  ExprPtr ParseTableArgument();
  ExprPtr ParseDescriptor();
  void ParseExtract(Call& call);
  void ParseTrim(Call& call);
  void ParsePosition(Call& call);
  void ParseOverlay(Call& call);
  void ParseSubstring(Call& call);
  void ParseRounding(Call& call);
  void ParseUnitFirst(Call& call);
  ExprPtr ParseUnitSymbol();
  void ParseAfterCall(Call& call);
  void ParseNullTreatment(Call& call);
  std::shared_ptr<const WindowSpec> ParseOver();

  // parse_json.cc
  bool ParseJson(Call& call);
  void ParseJsonPath(Call& call, JsonClauses& clauses);
  void ParseJsonPairs(Call& call);
  void ParseJsonWrapper(JsonClauses& clauses);
  bool ParseJsonFallback(JsonClauses& clauses);
  void ParseJsonNulls(JsonClauses& clauses);

  // parse_window.cc
  WindowSpec ParseWindow();
  WindowFrame ParseFrame();
  FrameBound ParseBound();
  std::vector<OrderItem> ParseOrderItems();
  OrderItem ParseOrderItem();

  // parse_query.cc
  bool IsQueryStart();
  std::shared_ptr<Query> ParseSetOperations(int precedence);
  std::shared_ptr<Query> ParseQueryPrimary();
  void ParseWith(Query& query);
  void ParseLimit(Query& query);
  Select ParseSelect();
  SelectItem ParseSelectItem();
  Values ParseValues();
  std::vector<GroupingElement> ParseGrouping();
  GroupingElement ParseGroupingElement();
  std::vector<NamedWindow> ParseNamedWindows();

  // parse_table_ref.cc
  TableRefPtr ParseFrom();
  TableRefPtr ParseJoins();
  bool ParseJoinKind(Join& join);
  void ParseJoinCondition(Join& join);
  TableRefPtr ParseTableRef();
  void ParseTablePrimary(TableRef& ref);
  void ParseTableFunction(TableRef& ref, bool lateral);
  void ParseUnnest(TableRef& ref);
  void ParseTableAlias(TableRef& ref);
  void ParseSample(TableRef& ref);

  // parse_match.cc
  std::shared_ptr<const MatchRecognize> ParseMatch();
  void ParseRowsPerMatch(MatchRecognize& match);
  void ParseAfterMatch(MatchRecognize& match);
  void ParsePatternClause(MatchRecognize& match);
  PatternPtr ParsePattern();
  PatternPtr ParsePatternTerm();
  PatternPtr ParsePatternFactor();
  std::optional<Quantity> ParseQuantity();

  // parse_table.cc: the parts of CREATE TABLE and ALTER TABLE
  std::vector<TableElement> ParseElements(bool names_only_allowed);
  TableElement ParseElement(bool names_only_allowed);
  ColumnDefinition ParseColumn(bool names_only_allowed);
  void ParseMetadata(ColumnDefinition& column);
  WatermarkDefinition ParseWatermark();
  std::optional<Constraint> ParseConstraint(bool of_table);
  Distribution ParseDistribution();
  LikeClause ParseLike();
  PartitionSpec ParsePartition();

  // parse_create.cc
  Statement::Node ParseCreate();
  CreateTable ParseCreateTable(CreateMode mode, bool temporary);
  CreateMaterializedTable ParseCreateMaterializedTable(CreateMode mode);
  void ParseRefresh(CreateMaterializedTable& table);
  void ParseStartMode(CreateMaterializedTable& table);
  CreateView ParseCreateView(bool temporary);
  CreateObject ParseCreateObject(ObjectKind kind, bool temporary, bool system);
  CreateFunction ParseCreateFunction(bool temporary, bool system);
  CreateModel ParseCreateModel(bool temporary);
  std::optional<std::string> ParseLanguage();
  Statement::Node ParseDrop();
  ObjectKind ParseObjectKind();

  // parse_alter.cc
  Statement::Node ParseAlter();
  AlterFunction ParseAlterFunction(bool temporary, bool system);
  AlterAction ParseAlterAction(ObjectKind kind);
  AlterAction ParseAdd();
  AlterAction ParseModify();
  AlterAction ParseDropPart();
  AlterAction ParseRename(bool of_columns);
  AlterAction ParseSet(bool of_materialized_table);
  std::vector<std::string> ParseKeys();
  std::vector<TableElement> ParseChangedElements();
  void RefuseColumnWord(std::string_view what);

  // parse_statement.cc
  Statement::Node ParseStatementNode();
  StatementPtr ParseDataStatement();
  Insert ParseInsert();
  StatementSet ParseStatementSet();
  Statement::Node ParseExecute();
  Update ParseUpdate();
  Delete ParseDelete();
  Analyze ParseAnalyze();
  Explain ParseExplain();
  CompilePlan ParseCompile();

  // parse_session.cc
  std::optional<Statement::Node> ParseSession();
  Use ParseUse();
  Show ParseShow();
  ShowKind ParseShowKind();
  Describe ParseDescribe();
  SetOption ParseSetOption();
  std::string ParseSessionText(std::string_view what);
  StopJob ParseStopJob();

  Cursor at_;
};

}  // namespace thalweg::sql
