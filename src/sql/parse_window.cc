#include "sql/grammar.h"

namespace thalweg::sql {

// ([base] [PARTITION BY ...] [ORDER BY ...] [ROWS|RANGE ...])
WindowSpec Grammar::ParseWindow() {
  Token open = at_.Peek();
  at_.ExpectSymbol("(");
  WindowSpec window;
  if (at_.IsName() && !at_.IsAny({"PARTITION", "ORDER", "ROWS", "RANGE"}) && !at_.Peek().IsWord("GROUPS"))
    window.base = at_.ExpectName("a window");
  if (at_.Accept("PARTITION")) {
    at_.Expect("BY");
    window.partition_by = ParseExprs();
  }
  if (at_.Accept("ORDER")) {
    at_.Expect("BY");
    window.order_by = ParseOrderItems();
  }
  if (at_.Peek().IsWord("GROUPS"))
    at_.FailAt(at_.here(), "a frame of GROUPS is not supported", "frames are of ROWS or of a RANGE");
  if (at_.IsAny({"ROWS", "RANGE"})) window.frame = ParseFrame();
  if (window.frame && at_.Peek().IsWord("EXCLUDE")) at_.FailAt(at_.here(), "EXCLUDE in a frame is not supported", "");
  at_.ExpectClose(open, ")", window.frame ? "" : "PARTITION BY, ORDER BY, ROWS, RANGE");
  return window;
}

WindowFrame Grammar::ParseFrame() {
  WindowFrame frame;
  frame.rows = at_.Accept("ROWS");
  if (!frame.rows) at_.Expect("RANGE");
  bool between = at_.Accept("BETWEEN");
  frame.start = ParseBound();
  if (!between) return frame;
  if (!at_.Accept("AND")) at_.Fail("AND and the upper bound of the frame");
  frame.end = ParseBound();
  return frame;
}

FrameBound Grammar::ParseBound() {
  if (at_.Accept("CURRENT")) {
    at_.Expect("ROW");
    return {FrameBoundKind::kCurrentRow, nullptr};
  }
  if (at_.Accept("UNBOUNDED")) {
    bool preceding = at_.ExpectOneOf({"PRECEDING", "FOLLOWING"}, "PRECEDING or FOLLOWING") == 0;
    return {preceding ? FrameBoundKind::kUnboundedPreceding : FrameBoundKind::kUnboundedFollowing, nullptr};
  }
  // Above AND, which parts the bounds.
  ExprPtr offset = ParseExpr(60);
  bool preceding = at_.ExpectOneOf({"PRECEDING", "FOLLOWING"}, "PRECEDING or FOLLOWING") == 0;
  return {preceding ? FrameBoundKind::kPreceding : FrameBoundKind::kFollowing, std::move(offset)};
}

std::vector<OrderItem> Grammar::ParseOrderItems() {
  std::vector<OrderItem> items;
  CommaSeparated([&] { items.push_back(ParseOrderItem()); });
  return items;
}

OrderItem Grammar::ParseOrderItem() {
  OrderItem item{ParseExpr()};
  if (!at_.Accept("ASC")) item.descending = at_.Accept("DESC");
  if (at_.Accept("NULLS")) {
    item.nulls =
        at_.ExpectOneOf({"FIRST", "LAST"}, "FIRST or LAST after NULLS") == 0 ? NullOrder::kFirst : NullOrder::kLast;
  }
  return item;
}

}  // namespace thalweg::sql
