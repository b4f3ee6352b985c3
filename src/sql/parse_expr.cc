#include <array>

#include "sql/grammar.h"

namespace thalweg::sql {
namespace {

// How tightly operators bind, loosest first: Calcite's order. IS DISTINCT FROM stands with the comparisons, above =.
enum Precedence : int {
  kLowest = 0,
  kOr = 10,
  kAnd = 20,
  kNot = 30,
  kIs = 40,
  kCompare = 50,
  kDistinct = 51,
  kPredicate = 60,
  kAdditive = 70,
  kMultiplicative = 80,
  kUnary = 90
};

struct Infix {
  std::string_view symbol;
  BinaryOp op;
  int precedence;
};
constexpr std::array<Infix, 13> kInfix = {{{"=", BinaryOp::kEqual, kCompare},
                                           {"<>", BinaryOp::kNotEqual, kCompare},
                                           {"!=", BinaryOp::kNotEqual, kCompare},
                                           {"<", BinaryOp::kLess, kCompare},
                                           {"<=", BinaryOp::kLessOrEqual, kCompare},
                                           {">", BinaryOp::kGreater, kCompare},
                                           {">=", BinaryOp::kGreaterOrEqual, kCompare},
                                           {"+", BinaryOp::kAdd, kAdditive},
                                           {"-", BinaryOp::kSubtract, kAdditive},
                                           {"*", BinaryOp::kMultiply, kMultiplicative},
                                           {"/", BinaryOp::kDivide, kMultiplicative},
                                           {"%", BinaryOp::kModulo, kMultiplicative},
                                           {"||", BinaryOp::kConcat, kMultiplicative}}};

}  // namespace

ExprPtr Grammar::ParseExpr() { return ParseExpr(kLowest); }

std::vector<ExprPtr> Grammar::ParseExprs() {
  std::vector<ExprPtr> exprs;
  CommaSeparated([&] { exprs.push_back(ParseExpr()); });
  return exprs;
}

ExprPtr Grammar::ParseExpr(int precedence) {
  Cursor::Level level(at_);
  Position begin = at_.here();
  ExprPtr left = ParsePrefix();
  while (ExprPtr next = ParseInfix(left, precedence, begin)) {
    left = std::move(next);
    at_.Fold();
  }
  return left;
}

ExprPtr Grammar::ParsePrefix() {
  Position begin = at_.here();
  auto unary = [&](UnaryOp op, int precedence) {
    at_.Take();
    ExprPtr operand = ParseExpr(precedence);
    return Make(begin, Unary{op, std::move(operand)});
  };
  const Token& token = at_.Peek();
  if (token.IsWord("NOT")) return unary(UnaryOp::kNot, kNot);
  if (token.IsSymbol("-")) return unary(UnaryOp::kMinus, kUnary);
  if (token.IsSymbol("+")) return unary(UnaryOp::kPlus, kUnary);
  // FINAL is no reserved word: a name unless an expression follows.
  TokenKind next = at_.Peek(1).kind;
  bool word_follows = (next == TokenKind::kWord || next == TokenKind::kQuotedName) && at_.Peek(2).IsSymbol("(");
  if (token.IsWord("RUNNING")) return unary(UnaryOp::kRunning, kUnary);
  if (token.IsWord("FINAL") && word_follows) return unary(UnaryOp::kFinal, kUnary);
  return ParsePostfix(ParsePrimary(), begin);
}

// `left` and the operator that follows, if it binds tighter than `precedence`; else null.
ExprPtr Grammar::ParseInfix(ExprPtr left, int precedence, const Position& begin) {
  for (const Infix& infix : kInfix) {
    if (!at_.IsSymbol(infix.symbol)) continue;
    if (infix.precedence <= precedence) return nullptr;
    at_.Take();
    return ParseComparison(std::move(left), infix.op, infix.precedence, begin);
  }
  if (kPredicate > precedence && at_.IsAny({"NOT", "BETWEEN", "IN", "LIKE", "SIMILAR"})) {
    if (ExprPtr predicate = ParsePredicate(left, begin)) return predicate;
  }
  auto word = [&](std::string_view words, BinaryOp op, int own) -> ExprPtr {
    if (own <= precedence || !at_.Accept(words)) return nullptr;
    ExprPtr right = ParseExpr(own);
    return Make(begin, Binary{op, left, std::move(right)});
  };
  if (ExprPtr e = word("IS DISTINCT FROM", BinaryOp::kIsDistinctFrom, kDistinct)) return e;
  if (ExprPtr e = word("IS NOT DISTINCT FROM", BinaryOp::kIsNotDistinctFrom, kDistinct)) return e;
  if (at_.Is("IS DISTINCT FROM") || at_.Is("IS NOT DISTINCT FROM")) return nullptr;
  if (ExprPtr e = word("OVERLAPS", BinaryOp::kOverlaps, kCompare)) return e;
  if (ExprPtr e = word("MEMBER OF", BinaryOp::kMemberOf, kCompare)) return e;
  if (ExprPtr e = word("SUBMULTISET OF", BinaryOp::kSubmultisetOf, kCompare)) return e;
  if (kIs > precedence && at_.Accept("IS")) return ParseIs(std::move(left), begin);
  if (kAnd > precedence && at_.Is("AND")) return ParseLogical(std::move(left), LogicalOp::kAnd, begin);
  if (kOr > precedence && at_.Is("OR")) return ParseLogical(std::move(left), LogicalOp::kOr, begin);
  return nullptr;
}

ExprPtr Grammar::ParseLogical(ExprPtr left, LogicalOp op, const Position& begin) {
  Logical logical{op, {std::move(left)}};
  while (at_.Accept(op == LogicalOp::kAnd ? "AND" : "OR")) {
    logical.operands.push_back(ParseExpr(op == LogicalOp::kAnd ? kAnd : kOr));
  }
  return Make(begin, std::move(logical));
}

ExprPtr Grammar::ParseComparison(ExprPtr left, BinaryOp op, int precedence, const Position& begin) {
  if (precedence != kCompare || !at_.IsAny({"SOME", "ANY", "ALL"})) {
    ExprPtr right = ParseExpr(precedence);
    return Make(begin, Binary{op, std::move(left), std::move(right)});
  }
  Quantified quantified{
      std::move(left), op, at_.Take().upper == "ALL" ? Quantifier::kAll : Quantifier::kSome, {}, nullptr};
  bool query = at_.IsSymbol("(") && IsQueryAhead(at_.index());
  Token open = at_.Peek();
  at_.ExpectSymbol("(");
  if (query) {
    quantified.query = ParseQuery();
  } else {
    quantified.list = ParseExprs();
  }
  at_.ExpectClose(open, ")", query ? "" : "\",\"");
  return Make(begin, std::move(quantified));
}

ExprPtr Grammar::ParseIs(ExprPtr operand, const Position& begin) {
  bool negated = at_.Accept("NOT");
  static constexpr std::array<std::pair<std::string_view, IsTest>, 11> kTests = {{{"NULL", IsTest::kNull},
                                                                                  {"TRUE", IsTest::kTrue},
                                                                                  {"FALSE", IsTest::kFalse},
                                                                                  {"UNKNOWN", IsTest::kUnknown},
                                                                                  {"JSON VALUE", IsTest::kJsonValue},
                                                                                  {"JSON OBJECT", IsTest::kJsonObject},
                                                                                  {"JSON ARRAY", IsTest::kJsonArray},
                                                                                  {"JSON SCALAR", IsTest::kJsonScalar},
                                                                                  {"JSON", IsTest::kJson},
                                                                                  {"A SET", IsTest::kASet},
                                                                                  {"EMPTY", IsTest::kEmpty}}};
  for (const auto& [words, test] : kTests)
    if (at_.Accept(words)) return Make(begin, Is{std::move(operand), test, negated});
  at_.Fail(negated ? "NULL, TRUE, FALSE, UNKNOWN, JSON or DISTINCT FROM after IS NOT"
                   : "NULL, NOT, TRUE, FALSE, UNKNOWN, JSON or DISTINCT FROM after IS");
}

// [NOT] BETWEEN, IN, LIKE, SIMILAR TO; null if NOT is of something else.
ExprPtr Grammar::ParsePredicate(ExprPtr operand, const Position& begin) {
  bool negated = at_.Is("NOT");
  if (negated) {
    const Token& next = at_.Peek(1);
    bool predicate = next.IsWord("BETWEEN") || next.IsWord("IN") || next.IsWord("LIKE") || next.IsWord("SIMILAR");
    if (!predicate) return nullptr;
    at_.Take();
  }
  if (at_.Accept("IN")) return ParseIn(std::move(operand), negated, begin);
  if (at_.Accept("BETWEEN")) {
    Between between{std::move(operand), nullptr, nullptr, negated, at_.Accept("SYMMETRIC")};
    if (!between.symmetric) at_.Accept("ASYMMETRIC");
    between.low = ParseExpr(kPredicate);
    if (!at_.Accept("AND")) at_.Fail("AND and the upper bound of BETWEEN");
    between.high = ParseExpr(kPredicate);
    return Make(begin, std::move(between));
  }
  Like like{at_.Accept("LIKE") ? LikeKind::kLike : LikeKind::kSimilar, std::move(operand), nullptr, nullptr, negated};
  if (like.kind == LikeKind::kSimilar) at_.Expect("SIMILAR TO");
  like.pattern = ParseExpr(kPredicate);
  if (at_.Accept("ESCAPE")) like.escape = ParseExpr(kPredicate);
  return Make(begin, std::move(like));
}

ExprPtr Grammar::ParseIn(ExprPtr operand, bool negated, const Position& begin) {
  In in{std::move(operand), {}, nullptr, negated};
  bool query = at_.IsSymbol("(") && IsQueryAhead(at_.index());
  Token open = at_.Peek();
  if (!at_.AcceptSymbol("(")) at_.Fail("\"(\" and a list of values or a query after IN");
  if (query) {
    in.query = ParseQuery();
  } else {
    in.list = ParseExprs();
  }
  at_.ExpectClose(open, ")", query ? "" : "\",\"");
  return Make(begin, std::move(in));
}

// a[1], f(x).field, (row).*
ExprPtr Grammar::ParsePostfix(ExprPtr operand, const Position& begin) {
  while (true) {
    if (at_.IsSymbol("[")) {
      Token open = at_.Take();
      ExprPtr index = ParseExpr();
      at_.ExpectClose(open, "]", "");
      operand = Make(begin, Subscript{std::move(operand), std::move(index)});
    } else if (at_.IsSymbol(".") && at_.Peek(1).IsSymbol("*")) {
      at_.Take();
      at_.Take();
      return Make(begin, FieldStar{std::move(operand)});
    } else if (at_.AcceptSymbol(".")) {
      Identifier field = at_.ExpectName("the name of a field after \".\"");
      operand = Make(begin, FieldAccess{std::move(operand), std::move(field)});
    } else {
      return operand;
    }
    at_.Fold();
  }
}

}  // namespace thalweg::sql
