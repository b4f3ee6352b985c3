#include "expr/aggregates.h"

#include <algorithm>

#include "base/ascii.h"
#include "expr/type_rules.h"

namespace thalweg::expr {

using types::DataType;
using types::TypeId;

namespace {

using Types = std::vector<DataType>;
using Inferred = std::optional<DataType>;

DataType BigIntNotNull() { return DataType(TypeId::kBigInt, false); }

/// Of an aggregate that is NULL only of no value: NOT NULL where every group has one.
DataType NullIfEmpty(DataType type, const DataType& argument, bool never_empty) {
  return type.WithNullable(argument.nullable() || !never_empty);
}

Inferred InferCount(const Types&, bool) { return BigIntNotNull(); }

Inferred InferSum(const Types& a, bool never_empty) {
  if (a.size() != 1 || !IsNumeric(a[0].id())) return std::nullopt;
  return NullIfEmpty(SumType(a[0]), a[0], never_empty);
}

Inferred InferSum0(const Types& a, bool) {
  if (a.size() != 1 || !IsNumeric(a[0].id())) return std::nullopt;
  return SumType(a[0]).WithNullable(false);
}

Inferred InferAverage(const Types& a, bool never_empty) {
  if (a.size() != 1 || !IsNumeric(a[0].id())) return std::nullopt;
  return NullIfEmpty(AverageType(a[0]), a[0], never_empty);
}

// Of one row there is no sample variance, so it is nullable whatever the argument is.
Inferred InferSample(const Types& a, bool) {
  if (a.size() != 1 || !IsNumeric(a[0].id())) return std::nullopt;
  return AverageType(a[0]).WithNullable(true);
}

Inferred InferExtreme(const Types& a, bool never_empty) {
  if (a.size() != 1 || !a[0].children().empty() || a[0].id() == TypeId::kObject || a[0].id() == TypeId::kNull)
    return std::nullopt;
  return NullIfEmpty(a[0], a[0], never_empty);
}

Inferred InferSameType(const Types& a, bool never_empty) {
  if (a.size() != 1 || a[0].id() == TypeId::kObject) return std::nullopt;
  return NullIfEmpty(a[0], a[0], never_empty);
}

Inferred InferSingle(const Types& a, bool) {
  if (a.size() != 1 || a[0].id() == TypeId::kObject) return std::nullopt;
  return a[0].WithNullable(true);
}

Inferred InferListAgg(const Types& a, bool never_empty) {
  if (a.empty() || a.size() > 2) return std::nullopt;
  for (const DataType& type : a)
    if (type.id() != TypeId::kString) return std::nullopt;
  return NullIfEmpty(DataType(TypeId::kString), a[0], never_empty);
}

Inferred InferCollect(const Types& a, bool) {
  if (a.size() != 1 || a[0].id() == TypeId::kObject) return std::nullopt;
  return DataType::Multiset(a[0], false);
}

Inferred InferArrayAgg(const Types& a, bool) {
  if (a.size() != 1 || a[0].id() == TypeId::kObject) return std::nullopt;
  return DataType::Array(a[0]);
}

Inferred InferObjectAgg(const Types& a, bool) {
  if (a.size() != 2 || a[0].id() != TypeId::kString) return std::nullopt;
  return DataType(TypeId::kString, false);
}

Inferred InferJsonArray(const Types& a, bool) {
  if (a.size() != 1) return std::nullopt;
  return DataType(TypeId::kString, false);
}

Inferred InferPercentile(const Types& a, bool) {
  if (a.size() < 2 || a.size() > 3 || !IsNumeric(a[0].id())) return std::nullopt;
  if (a.size() == 3 && !IsInteger(a[2].id())) return std::nullopt;
  if (IsNumeric(a[1].id())) return DataType(TypeId::kDouble);
  if (a[1].id() != TypeId::kArray || !IsNumeric(a[1].children()[0].type.id())) return std::nullopt;
  return DataType::Array(DataType(TypeId::kDouble));
}

Inferred InferRank(const Types& a, bool) {
  if (!a.empty()) return std::nullopt;
  return BigIntNotNull();
}

Inferred InferShare(const Types& a, bool) {
  if (!a.empty()) return std::nullopt;
  return DataType(TypeId::kDouble, false);
}

Inferred InferTile(const Types& a, bool) {
  if (a.size() != 1 || !IsInteger(a[0].id())) return std::nullopt;
  return BigIntNotNull();
}

Inferred InferCountOfValues(const Types& a, bool) {
  if (a.size() != 1) return std::nullopt;
  return BigIntNotNull();
}

Inferred InferOffset(const Types& a, bool) {
  if (a.empty() || a.size() > 3) return std::nullopt;
  if (a.size() > 1 && !IsInteger(a[1].id())) return std::nullopt;
  if (a.size() == 3 && !CastsImplicitly(a[2], a[0])) return std::nullopt;
  return a[0].WithNullable(a.size() < 3 || a[0].nullable() || a[2].nullable());
}

Aggregate Over(std::string name, std::string signature, std::function<Inferred(const Types&, bool)> infer) {
  Aggregate aggregate{std::move(name), {std::move(signature)}, std::move(infer)};
  aggregate.over_only = true;
  return aggregate;
}

Aggregate Json(std::string name, std::string signature, int json_argument,
               std::function<Inferred(const Types&, bool)> infer) {
  Aggregate aggregate{std::move(name), {std::move(signature)}, std::move(infer)};
  aggregate.json_argument = json_argument;
  return aggregate;
}

Aggregate Extreme(std::string name) {
  Aggregate aggregate{name, {name + "(<COMPARABLE>)"}, InferExtreme};
  aggregate.ignores_distinct = true;
  return aggregate;
}

std::vector<Aggregate> MakeAll() {
  std::vector<Aggregate> all = {
      {"APPROX_COUNT_DISTINCT", {"APPROX_COUNT_DISTINCT(<ANY>)"}, InferCountOfValues},
      {"COUNT", {"COUNT(*)", "COUNT(<ANY> [, <ANY>, ...])"}, InferCount},
      {"SUM", {"SUM(<NUMERIC>)"}, InferSum},
      {"$SUM0", {"$SUM0(<NUMERIC>)"}, InferSum0},
      {"AVG", {"AVG(<NUMERIC>)"}, InferAverage},
      Extreme("MIN"),
      Extreme("MAX"),
      {"FIRST_VALUE", {"FIRST_VALUE(<ANY>)"}, InferSameType},
      {"LAST_VALUE", {"LAST_VALUE(<ANY>)"}, InferSameType},
      {"STDDEV_POP", {"STDDEV_POP(<NUMERIC>)"}, InferAverage},
      {"STDDEV_SAMP", {"STDDEV_SAMP(<NUMERIC>)"}, InferSample},
      {"VAR_POP", {"VAR_POP(<NUMERIC>)"}, InferAverage},
      {"VAR_SAMP", {"VAR_SAMP(<NUMERIC>)"}, InferSample},
      {"STDDEV", {"STDDEV(<NUMERIC>)"}, InferSample},
      {"VARIANCE", {"VARIANCE(<NUMERIC>)"}, InferSample},
      {"SINGLE_VALUE", {"SINGLE_VALUE(<ANY>)"}, InferSingle},
      {"LISTAGG", {"LISTAGG(<STRING> [, <STRING>])"}, InferListAgg},
      {"COLLECT", {"COLLECT(<ANY>)"}, InferCollect},
      {"ARRAY_AGG", {"ARRAY_AGG(<ANY>)"}, InferArrayAgg},
      {"PERCENTILE",
       {"PERCENTILE(<NUMERIC>, <NUMERIC> [, <INTEGER>])", "PERCENTILE(<NUMERIC>, ARRAY<NUMERIC> [, <INTEGER>])"},
       InferPercentile},
      Json("JSON_OBJECTAGG", "JSON_OBJECTAGG(KEY <STRING> VALUE <ANY>)", 1, InferObjectAgg),
      Json("JSON_ARRAYAGG", "JSON_ARRAYAGG(<ANY>)", 0, InferJsonArray),
      Over("ROW_NUMBER", "ROW_NUMBER()", InferRank),
      Over("RANK", "RANK()", InferRank),
      Over("CUME_DIST", "CUME_DIST()", InferShare),
      Over("PERCENT_RANK", "PERCENT_RANK()", InferShare),
      Over("NTILE", "NTILE(<INTEGER>)", InferTile),
      Over("DENSE_RANK", "DENSE_RANK()", InferRank),
      Over("LAG", "LAG(<ANY> [, <INTEGER> [, <ANY>]])", InferOffset),
      Over("LEAD", "LEAD(<ANY> [, <INTEGER> [, <ANY>]])", InferOffset),
  };
  std::sort(all.begin(), all.end(), [](const Aggregate& a, const Aggregate& b) { return a.name < b.name; });
  return all;
}

std::string Listed(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(between)) + part;
  return text;
}

}  // namespace

const std::vector<Aggregate>& AllAggregates() {
  static const std::vector<Aggregate> all = MakeAll();
  return all;
}

const Aggregate* FindAggregate(std::string_view name) {
  const std::string upper = AsciiUpper(name);
  for (const Aggregate& aggregate : AllAggregates())
    if (aggregate.name == upper) return &aggregate;
  return nullptr;
}

Result<DataType> AggregateResultType(std::string_view name, const Types& arguments, bool grouped) {
  const Aggregate* aggregate = FindAggregate(name);
  if (!aggregate) return UserError("Unknown aggregate function: {}", AsciiUpper(name));
  if (Inferred type = aggregate->infer(arguments, grouped)) return *type;
  std::vector<std::string> given;
  for (const DataType& argument : arguments) given.push_back(argument.WithNullable(true).ToString());
  const std::string known = Listed(aggregate->signatures, ", ");
  if (arguments.empty()) return UserError("{} needs arguments. It takes: {}", aggregate->name, known);
  return UserError("{} does not take ({}). It takes: {}", aggregate->name, Listed(given, ", "), known);
}

}  // namespace thalweg::expr
