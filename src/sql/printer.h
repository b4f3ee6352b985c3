// The printer behind print.h: one overload per kind of node, by folders of the tree: print_expr.cc, print_query.cc, ...
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "sql/ast_statement.h"

namespace thalweg::sql {

class Printer {
 public:
  Printer() = default;
  /// `plain`: expressions have the parentheses they need, and functions stand without backquotes.
  explicit Printer(bool plain) : plain_(plain) {}
  std::string Take() { return std::move(out_); }

  // Any part.
  void Word(std::string_view text);  // with a blank before it, if one is needed
  void Raw(std::string_view text) { out_ += text; }
  void Quoted(std::string_view text);  // 'text'
  void Identifier(const sql::Identifier& identifier);
  void Path(const Name& name);
  void Columns(const std::vector<sql::Identifier>& columns);  // (a, b)
  void OptionList(const Options& options);                    // ('k' = 'v')
  void Hints(const std::vector<Hint>& hints);
  void If(bool condition, std::string_view words) {
    if (condition) Word(words);
  }
  template <typename List, typename Fn>
  void Separated(const List& list, std::string_view separator, Fn&& print) {
    bool first = true;
    for (const auto& element : list) {
      if (!first) Raw(separator);
      first = false;
      print(element);
    }
  }

  // print_type.cc
  void Type(const TypeSpec& type);
  void Qualifier(const IntervalQualifier& qualifier);

  // print_expr.cc
  void Expression(const Expr& expr);
  void Expressions(const std::vector<ExprPtr>& list);
  void OrderBy(const std::vector<OrderItem>& items);

  // print_call.cc
  void Print(const Call& call);
  void Window(const WindowSpec& window);

  // print_query.cc
  void PrintQuery(const Query& query);
  void Table(const TableRef& table);
  void Match(const MatchRecognize& match);

  // print_table.cc
  void Elements(const std::vector<TableElement>& elements);
  void Distributed(std::string_view word, const Distribution& distribution);
  void Partition(const PartitionSpec& spec);
  void Like(const LikeClause& like);
  void Action(const AlterAction& action);

  // print_statement.cc
  void PrintStatement(const Statement& statement);

 private:
  void Print(const Literal& literal);
  void Print(const IntervalLiteral& interval);
  void Print(const ColumnRef& column) { Path(column.name); }
  void Print(const Star& star);
  void Print(const Symbol& symbol) { Word(symbol.word); }
  void Print(const Unary& unary);
  void Print(const Is& is);
  void Print(const Logical& logical);
  void Print(const Binary& binary);
  void BinaryChain(const Binary& binary);
  void Print(const Between& between);
  void Print(const In& in);
  void Print(const sql::Like& like);
  void Print(const Quantified& quantified);
  void Print(const Exists& exists);
  void Print(const ScalarQuery& query);
  void Print(const Case& node);
  void Print(const Cast& cast);
  void Print(const Collection& collection);
  void Print(const RowValue& row);
  void Print(const Subscript& subscript);
  void Print(const FieldAccess& access);
  void Print(const FieldStar& star);
  void Print(const NamedArgument& argument);
  void Print(const TableArgument& argument);
  void Print(const ModelArgument& argument);
  void Print(const Descriptor& descriptor);

  void Arguments(const Call& call);
  void Clauses(const JsonClauses& json);
  void Fallback(const JsonFallback& fallback, std::string_view on);
  void Frame(const WindowFrame& frame);
  void Bound(const FrameBound& bound);

  void Print(const Select& select);
  void Print(const SetOperation& operation);
  void Print(const Values& values);
  void Print(const TableQuery& table);
  void Print(const NestedQuery& nested);
  void Print(const NamedTable& table);
  void Print(const DerivedTable& table);
  void Print(const FunctionTable& table);
  void Print(const Unnest& unnest);
  void Print(const Join& join);
  void JoinChain(const Join& join);
  void Print(const MatchTable& match);
  void Grouping(const std::vector<GroupingElement>& elements);
  void Print(const GroupingElement& element);
  void Print(const Pattern& pattern);
  void Print(const Quantity& quantity);

  void Print(const ColumnDefinition& column);
  void Print(const WatermarkDefinition& watermark);
  void Print(const Constraint& constraint);
  void Print(const RenameTo& action);
  void Print(const RenameColumn& action);
  void Print(const SetOptions& action);
  void Print(const ResetOptions& action);
  void Print(const ChangeElements& action);
  void Print(const DropColumns& action);
  void Print(const DropConstraint& action);
  void Print(const DropWatermark& action);
  void Print(const AddPartitions& action);
  void Print(const DropPartitions& action);
  void Print(const ChangeDistribution& action);
  void Print(const DropDistribution& action);
  void Print(const SetQuery& action);
  void Print(const SetComment& action);
  void Print(const Suspend& action);
  void Print(const Resume& action);
  void Print(const Refresh& action);
  void Print(const SetFreshness& action);
  void Print(const SetRefreshMode& action);

  void Print(const QueryStatement& statement);
  void Print(const CreateTable& statement);
  void Print(const CreateMaterializedTable& statement);
  void Print(const CreateView& statement);
  void Print(const CreateObject& statement);
  void Print(const CreateFunction& statement);
  void Print(const CreateModel& statement);
  void Print(const Drop& statement);
  void Print(const Alter& statement);
  void Print(const AlterFunction& statement);
  void Print(const Insert& statement);
  void Print(const StatementSet& statement);
  void Print(const BeginStatementSet& statement);
  void Print(const EndStatementSet& statement);
  void Print(const Execute& statement);
  void Print(const Update& statement);
  void Print(const Delete& statement);
  void Print(const Truncate& statement);
  void Print(const CallProcedure& statement);
  void Print(const Analyze& statement);
  void Print(const Explain& statement);
  void Print(const CompilePlan& statement);
  void Print(const ExecutePlan& statement);
  void Print(const Use& statement);
  void Print(const Show& statement);
  void Print(const Describe& statement);
  void Print(const SetOption& statement);
  void Print(const ResetOption& statement);
  void Print(const LoadModule& statement);
  void Print(const UnloadModule& statement);
  void Print(const JarCommand& statement);
  void Print(const StopJob& statement);
  void Print(const ClientCommand& statement);
  void Schema(const std::optional<std::vector<TableElement>>& elements);
  void Comment(const std::optional<std::string>& comment);
  void With(const std::optional<Options>& options);
  void PartitionedBy(const std::vector<sql::Identifier>& columns);
  void FunctionBody(const std::string& class_name, const std::optional<std::string>& language);

  // Around an operation; in a plain text those that are needed come from Expression.
  void Open() {
    if (!plain_) Word("(");
  }
  void Close() {
    if (!plain_) Raw(")");
  }

  std::string out_;
  bool plain_ = false;
  int outer_ = 0;  // plain: how strongly an operation must bind to stand here without parentheses
};

}  // namespace thalweg::sql
