#include "sql/grammar.h"

namespace thalweg::sql {
namespace {

constexpr int kUnionPrecedence = 1;  // UNION, EXCEPT, MINUS
constexpr int kIntersectPrecedence = 2;

bool HasClauses(const Query& query) {
  return !query.with.empty() || !query.order_by.empty() || query.offset != nullptr || query.limit != nullptr;
}

}  // namespace

bool Grammar::IsQueryStart() {
  bool start = at_.IsAny({"SELECT", "WITH", "VALUES"});
  return start || (at_.Peek().IsWord("TABLE") && !at_.Peek(1).IsSymbol("(")) || at_.IsSymbol("(");
}

// [WITH ...] body [ORDER BY ...] [LIMIT ...]
QueryPtr Grammar::ParseQuery() {
  Cursor::Level level(at_);
  Position begin = at_.here();
  Query outer;
  if (at_.Accept("WITH")) ParseWith(outer);
  std::shared_ptr<Query> query = ParseSetOperations(0);
  bool ordered = at_.IsAny({"ORDER", "LIMIT", "OFFSET", "FETCH"});
  if (HasClauses(*query) && (ordered || !outer.with.empty())) {
    query = std::make_shared<Query>(Query{query->span, false, {}, NestedQuery{query}, {}, nullptr, nullptr});
    at_.Fold();
  }
  if (!outer.with.empty()) {
    query->with = std::move(outer.with);
    query->recursive = outer.recursive;
  }
  if (at_.Accept("ORDER")) {
    at_.Expect("BY");
    query->order_by = ParseOrderItems();
  }
  ParseLimit(*query);
  query->span = at_.From(begin);
  return query;
}

void Grammar::ParseWith(Query& query) {
  query.recursive = at_.Accept("RECURSIVE");
  CommaSeparated([&] {
    CommonTable table;
    table.name = at_.ExpectName("the name of a query after WITH");
    if (at_.IsSymbol("(")) table.columns = ParseNames("the name of a column");
    if (!at_.Accept("AS")) at_.Fail("AS and a query in parentheses");
    Token open = at_.Peek();
    at_.ExpectSymbol("(");
    table.query = ParseQuery();
    at_.ExpectClose(open, ")", "");
    query.with.push_back(std::move(table));
  });
}

// LIMIT n [OFFSET m], OFFSET m [ROWS] [FETCH FIRST n ROWS ONLY], LIMIT ALL
void Grammar::ParseLimit(Query& query) {
  if (at_.Accept("LIMIT")) {
    if (!at_.Accept("ALL")) {
      query.limit = ParseExpr();
      if (at_.AcceptSymbol(",")) {  // LIMIT start, count
        query.offset = std::move(query.limit);
        query.limit = ParseExpr();
      }
    }
  }
  if (query.offset == nullptr && at_.Accept("OFFSET")) {
    query.offset = ParseExpr();
    if (!at_.Accept("ROWS")) at_.Accept("ROW");
  }
  if (query.limit == nullptr && at_.Accept("FETCH")) {
    at_.ExpectOneOf({"FIRST", "NEXT"}, "FIRST or NEXT after FETCH");
    query.limit = ParseExpr();
    at_.ExpectOneOf({"ROWS", "ROW"}, "ROWS ONLY");
    at_.Expect("ONLY");
  }
}

std::shared_ptr<Query> Grammar::ParseSetOperations(int precedence) {
  Position begin = at_.here();
  std::shared_ptr<Query> left = ParseQueryPrimary();
  while (at_.IsAny({"UNION", "EXCEPT", "MINUS", "INTERSECT"})) {
    SetOp op = at_.Is("UNION") ? SetOp::kUnion : at_.Is("INTERSECT") ? SetOp::kIntersect : SetOp::kExcept;
    int own = op == SetOp::kIntersect ? kIntersectPrecedence : kUnionPrecedence;
    if (own <= precedence) break;
    at_.Take();
    SetOperation operation{op, at_.Accept("ALL"), std::move(left), nullptr};
    if (!operation.all) at_.Accept("DISTINCT");
    operation.right = ParseSetOperations(own);
    left = std::make_shared<Query>(Query{at_.From(begin), false, {}, std::move(operation), {}, nullptr, nullptr});
    at_.Fold();
  }
  return left;
}

std::shared_ptr<Query> Grammar::ParseQueryPrimary() {
  Position begin = at_.here();
  auto query = std::make_shared<Query>();
  if (at_.IsSymbol("(")) {
    Token open = at_.Take();
    QueryPtr inner = ParseQuery();
    at_.ExpectClose(open, ")", "");
    *query = *inner;
    return query;
  }
  if (at_.Accept("SELECT")) {
    query->node = ParseSelect();
  } else if (at_.Accept("VALUES")) {
    query->node = ParseValues();
  } else if (at_.Accept("TABLE")) {
    query->node = TableQuery{at_.ExpectPath("the name of a table")};
  } else {
    at_.Fail("a query (SELECT, VALUES or WITH)");
  }
  query->span = at_.From(begin);
  return query;
}

Values Grammar::ParseValues() {
  Values values;
  CommaSeparated([&] { values.rows.push_back(ParseExpr()); });
  return values;
}

Select Grammar::ParseSelect() {
  Select select;
  select.hints = ParseHints();
  if (at_.Peek().IsWord("STREAM"))
    at_.FailAt(at_.here(), "SELECT STREAM is not supported",
               "leave STREAM out: 'execution.runtime-mode' says how queries run");
  if (at_.Accept("DISTINCT")) {
    select.quantifier = SetQuantifier::kDistinct;
  } else if (at_.Accept("ALL")) {
    select.quantifier = SetQuantifier::kAll;
  }
  CommaSeparated([&] { select.items.push_back(ParseSelectItem()); });
  if (at_.Accept("FROM")) select.from = ParseFrom();
  if (at_.Accept("WHERE")) select.where = ParseExpr();
  if (at_.Accept("GROUP")) {
    at_.Expect("BY");
    select.group_by_distinct = at_.Accept("DISTINCT");
    if (!select.group_by_distinct) at_.Accept("ALL");
    select.group_by = ParseGrouping();
  }
  if (at_.Accept("HAVING")) select.having = ParseExpr();
  if (at_.Accept("WINDOW")) select.windows = ParseNamedWindows();
  if (at_.Accept("QUALIFY")) select.qualify = ParseExpr();
  if (at_.Accept("LATE DATA INTO")) select.late_into = at_.ExpectPath("the name of a table");
  return select;
}

SelectItem Grammar::ParseSelectItem() {
  SelectItem item;
  if (at_.IsSymbol("*")) {
    const Token& star = at_.Take();
    item.expr = Make(star.span.begin, Star{});
  } else {
    item.expr = ParseExpr();
  }
  if (const Star* star = item.expr->As<Star>()) {
    if (at_.Is("EXCLUDE") && at_.Peek(1).IsSymbol("(")) {
      at_.Take();
      item.expr = Make(item.expr->span.begin, Star{star->qualifier, ParseNames("the name of a column")});
    }
    return item;
  }
  if (at_.Accept("AS")) {
    item.alias = at_.ExpectName("a name after AS");
  } else if (at_.IsName()) {
    at_.Is("FROM");  // what FORM in SELECT a FORM t may stand for
    at_.Is("AS");
    item.alias = at_.TakeAlias();
  }
  return item;
}

std::vector<GroupingElement> Grammar::ParseGrouping() {
  std::vector<GroupingElement> elements;
  CommaSeparated([&] { elements.push_back(ParseGroupingElement()); });
  return elements;
}

GroupingElement Grammar::ParseGroupingElement() {
  Cursor::Level level(at_);
  GroupingElement element{GroupingKind::kExpr, {}, {}};
  if (at_.IsSymbol("(") && at_.Peek(1).IsSymbol(")")) {
    at_.Take();
    at_.Take();
    element.kind = GroupingKind::kEmpty;
  } else if (at_.Accept("GROUPING SETS")) {
    element.kind = GroupingKind::kGroupingSets;
    InParentheses([&] { element.elements.push_back(ParseGroupingElement()); });
  } else if (at_.IsAny({"ROLLUP", "CUBE"}) && at_.Peek(1).IsSymbol("(")) {
    element.kind = at_.Take().upper == "ROLLUP" ? GroupingKind::kRollup : GroupingKind::kCube;
    InParentheses([&] { element.exprs.push_back(ParseExpr()); });
  } else {
    element.exprs.push_back(ParseExpr());
  }
  return element;
}

std::vector<NamedWindow> Grammar::ParseNamedWindows() {
  std::vector<NamedWindow> windows;
  CommaSeparated([&] {
    Identifier name = at_.ExpectName("the name of a window");
    at_.Expect("AS");
    windows.push_back({std::move(name), ParseWindow()});
  });
  return windows;
}

}  // namespace thalweg::sql
