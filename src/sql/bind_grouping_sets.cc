// GROUPING SETS, ROLLUP and CUBE: each row stands once for each set, with NULL in the keys that the set does not have and the set's
// number behind; groups are by the keys and the number.
#include <algorithm>
#include <climits>
#include <functional>

#include "base/ascii.h"
#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"

namespace thalweg::sql {

using expr::Expression;
using types::DataType;
using types::TypeId;

namespace {

constexpr size_t kMostGroupingSets = 4096;  // CUBE of 12 columns
constexpr size_t kMostCubeParts = 12;
constexpr size_t kMostGroupingArguments = 63;

/// Stands among the keys for the number of the set: a column that no input has.
Expression SetNumber() { return Expression::Input(INT_MAX, DataType(TypeId::kBigInt, false)); }

using KeySet = std::vector<int>;  // ascending
using KeySets = std::vector<KeySet>;

KeySet Merged(const KeySet& a, const KeySet& b) {
  KeySet all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// (), (a), (a, b), ... from the longest on.
KeySets RollupOf(const KeySets& parts) {
  KeySets sets;
  for (size_t length = parts.size() + 1; length-- > 0;) {
    KeySet set;
    for (size_t i = 0; i < length; ++i) set = Merged(set, parts[i]);
    sets.push_back(std::move(set));
  }
  return sets;
}

KeySets CubeOf(const KeySets& parts) {
  KeySets sets;
  for (size_t mask = size_t{1} << parts.size(); mask-- > 0;) {
    KeySet set;
    for (size_t i = 0; i < parts.size(); ++i)
      if ((mask >> (parts.size() - 1 - i)) & 1) set = Merged(set, parts[i]);
    sets.push_back(std::move(set));
  }
  return sets;
}

bool InSet(const KeySet& set, int key) { return std::binary_search(set.begin(), set.end(), key); }

}  // namespace

DataType Grouping::KeyType(size_t i) const {
  const bool always =
      std::all_of(sets.begin(), sets.end(), [&](const KeySet& set) { return InSet(set, static_cast<int>(i)); });
  const bool is_number = !sets.empty() && i + 1 == keys.size();
  return always || is_number ? keys[i].type() : keys[i].type().WithNullable(true);
}

void Binder::BindGroupingSets(const Select& select, Grouping& grouping) {
  const Position& at = select.items[0].expr->span.begin;
  // A key's place, or none of a group window, which is in every set.
  auto key_of = [&](const ExprPtr& expr) -> KeySet {
    const bool windowed = grouping.window.has_value();
    AddGroup(expr, grouping);
    if (!windowed && grouping.window) return {};
    const Expression key = BindExpr(*expr, {.scope = grouping.input, .clause = "GROUP BY"});
    return {static_cast<int>(std::find(grouping.keys.begin(), grouping.keys.end(), key) - grouping.keys.begin())};
  };
  auto keys_of = [&](const ExprPtr& expr) {
    auto* row = expr->As<RowValue>();
    if (!row) return key_of(expr);
    KeySet set;
    for (const ExprPtr& field : row->fields) set = Merged(set, key_of(field));
    return set;
  };
  std::function<KeySets(const GroupingElement&)> sets_of = [&](const GroupingElement& element) -> KeySets {
    KeySets parts;
    for (const ExprPtr& expr : element.exprs) parts.push_back(keys_of(expr));
    switch (element.kind) {
      case GroupingKind::kExpr: {
        KeySet set;
        for (const KeySet& part : parts) set = Merged(set, part);
        return {set};
      }
      case GroupingKind::kEmpty: return {{}};
      case GroupingKind::kRollup: return RollupOf(parts);
      case GroupingKind::kCube:
        if (parts.size() > kMostCubeParts) FailAt(at, fmt::format("CUBE takes at most {} elements", kMostCubeParts));
        return CubeOf(parts);
      case GroupingKind::kGroupingSets: break;
    }
    KeySets sets;
    for (const GroupingElement& each : element.elements)
      for (KeySet& set : sets_of(each)) sets.push_back(std::move(set));
    return sets;
  };
  KeySets all = {{}};
  for (const GroupingElement& element : *select.group_by) {
    KeySets product;
    const KeySets sets = sets_of(element);
    if (all.size() * sets.size() > kMostGroupingSets)
      FailAt(at, fmt::format("GROUP BY has more than {} grouping sets", kMostGroupingSets));
    for (const KeySet& a : all)
      for (const KeySet& b : sets) product.push_back(Merged(a, b));
    all = std::move(product);
  }
  if (select.group_by_distinct) {
    KeySets once;
    for (KeySet& set : all)
      if (std::find(once.begin(), once.end(), set) == once.end()) once.push_back(std::move(set));
    all = std::move(once);
  }
  if (all.size() == 1 && all[0].size() == grouping.keys.size()) return;
  grouping.sets = std::move(all);
  grouping.keys.push_back(SetNumber());
  grouping.key_exprs.push_back(nullptr);
}

// GROUPING(a, b), GROUPING_ID(a, b): a bit for each argument, 1 where the set does not have it. GROUP_ID(): how many equal sets stand
// before this one.
std::optional<Expression> Binder::BindGroupingFunction(const Call& call, const Expr& expr, const ExprContext& context) {
  const std::string name = AsciiUpper(call.name.back().text);
  const bool group_id = name == "GROUP_ID";
  if (!group_id && name != "GROUPING" && name != "GROUPING_ID") return std::nullopt;
  if (!context.grouping) FailAt(expr.span.begin, fmt::format("{} stands over groups: the query needs GROUP BY", name));
  const Grouping& grouping = *context.grouping;
  if (group_id != call.arguments.empty())
    FailAt(expr.span.begin, group_id ? "GROUP_ID takes no argument" : fmt::format("{} needs an argument", name));
  if (call.arguments.size() > kMostGroupingArguments)
    FailAt(expr.span.begin, fmt::format("{} takes at most {} arguments", name, kMostGroupingArguments));
  KeySet keys;
  for (const ExprPtr& argument : call.arguments) {
    const Expression key = BindExpr(*argument, {.scope = grouping.input, .clause = name});
    auto found = std::find(grouping.keys.begin(), grouping.keys.end(), key);
    if (found == grouping.keys.end())
      FailAt(argument->span.begin, fmt::format("The argument of {} must be an expression of GROUP BY", name));
    keys.push_back(static_cast<int>(found - grouping.keys.begin()));
  }
  auto value_of = [&](size_t set) {
    int64_t value = 0;
    if (group_id)
      return static_cast<int64_t>(
          std::count(grouping.sets.begin(), grouping.sets.begin() + static_cast<long>(set), grouping.sets[set]));
    for (int key : keys) value = value * 2 + (InSet(grouping.sets[set], key) ? 0 : 1);
    return value;
  };
  if (grouping.sets.empty()) return Expression::Literal(expr::Value::BigInt(0));
  const Expression number =
      Expression::Input(static_cast<int>(grouping.keys.size()) - 1, DataType(TypeId::kBigInt, false));
  Arguments cases;
  for (size_t set = 0; set + 1 < grouping.sets.size(); ++set) {
    cases.push_back(Resolve("=", {number, Expression::Literal(expr::Value::BigInt(static_cast<int64_t>(set)))}, expr));
    cases.push_back(Expression::Literal(expr::Value::BigInt(value_of(set))));
  }
  Expression last = Expression::Literal(expr::Value::BigInt(value_of(grouping.sets.size() - 1)));
  if (cases.empty()) return last;
  cases.push_back(std::move(last));
  return Resolve("CASE", std::move(cases), expr);
}

// One calc a set, all of them over the same rows: a row's copies go different ways anyway.
PlanPtr ExpandSets(PlanPtr input, const Grouping& grouping) {
  const int number = static_cast<int>(grouping.keys.size()) - 1;
  std::vector<PlanPtr> copies;
  for (size_t set = 0; set < grouping.sets.size(); ++set) {
    std::vector<Expression> columns = InputsOfAll(*input);
    std::vector<std::string> names;
    for (const PlanColumn& column : input->columns) names.push_back(column.name);
    for (int key = 0; key < number; ++key) {
      Expression& column = columns[static_cast<size_t>(key)];
      if (!InSet(grouping.sets[set], key))
        column = Expression::Literal(expr::Value::Null(column.type().WithNullable(true)));
    }
    columns[static_cast<size_t>(number)] = Expression::Literal(expr::Value::BigInt(static_cast<int64_t>(set)));
    names[static_cast<size_t>(number)] = "$e";
    copies.push_back(MakeCalc(input, std::nullopt, std::move(columns), std::move(names)));
  }
  return MakeUnion(std::move(copies));
}

}  // namespace thalweg::sql
