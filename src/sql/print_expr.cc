#include "sql/printer.h"

#include <utility>

namespace thalweg::sql {

std::string_view BinaryOpText(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd: return "+";
    case BinaryOp::kSubtract: return "-";
    case BinaryOp::kMultiply: return "*";
    case BinaryOp::kDivide: return "/";
    case BinaryOp::kModulo: return "%";
    case BinaryOp::kConcat: return "||";
    case BinaryOp::kEqual: return "=";
    case BinaryOp::kNotEqual: return "<>";
    case BinaryOp::kLess: return "<";
    case BinaryOp::kLessOrEqual: return "<=";
    case BinaryOp::kGreater: return ">";
    case BinaryOp::kGreaterOrEqual: return ">=";
    case BinaryOp::kIsDistinctFrom: return "IS DISTINCT FROM";
    case BinaryOp::kIsNotDistinctFrom: return "IS NOT DISTINCT FROM";
    case BinaryOp::kOverlaps: return "OVERLAPS";
    case BinaryOp::kMemberOf: return "MEMBER OF";
    case BinaryOp::kSubmultisetOf: return "SUBMULTISET OF";
  }
  return "";
}

namespace {

std::string_view TestText(IsTest test) {
  switch (test) {
    case IsTest::kNull: return "NULL";
    case IsTest::kTrue: return "TRUE";
    case IsTest::kFalse: return "FALSE";
    case IsTest::kUnknown: return "UNKNOWN";
    case IsTest::kJson: return "JSON";
    case IsTest::kJsonValue: return "JSON VALUE";
    case IsTest::kJsonObject: return "JSON OBJECT";
    case IsTest::kJsonArray: return "JSON ARRAY";
    case IsTest::kJsonScalar: return "JSON SCALAR";
    case IsTest::kASet: return "A SET";
    case IsTest::kEmpty: return "EMPTY";
  }
  return "";
}

// Operators with the same number chain from the left; 0 chains with none.
int ChainOf(BinaryOp op) {
  if (op == BinaryOp::kAdd || op == BinaryOp::kSubtract) return 1;
  return op < BinaryOp::kEqual ? 2 : 0;
}

constexpr int kAtom = 9;  // binds stronger than any operation

// How strongly the operation binds: Calcite's order, as in parse_expr.cc.
int StrengthOf(const Expr& expr) {
  if (auto* logical = expr.As<Logical>()) return logical->op == LogicalOp::kOr ? 1 : 2;
  if (auto* unary = expr.As<Unary>()) return unary->op == UnaryOp::kNot ? 3 : 8;
  if (expr.As<Is>()) return 4;
  if (expr.As<Between>() || expr.As<In>() || expr.As<Like>() || expr.As<Quantified>()) return 5;
  if (auto* binary = expr.As<Binary>()) {
    const int chain = ChainOf(binary->op);
    return chain == 0 ? 5 : chain == 1 ? 6 : 7;
  }
  return kAtom;
}

}  // namespace

void Printer::Expression(const Expr& expr) {
  if (!plain_) return std::visit([this](const auto& node) { Print(node); }, expr.node);
  const int strength = StrengthOf(expr);
  const int outer = std::exchange(outer_, strength == kAtom ? 0 : strength + 1);
  if (strength < outer) Word("(");
  std::visit([this](const auto& node) { Print(node); }, expr.node);
  if (strength < outer) Raw(")");
  outer_ = outer;
}

void Printer::Expressions(const std::vector<ExprPtr>& list) {
  Separated(list, ", ", [&](const ExprPtr& expr) { Expression(*expr); });
}

void Printer::OrderBy(const std::vector<OrderItem>& items) {
  if (items.empty()) return;
  Word("ORDER BY");
  Separated(items, ",", [&](const OrderItem& item) {
    Word("");
    Expression(*item.expr);
    If(item.descending, "DESC");
    If(item.nulls == NullOrder::kFirst, "NULLS FIRST");
    If(item.nulls == NullOrder::kLast, "NULLS LAST");
  });
}

void Printer::Print(const Literal& literal) {
  switch (literal.kind) {
    case LiteralKind::kNull: return Word("NULL");
    case LiteralKind::kTrue: return Word("TRUE");
    case LiteralKind::kFalse: return Word("FALSE");
    case LiteralKind::kUnknown: return Word("UNKNOWN");
    case LiteralKind::kInteger:
    case LiteralKind::kDecimal:
    case LiteralKind::kApproximate: return Word(literal.text);
    case LiteralKind::kString: return Quoted(literal.text);
    case LiteralKind::kBinary: return Word("X'" + literal.text + "'");
    case LiteralKind::kDate: Word("DATE"); break;
    case LiteralKind::kTime: Word("TIME"); break;
    case LiteralKind::kTimestamp: Word("TIMESTAMP"); break;
    case LiteralKind::kTimestampLtz: Word("TIMESTAMP WITH LOCAL TIME ZONE"); break;
  }
  Quoted(literal.text);
}

void Printer::Print(const IntervalLiteral& interval) {
  Word("INTERVAL");
  If(interval.negative, "-");
  Quoted(interval.text);
  Qualifier(interval.qualifier);
}

void Printer::Print(const Star& star) {
  if (star.qualifier.empty()) {
    Word("*");
  } else {
    Path(star.qualifier);
    Raw(".*");
  }
  if (star.exclude.empty()) return;
  Word("EXCLUDE");
  Columns(star.exclude);
}

void Printer::Print(const Unary& unary) {
  Open();
  switch (unary.op) {
    case UnaryOp::kNot: Word("NOT"); break;
    case UnaryOp::kMinus: Word("-"); break;
    case UnaryOp::kPlus: Word("+"); break;
    case UnaryOp::kRunning: Word("RUNNING"); break;
    case UnaryOp::kFinal: Word("FINAL"); break;
  }
  Word("");
  Expression(*unary.operand);
  Close();
}

void Printer::Print(const Is& is) {
  Open();
  Expression(*is.operand);
  Word(is.negated ? "IS NOT" : "IS");
  Word(TestText(is.test));
  Close();
}

void Printer::Print(const Logical& logical) {
  Open();
  Separated(logical.operands, logical.op == LogicalOp::kAnd ? " AND " : " OR ",
            [&](const ExprPtr& operand) { Expression(*operand); });
  Close();
}

// A chain of one precedence is flat, as it was written: (a + b - c).
void Printer::Print(const Binary& binary) {
  Open();
  BinaryChain(binary);
  Close();
}

void Printer::BinaryChain(const Binary& binary) {
  std::vector<const Binary*> chain = {&binary};
  while (const Binary* left = chain.back()->left->As<Binary>()) {
    if (ChainOf(left->op) == 0 || ChainOf(left->op) != ChainOf(binary.op)) break;
    chain.push_back(left);
  }
  Expression(*chain.back()->left);
  for (auto link = chain.rbegin(); link != chain.rend(); ++link) {
    Word(BinaryOpText((*link)->op));
    Raw(" ");
    Expression(*(*link)->right);
  }
}

void Printer::Print(const Between& between) {
  Open();
  Expression(*between.operand);
  If(between.negated, "NOT");
  Word(between.symmetric ? "BETWEEN SYMMETRIC" : "BETWEEN");
  Expression(*between.low);
  Word("AND");
  Expression(*between.high);
  Close();
}

void Printer::Print(const In& in) {
  Open();
  Expression(*in.operand);
  Word(in.negated ? "NOT IN (" : "IN (");
  if (in.query) {
    PrintQuery(*in.query);
  } else {
    Expressions(in.list);
  }
  Raw(")");
  Close();
}

void Printer::Print(const sql::Like& like) {
  Open();
  Expression(*like.operand);
  If(like.negated, "NOT");
  Word(like.kind == LikeKind::kLike ? "LIKE" : "SIMILAR TO");
  Expression(*like.pattern);
  if (like.escape) {
    Word("ESCAPE");
    Expression(*like.escape);
  }
  Close();
}

void Printer::Print(const Quantified& quantified) {
  Open();
  Expression(*quantified.operand);
  Word(BinaryOpText(quantified.op));
  Raw(" ");
  Word(quantified.quantifier == Quantifier::kSome ? "SOME (" : "ALL (");
  if (quantified.query) {
    PrintQuery(*quantified.query);
  } else {
    Expressions(quantified.list);
  }
  Raw(")");
  Close();
}

void Printer::Print(const Exists& exists) {
  Word("EXISTS (");
  PrintQuery(*exists.query);
  Raw(")");
}

void Printer::Print(const ScalarQuery& query) {
  Word("(");
  PrintQuery(*query.query);
  Raw(")");
}

void Printer::Print(const Case& node) {
  Word("CASE");
  if (node.operand) Expression(*node.operand);
  for (const Case::Branch& branch : node.branches) {
    Word("WHEN");
    Expression(*branch.when);
    Word("THEN");
    Expression(*branch.then);
  }
  if (node.otherwise) {
    Word("ELSE");
    Expression(*node.otherwise);
  }
  Word("END");
}

void Printer::Print(const Cast& cast) {
  Word(cast.try_cast ? "TRY_CAST(" : "CAST(");
  Expression(*cast.operand);
  Word("AS");
  Type(*cast.type);
  Raw(")");
}

void Printer::Print(const Collection& collection) {
  static constexpr std::string_view kWords[] = {"ARRAY", "MAP", "MULTISET"};
  Word(kWords[static_cast<size_t>(collection.kind)]);
  Raw(collection.query ? "(" : "[");
  if (collection.query) {
    PrintQuery(*collection.query);
  } else {
    Expressions(collection.elements);
  }
  Raw(collection.query ? ")" : "]");
}

void Printer::Print(const RowValue& row) {
  Word("ROW(");
  Expressions(row.fields);
  Raw(")");
}

void Printer::Print(const Subscript& subscript) {
  Word("(");
  Expression(*subscript.operand);
  Raw(")[");
  Expression(*subscript.index);
  Raw("]");
}

void Printer::Print(const FieldAccess& access) {
  Word("(");
  Expression(*access.operand);
  Raw(").");
  Printer field;
  field.Identifier(access.field);
  Raw(field.Take());
}

void Printer::Print(const FieldStar& star) {
  Word("(");
  Expression(*star.operand);
  Raw(").*");
}

void Printer::Print(const NamedArgument& argument) {
  Identifier(argument.name);
  Word("=>");
  Word("");
  Expression(*argument.value);
}

void Printer::Print(const TableArgument& argument) {
  if (argument.query) {
    Word("(");
    PrintQuery(*argument.query);
    Raw(")");
  } else {
    Word("TABLE");
    Path(argument.table);
  }
  if (!argument.partition_by.empty()) {
    Word("PARTITION BY (");
    Expressions(argument.partition_by);
    Raw(")");
  }
  if (!argument.order_by.empty()) {
    Word("ORDER BY (");
    Printer order;
    order.OrderBy(argument.order_by);
    Raw(order.Take().substr(std::string_view("ORDER BY ").size()));
    Raw(")");
  }
}

void Printer::Print(const ModelArgument& argument) {
  Word("MODEL");
  Path(argument.model);
}

void Printer::Print(const Descriptor& descriptor) {
  Word("DESCRIPTOR(");
  Separated(descriptor.columns, ", ", [&](const Descriptor::Column& column) {
    Path(column.name);
    if (column.type) Type(*column.type);
  });
  Raw(")");
}

}  // namespace thalweg::sql
