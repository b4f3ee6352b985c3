#include <array>

#include "sql/grammar.h"

namespace thalweg::sql {

std::vector<Identifier> Grammar::ParseNames(std::string_view what) {
  std::vector<Identifier> names;
  InParentheses([&] { names.push_back(at_.ExpectName(what)); });
  return names;
}

// In a hint a key may be a name: STATE_TTL(o = '1d').
Options Grammar::ParseOptions(bool names_allowed) {
  Options options;
  Token open = at_.Peek();
  at_.ExpectSymbol("(");
  if (at_.AcceptSymbol(")")) return options;
  CommaSeparated([&] {
    Position begin = at_.here();
    bool word = at_.Peek().kind == TokenKind::kWord;
    if (word && !names_allowed) {
      at_.FailAt(begin, fmt::format("expected an option, found {}", at_.Peek().text),
                 "keys and values stand in quotes: 'connector' = 'kafka'");
    }
    Option option;
    option.key = word ? at_.ExpectName("a key").text : at_.ExpectString("an option 'key' = 'value'");
    at_.ExpectSymbol("=");
    if (at_.Peek().kind == TokenKind::kInteger || at_.Peek().kind == TokenKind::kWord) {
      at_.FailAt(at_.here(), fmt::format("expected a value in quotes, found {}", at_.Found()),
                 fmt::format("write '{}'", at_.Peek().text));
    }
    option.value = at_.ExpectString("a value in quotes");
    option.span = at_.From(begin);
    options.push_back(std::move(option));
  });
  at_.ExpectClose(open);
  return options;
}

std::vector<Hint> Grammar::ParseHints() {
  std::vector<Hint> hints;
  if (at_.Peek().kind != TokenKind::kHintBegin) return hints;
  Position begin = at_.Take().span.begin;
  while (at_.Peek().kind != TokenKind::kHintEnd) {
    if (at_.AtEnd()) at_.FailAt(begin, "this hint is not closed", "a hint ends with */");
    hints.push_back(ParseHint());
    at_.AcceptSymbol(",");
  }
  at_.Take();
  return hints;
}

// NAME, NAME('k' = 'v', ...), NAME(t1, 't2', 3)
Hint Grammar::ParseHint() {
  Hint hint;
  hint.name = at_.ExpectName("the name of a hint");
  if (!at_.IsSymbol("(")) return hint;
  if (at_.Peek(2).IsSymbol("=")) {
    hint.options = ParseOptions(true);
    return hint;
  }
  Token open = at_.Take();
  if (at_.AcceptSymbol(")")) return hint;
  CommaSeparated([&] {
    bool literal = at_.Peek().kind == TokenKind::kString || at_.Peek().kind == TokenKind::kInteger;
    if (literal) {
      hint.arguments.push_back(at_.Take().text);
      return;
    }
    std::string text;
    for (const Identifier& part : at_.ExpectPath("a name or a string")) text += (text.empty() ? "" : ".") + part.text;
    hint.arguments.push_back(std::move(text));
  });
  at_.ExpectClose(open);
  return hint;
}

std::vector<TableElement> Grammar::ParseElements(bool names_only_allowed) {
  std::vector<TableElement> elements;
  bool watermark = false, names_only = false;
  InParentheses([&] {
    if (at_.IsSymbol(")")) at_.Fail(elements.empty() ? "a column" : "another column after \",\"");
    Position begin = at_.here();
    TableElement element = ParseElement(names_only_allowed);
    if (std::holds_alternative<WatermarkDefinition>(element)) {
      if (watermark) at_.FailAt(begin, "a table has one WATERMARK, and this is the second");
      watermark = true;
    }
    const auto* column = std::get_if<ColumnDefinition>(&element);
    bool name_only = column != nullptr && column->kind == ColumnKind::kNameOnly;
    if (!elements.empty() && name_only != names_only) {
      at_.FailAt(begin, "either all columns have types or none has",
                 "columns without types only name those of the query: CREATE TABLE t (b, a) AS SELECT a, b");
    }
    names_only = name_only;
    elements.push_back(std::move(element));
  });
  return elements;
}

TableElement Grammar::ParseElement(bool names_only_allowed) {
  if (at_.Is("WATERMARK")) return ParseWatermark();
  if (std::optional<Constraint> constraint = ParseConstraint(true)) return *std::move(constraint);
  return ParseColumn(names_only_allowed);
}

// name type [METADATA ...], name AS expr; each with constraint, comment and place.
ColumnDefinition Grammar::ParseColumn(bool names_only_allowed) {
  ColumnDefinition column;
  Position begin = at_.here();
  column.name = at_.ExpectPath("a column, WATERMARK FOR or PRIMARY KEY");
  if (at_.Accept("AS")) {
    column.kind = ColumnKind::kComputed;
    column.expr = ParseExpr();
  } else if (names_only_allowed && (at_.IsSymbol(",") || at_.IsSymbol(")"))) {
    column.kind = ColumnKind::kNameOnly;
  } else {
    if (at_.IsSymbol(",") || at_.IsSymbol(")")) at_.Fail(fmt::format("the type of column {}", column.name.back().text));
    column.type = ParseType();
    if (at_.Accept("METADATA")) ParseMetadata(column);
    column.constraint = ParseConstraint(false);
  }
  if (at_.Accept("COMMENT")) column.comment = at_.ExpectString("a comment in quotes");
  if (at_.Accept("FIRST")) {
    column.place = ColumnPlace{true, {}};
  } else if (at_.Accept("AFTER")) {
    column.place = ColumnPlace{false, at_.ExpectPath("the name of a column after AFTER")};
  }
  if (at_.Is("DEFAULT"))
    at_.FailAt(at_.here(), "a column has no DEFAULT in this dialect", "use COALESCE where the table is read");
  column.span = at_.From(begin);
  return column;
}

void Grammar::ParseMetadata(ColumnDefinition& column) {
  column.kind = ColumnKind::kMetadata;
  if (at_.Accept("FROM")) column.metadata_key = at_.ExpectString("the key of the metadata in quotes");
  column.is_virtual = at_.Accept("VIRTUAL");
}

WatermarkDefinition Grammar::ParseWatermark() {
  Position begin = at_.here();
  at_.Expect("WATERMARK");
  at_.Expect("FOR");
  WatermarkDefinition watermark;
  watermark.column = at_.ExpectPath("the name of the time column");
  if (!at_.Accept("AS")) at_.Fail("AS and an expression such as ts - INTERVAL '5' SECOND");
  watermark.expr = ParseExpr();
  watermark.span = at_.From(begin);
  return watermark;
}

// [CONSTRAINT name] PRIMARY KEY|UNIQUE [(a, b)] [[NOT] ENFORCED]
std::optional<Constraint> Grammar::ParseConstraint(bool of_table) {
  Constraint constraint;
  Position begin = at_.here();
  if (at_.Accept("CONSTRAINT")) {
    constraint.name = at_.ExpectName("the name of the constraint");
    if (!at_.IsAny({"PRIMARY", "UNIQUE"})) at_.Fail("PRIMARY KEY or UNIQUE");
  }
  if (at_.Accept("PRIMARY")) {
    at_.Expect("KEY");
  } else if (at_.Accept("UNIQUE")) {
    constraint.kind = ConstraintKind::kUnique;
  } else {
    return std::nullopt;
  }
  if (of_table) constraint.columns = ParseNames("the name of a column");
  if (at_.Accept("NOT")) {
    at_.Expect("ENFORCED");
    constraint.enforced = false;
  } else if (at_.Accept("ENFORCED")) {
    constraint.enforced = true;
  }
  constraint.span = at_.From(begin);
  return constraint;
}

// [BY [HASH|RANGE] (a, b)] [INTO n BUCKETS], behind DISTRIBUTED or DISTRIBUTION.
Distribution Grammar::ParseDistribution() {
  Distribution distribution;
  if (at_.Accept("BY")) {
    if (at_.Accept("HASH")) {
      distribution.kind = DistributionKind::kHash;
    } else if (at_.Accept("RANGE")) {
      distribution.kind = DistributionKind::kRange;
    } else if (!at_.IsSymbol("(")) {
      at_.Fail("HASH, RANGE or columns in parentheses");
    }
    distribution.columns = ParseNames("the name of a column");
    if (!at_.Accept("INTO")) return distribution;
  } else if (!at_.Accept("INTO")) {
    at_.Fail("BY or INTO");
  }
  Position begin = at_.here();
  distribution.buckets = at_.ExpectInteger("a number of buckets");
  if (*distribution.buckets == 0) at_.FailAt(begin, "the number of buckets is at least 1");
  at_.Expect("BUCKETS");
  return distribution;
}

LikeClause Grammar::ParseLike() {
  LikeClause like{at_.ExpectPath("the name of a table after LIKE"), {}};
  if (!at_.IsSymbol("(")) return like;
  Token open = at_.Take();
  while (!at_.IsSymbol(")")) {
    size_t merge =
        at_.ExpectOneOf({"INCLUDING", "EXCLUDING", "OVERWRITING"}, "INCLUDING, EXCLUDING, OVERWRITING or \")\"");
    Position begin = at_.here();
    LikeOption option{
        static_cast<LikeMerge>(merge),
        static_cast<LikeFeature>(at_.ExpectOneOf(
            {"ALL", "CONSTRAINTS", "DISTRIBUTION", "PARTITIONS", "GENERATED", "METADATA", "OPTIONS", "WATERMARKS"},
            "ALL, CONSTRAINTS, DISTRIBUTION, PARTITIONS, GENERATED, METADATA, OPTIONS or WATERMARKS"))};
    if (option.merge == LikeMerge::kOverwriting && option.feature < LikeFeature::kGenerated) {
      at_.FailAt(begin, "OVERWRITING is for GENERATED, METADATA, OPTIONS and WATERMARKS only");
    }
    like.options.push_back(option);
    at_.AcceptSymbol(",");
  }
  at_.ExpectClose(open);
  return like;
}

// PARTITION (a = 1, b)
PartitionSpec Grammar::ParsePartition() {
  at_.Expect("PARTITION");
  PartitionSpec spec;
  InParentheses([&] {
    PartitionValue value{at_.ExpectName("the name of a partition column"), nullptr};
    if (at_.AcceptSymbol("=")) value.value = ParsePrimary();
    spec.push_back(std::move(value));
  });
  return spec;
}

}  // namespace thalweg::sql
