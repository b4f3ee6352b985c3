#include "sql/printer.h"

namespace thalweg::sql {

void Printer::PrintQuery(const Query& query) {
  if (!query.with.empty()) {
    Word(query.recursive ? "WITH RECURSIVE" : "WITH");
    Separated(query.with, ",", [&](const CommonTable& table) {
      Identifier(table.name);
      if (!table.columns.empty()) Columns(table.columns);
      Word("AS (");
      PrintQuery(*table.query);
      Raw(")");
    });
  }
  std::visit([this](const auto& node) { Print(node); }, query.node);
  OrderBy(query.order_by);
  if (query.offset) {
    Word("OFFSET");
    Expression(*query.offset);
    Word("ROWS");
  }
  if (query.limit) {
    Word("FETCH NEXT");
    Expression(*query.limit);
    Word("ROWS ONLY");
  }
}

void Printer::Print(const Select& select) {
  Word("SELECT");
  Hints(select.hints);
  If(select.quantifier == SetQuantifier::kAll, "ALL");
  If(select.quantifier == SetQuantifier::kDistinct, "DISTINCT");
  Separated(select.items, ",", [&](const SelectItem& item) {
    Word("");
    Expression(*item.expr);
    if (!item.alias) return;
    Word("AS");
    Identifier(*item.alias);
  });
  if (select.from) {
    Word("FROM");
    Table(*select.from);
  }
  auto clause = [&](std::string_view word, const ExprPtr& expr) {
    if (!expr) return;
    Word(word);
    Word("");
    Expression(*expr);
  };
  clause("WHERE", select.where);
  if (select.group_by) {
    Word(select.group_by_distinct ? "GROUP BY DISTINCT" : "GROUP BY");
    Grouping(*select.group_by);
  }
  clause("HAVING", select.having);
  if (!select.windows.empty()) {
    Word("WINDOW");
    Separated(select.windows, ",", [&](const NamedWindow& window) {
      Identifier(window.name);
      Word("AS");
      Window(window.spec);
    });
  }
  clause("QUALIFY", select.qualify);
  if (!select.late_into.empty()) {
    Word("LATE DATA INTO");
    Word("");
    Path(select.late_into);
  }
}

void Printer::Grouping(const std::vector<GroupingElement>& elements) {
  Separated(elements, ",", [&](const GroupingElement& element) {
    Word("");
    Print(element);
  });
}

void Printer::Print(const GroupingElement& element) {
  switch (element.kind) {
    case GroupingKind::kExpr: return Expression(*element.exprs[0]);
    case GroupingKind::kEmpty: return Word("()");
    case GroupingKind::kGroupingSets:
      Word("GROUPING SETS (");
      Grouping(element.elements);
      return Raw(")");
    case GroupingKind::kRollup: Word("ROLLUP ("); break;
    case GroupingKind::kCube: Word("CUBE ("); break;
  }
  Expressions(element.exprs);
  Raw(")");
}

// A chain of one precedence is flat: (SELECT 1) UNION (SELECT 2) EXCEPT (SELECT 3).
void Printer::Print(const SetOperation& operation) {
  static constexpr std::string_view kWords[] = {"UNION", "INTERSECT", "EXCEPT"};
  const Query& left = *operation.left;
  const auto* inner = std::get_if<SetOperation>(&left.node);
  bool bare = left.with.empty() && left.order_by.empty() && !left.offset && !left.limit;
  if (inner != nullptr && bare && (inner->op == SetOp::kIntersect) == (operation.op == SetOp::kIntersect)) {
    Print(*inner);
  } else {
    Word("(");
    PrintQuery(left);
    Raw(")");
  }
  Word(kWords[static_cast<size_t>(operation.op)]);
  If(operation.all, "ALL");
  Word("(");
  PrintQuery(*operation.right);
  Raw(")");
}

void Printer::Print(const Values& values) {
  Word("VALUES");
  Word("");
  Expressions(values.rows);
}

void Printer::Print(const TableQuery& table) {
  Word("TABLE");
  Path(table.name);
}

void Printer::Print(const NestedQuery& nested) {
  Word("(");
  PrintQuery(*nested.query);
  Raw(")");
}

void Printer::Table(const TableRef& table) {
  std::visit([this](const auto& node) { Print(node); }, table.node);
  if (table.as_of && !std::holds_alternative<MatchTable>(table.node)) {
    Word("FOR SYSTEM_TIME AS OF");
    Word("");
    Expression(*table.as_of);
  }
  if (table.alias) {
    Word("AS");
    Identifier(*table.alias);
    if (!table.columns.empty()) Columns(table.columns);
  }
  if (!table.sample) return;
  Word(table.sample->bernoulli ? "TABLESAMPLE BERNOULLI" : "TABLESAMPLE SYSTEM");
  Raw("(" + table.sample->percentage + ")");
  if (table.sample->repeatable) Raw(" REPEATABLE (" + *table.sample->repeatable + ")");
}

void Printer::Print(const NamedTable& table) {
  if (table.path) {
    Quoted(*table.path);
  } else {
    Path(table.name);
  }
  Hints(table.hints);
}

void Printer::Print(const DerivedTable& table) {
  If(table.lateral, "LATERAL");
  Word("(");
  PrintQuery(*table.query);
  Raw(")");
}

void Printer::Print(const FunctionTable& table) {
  If(table.lateral, "LATERAL");
  Word("TABLE(");
  Expression(*table.call);
  Raw(")");
  Hints(table.hints);
}

void Printer::Print(const Unnest& unnest) {
  Word("UNNEST(");
  Expressions(unnest.operands);
  Raw(")");
  If(unnest.with_ordinality, "WITH ORDINALITY");
}

// Joins chain from the left without parentheses; so do commas, which bind looser.
void Printer::Print(const Join& join) {
  Word("(");
  JoinChain(join);
  Raw(")");
}

void Printer::JoinChain(const Join& join) {
  static constexpr std::string_view kWords[] = {"INNER JOIN", "LEFT JOIN",  "RIGHT JOIN",
                                                "FULL JOIN",  "CROSS JOIN", ","};
  const auto* inner = std::get_if<Join>(&join.left->node);
  bool bare = !join.left->alias && !join.left->as_of && !join.left->sample;
  if (inner != nullptr && bare && (inner->kind == JoinKind::kComma) == (join.kind == JoinKind::kComma)) {
    JoinChain(*inner);
  } else {
    Table(*join.left);
  }
  If(join.natural, "NATURAL");
  Word(kWords[static_cast<size_t>(join.kind)]);
  Word("");
  Table(*join.right);
  if (join.on) {
    Word("ON");
    Word("");
    Expression(*join.on);
  }
  if (!join.using_columns.empty()) {
    Word("USING");
    Columns(join.using_columns);
  }
}

}  // namespace thalweg::sql
