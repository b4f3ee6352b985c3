#include "sql/decorrelate.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"

namespace thalweg::sql {

using expr::Expression;
using types::DataType;
using types::TypeId;

namespace {

/// Stands for a column of a query around: its arguments are the level and the column. It is in no registry, so it never runs.
const expr::Function& OuterFunction() {
  static const expr::Function* function = [] {
    auto* made = new expr::Function;
    made->name = "$outer";
    made->typed = true;
    made->contextual = true;
    return made;
  }();
  return *function;
}

struct OuterRef {
  int level;
  int column;
  auto operator<=>(const OuterRef&) const = default;
};
using OuterColumns = std::map<OuterRef, DataType>;

std::optional<OuterRef> OuterRefOf(const Expression& e) {
  if (e.kind() != Expression::Kind::kCall || &e.function() != &OuterFunction()) return std::nullopt;
  return OuterRef{e.arguments()[0].value().number<int32_t>(), e.arguments()[1].value().number<int32_t>()};
}

/// The expression with each input and each reference replaced.
Expression Mapped(const Expression& e, const std::function<Expression(const Expression& input)>& input,
                  const std::function<Expression(const Expression& e, OuterRef ref)>& outer) {
  if (e.kind() == Expression::Kind::kLiteral) return e;
  if (e.kind() == Expression::Kind::kInput) return input(e);
  if (auto ref = OuterRefOf(e)) return outer(e, *ref);
  std::vector<Expression> arguments;
  for (const Expression& argument : e.arguments()) arguments.push_back(Mapped(argument, input, outer));
  return Expression::Call(e.function(), std::move(arguments), e.type());
}

Expression Moved(const Expression& e, int by) {
  return Mapped(
      e, [by](const Expression& input) { return Expression::Input(input.input() + by, input.type()); },
      [](const Expression& ref, OuterRef) { return ref; });
}

void CollectOuter(const Expression& e, OuterColumns& columns) {
  if (auto ref = OuterRefOf(e)) columns.emplace(*ref, e.type());
  for (const Expression& argument : e.arguments()) CollectOuter(argument, columns);
}

int IndexIn(const OuterColumns& columns, OuterRef ref) {
  return static_cast<int>(std::distance(columns.begin(), columns.find(ref)));
}

std::vector<Expression> ExpressionsOf(const Plan& plan) {
  if (auto* calc = plan.As<CalcPlan>()) {
    std::vector<Expression> all = calc->columns;
    if (calc->condition) all.push_back(*calc->condition);
    return all;
  }
  if (auto* join = plan.As<JoinPlan>(); join && join->condition) return {*join->condition};
  if (auto* join = plan.As<TemporalJoinPlan>(); join && join->condition) return {*join->condition};
  if (auto* unnest = plan.As<UnnestPlan>()) {
    std::vector<Expression> all = {unnest->collection};
    if (unnest->condition) all.push_back(*unnest->condition);
    return all;
  }
  return {};
}

Expression Equal(const Expression& a, const Expression& b, bool nulls_match) {
  return expr::Resolve(nulls_match ? "IS NOT DISTINCT FROM" : "=", {a, b}).value();
}

Expression True() { return Expression::Literal(expr::Value::Boolean(true)); }

bool AnyHasOuter(const std::vector<Expression>& all) { return std::any_of(all.begin(), all.end(), HasOuter); }

/// inner = outer: `inner` over a plan, `outer` over references alone.
struct Equality {
  Expression inner;
  KeyedSubquery::Key key;
};

std::optional<Equality> EqualityOf(const Expression& e) {
  if (e.kind() != Expression::Kind::kCall) return std::nullopt;
  const bool nulls_match = e.function().name == "IS NOT DISTINCT FROM";
  if (e.function().name != "=" && !nulls_match) return std::nullopt;
  const Expression *inner = &e.arguments()[0], *outer = &e.arguments()[1];
  if (HasOuter(*inner)) std::swap(inner, outer);
  if (HasOuter(*inner) || !HasOuter(*outer) || !expr::InputsOf(*outer).empty() || expr::InputsOf(*inner).empty() ||
      !expr::SameType(inner->type(), outer->type()))
    return std::nullopt;
  return Equality{*inner, {*outer, nulls_match}};
}

std::vector<std::string> NamesOfColumns(const Plan& plan) {
  std::vector<std::string> names;
  for (const PlanColumn& column : plan.columns) names.push_back(column.name);
  return names;
}

/// What an aggregate gives of no row.
Expression ResultOfNone(const graph::AggregateCall& call) {
  using expr::Value;
  if (call.type.nullable()) return Expression::Literal(Value::Null(call.type));
  if (call.function == "JSON_ARRAYAGG") return expr::Coerced(Expression::Literal(Value::String("[]")), call.type);
  if (call.function == "JSON_OBJECTAGG") return expr::Coerced(Expression::Literal(Value::String("{}")), call.type);
  if (call.type.children().empty()) return expr::Coerced(Expression::Literal(Value::Int(0)), call.type);     // COUNT
  return Expression::Literal(Value::Build(call.type, [](columns::ColumnBuilder& out) { out.CloseRow(); }));  // COLLECT
}

/// The walk through one subquery. Each method takes the references out of one kind of node.
class Decorrelator {
 public:
  explicit Decorrelator(const Surroundings& around) : around_(around) {}

  Hoisted Visit(const PlanPtr& plan) {
    if (!PlanHasOuter(*plan)) return {plan, InputsOfAll(*plan), {}, {}};
    if (auto* n = plan->As<CalcPlan>()) return Calc(*n);
    if (auto* n = plan->As<AggregatePlan>()) return Aggregate(*n);
    if (auto* n = plan->As<JoinPlan>()) return n->type == JoinType::kInner ? InnerJoin(*n) : OtherJoin(*n);
    if (auto* n = plan->As<TemporalJoinPlan>()) return TemporalJoin(*n);
    if (auto* n = plan->As<UnionPlan>()) return Union(*n);
    if (auto* n = plan->As<OverPlan>()) return Over(*n);
    if (auto* n = plan->As<RankPlan>()) return Rank(*n, *plan);
    if (auto* n = plan->As<SortPlan>()) return Sort(*n);
    if (auto* n = plan->As<WindowPlan>()) return Window(*n);
    if (auto* n = plan->As<UnnestPlan>()) return Unnest(*n, *plan);
    Fail();
  }

  KeyedSubquery Keys(Hoisted h) {
    h = Plain(std::move(h));
    std::vector<Equality> equalities;
    for (const Expression& e : h.conjuncts)
      if (auto equality = EqualityOf(e)) equalities.push_back(*std::move(equality));
    if (equalities.size() < h.conjuncts.size() || AnyHasOuter(h.outputs)) return Keys(OnDomain(h, DomainOf({&h})));
    KeyedSubquery keyed;
    keyed.outputs = static_cast<int>(h.outputs.size());
    std::vector<Expression> columns = h.outputs;
    std::vector<std::string> names;
    for (size_t i = 0; i < columns.size(); ++i) names.push_back(fmt::format("$f{}", i));
    for (const Equality& equality : equalities) {
      columns.push_back(equality.inner);
      names.push_back(fmt::format("$key{}", keyed.keys.size()));
      keyed.keys.push_back(equality.key);
    }
    keyed.plan = MakeCalc(h.plan, std::nullopt, std::move(columns), std::move(names));
    return keyed;
  }

 private:
  [[noreturn]] void Fail() const {
    FailAt(around_.at, "This subquery refers to the query around it in a way that is not supported",
           "conditions on its columns may stand in WHERE, ON, HAVING and below aggregates");
  }

  // --- Domains: where a condition is more than an equality, the subquery is computed for each value of what it refers to.

  OuterColumns DomainOf(const std::vector<const Hoisted*>& parts, const std::vector<Expression>& more = {}) const {
    OuterColumns columns;
    for (const Hoisted* part : parts) {
      for (const Expression& e : part->conjuncts) CollectOuter(e, columns);
      for (const Expression& e : part->outputs) CollectOuter(e, columns);
      if (!part->one_row) continue;
      for (const auto* list : {&part->one_row->outputs_of_none, &part->one_row->tests, &part->one_row->tests_of_none})
        for (const Expression& e : *list) CollectOuter(e, columns);
    }
    for (const Expression& e : more) CollectOuter(e, columns);
    return columns;
  }

  /// The distinct values of columns of one query around.
  PlanPtr DomainOfLevel(int level, const std::vector<int>& columns) const {
    if (static_cast<size_t>(level) > around_.further.size() + 1) Fail();
    const PlanPtr& plan = level == 1 ? around_.plan : around_.further[static_cast<size_t>(level) - 2];
    if (level > 1 && PlanHasOuter(*plan)) Fail();
    std::vector<Expression> values;
    std::vector<std::string> names;
    for (int column : columns) {
      values.push_back(InputOf(*plan, level == 1 && around_.column ? around_.column(column) : column));
      names.push_back(fmt::format("$domain{}", names.size()));
    }
    std::vector<int> keys(values.size());
    std::iota(keys.begin(), keys.end(), 0);
    return MakeAggregate(
        {.input = MakeCalc(plan, std::nullopt, std::move(values), std::move(names)), .keys = std::move(keys)});
  }

  PlanPtr Domain(const OuterColumns& columns) const {
    std::map<int, std::vector<int>> levels;
    for (const auto& [ref, type] : columns) levels[ref.level].push_back(ref.column);
    PlanPtr domain;
    for (const auto& [level, of_level] : levels) {
      PlanPtr values = DomainOfLevel(level, of_level);
      domain = domain ? MakeJoinOn(JoinType::kInner, std::move(domain), std::move(values), {}) : std::move(values);
    }
    return domain;
  }

  /// `e` over a plan that begins with the columns of a domain, the plan of `e` from column `moved` on.
  static Expression OverDomain(const Expression& e, const OuterColumns& columns, int moved) {
    return Mapped(
        e, [moved](const Expression& input) { return Expression::Input(input.input() + moved, input.type()); },
        [&](const Expression& ref, OuterRef outer) { return Expression::Input(IndexIn(columns, outer), ref.type()); });
  }

  static std::vector<Expression> DomainConjuncts(const OuterColumns& columns) {
    std::vector<Expression> conjuncts;
    for (const auto& [ref, type] : columns)
      conjuncts.push_back(Equal(Expression::Input(static_cast<int>(conjuncts.size()), type),
                                OuterColumn(ref.level, ref.column, type), type.nullable()));
    return conjuncts;
  }

  /// The rows for each value of the domain; its columns are the first of the plan.
  Hoisted OnDomain(const Hoisted& h, const OuterColumns& columns) const {
    if (columns.empty()) Fail();
    for (const auto& [ref, type] : columns)
      if (!expr::Resolve("IS NOT DISTINCT FROM", {Expression::Input(0, type), Expression::Input(0, type)}).ok()) Fail();
    const int width = static_cast<int>(columns.size());
    auto over = [&](const std::vector<Expression>& list) {
      std::vector<Expression> mapped;
      for (const Expression& e : list) mapped.push_back(OverDomain(e, columns, width));
      return mapped;
    };
    Hoisted result;
    result.conjuncts = DomainConjuncts(columns);
    if (!h.one_row) {
      result.plan = MakeJoinOn(JoinType::kInner, Domain(columns), h.plan, over(h.conjuncts));
      result.outputs = over(h.outputs);
      return result;
    }
    // Every value has its one row: computed, or that of none.
    const PlanPtr inner = WithTrue(h.plan);
    result.plan = MakeJoinOn(JoinType::kLeft, Domain(columns), inner, over(h.conjuncts));
    const Expression found = Found(*result.plan);
    const std::vector<Expression> outputs = over(h.outputs), none = over(h.one_row->outputs_of_none);
    for (size_t i = 0; i < outputs.size(); ++i) result.outputs.push_back(Choose(found, outputs[i], none[i]));
    auto all = [](const std::vector<Expression>& tests) { return JoinConjuncts(tests).value_or(True()); };
    if (!h.one_row->tests.empty())
      result.plan =
          MakeFilter(result.plan, Choose(found, all(over(h.one_row->tests)), all(over(h.one_row->tests_of_none))));
    return result;
  }

 public:
  static PlanPtr WithTrue(const PlanPtr& plan) {
    std::vector<Expression> columns = InputsOfAll(*plan);
    std::vector<std::string> names = NamesOfColumns(*plan);
    columns.push_back(True());
    names.push_back("$found");
    return MakeCalc(plan, std::nullopt, std::move(columns), std::move(names));
  }
  /// Whether a left join found a row of a plan WithTrue.
  static Expression Found(const Plan& joined) {
    return expr::Resolve("IS NOT NULL", {InputOf(joined, static_cast<int>(joined.columns.size()) - 1)}).value();
  }
  static Expression Choose(const Expression& condition, const Expression& a, const Expression& b) {
    return expr::Resolve("CASE", {condition, a, b}).value();
  }

 private:
  Hoisted Plain(Hoisted h) const { return h.one_row ? OnDomain(h, DomainOf({&h})) : std::move(h); }

  // --- Nodes.

  Hoisted Calc(const CalcPlan& calc) {
    Hoisted h = Visit(calc.input);
    std::vector<Expression> conjuncts;
    if (calc.condition) SplitConjuncts(*calc.condition, conjuncts);
    for (const Expression& conjunct : conjuncts) {
      Expression e = expr::ReplaceInputs(conjunct, h.outputs);
      if (h.one_row) {
        h.one_row->tests.push_back(std::move(e));
        h.one_row->tests_of_none.push_back(expr::ReplaceInputs(conjunct, h.one_row->outputs_of_none));
      } else if (HasOuter(e)) {
        h.conjuncts.push_back(std::move(e));
      } else {
        h.plan = MakeFilter(h.plan, std::move(e));
      }
    }
    std::vector<Expression> outputs, none;
    for (const Expression& column : calc.columns) {
      outputs.push_back(expr::ReplaceInputs(column, h.outputs));
      if (h.one_row) none.push_back(expr::ReplaceInputs(column, h.one_row->outputs_of_none));
    }
    h.outputs = std::move(outputs);
    if (h.one_row) h.one_row->outputs_of_none = std::move(none);
    return h;
  }

  /// Columns [0, `split`) of `plan` as they stand, the others behind `keys` more; and the equalities of those keys.
  static Hoisted Around(PlanPtr plan, int split, const std::vector<KeyedSubquery::Key>& keys) {
    const int more = static_cast<int>(keys.size());
    Hoisted h;
    for (int i = 0; i < static_cast<int>(plan->columns.size()); ++i)
      if (i < split || i >= split + more) h.outputs.push_back(InputOf(*plan, i));
    for (int i = 0; i < more; ++i)
      h.conjuncts.push_back(Equal(InputOf(*plan, split + i), keys[static_cast<size_t>(i)].outer,
                                  keys[static_cast<size_t>(i)].nulls_match));
    h.plan = std::move(plan);
    return h;
  }

  static void AppendKeys(const KeyedSubquery& keyed, std::vector<int>& columns) {
    for (size_t i = 0; i < keyed.keys.size(); ++i) columns.push_back(keyed.outputs + static_cast<int>(i));
  }

  Hoisted Aggregate(const AggregatePlan& aggregate) {
    KeyedSubquery input = Keys(Visit(aggregate.input));
    AggregatePlan node = aggregate;
    node.input = input.plan;
    AppendKeys(input, node.keys);
    Hoisted h = Around(MakeAggregate(std::move(node)), static_cast<int>(aggregate.keys.size()), input.keys);
    if (!aggregate.keys.empty() || aggregate.window) return h;
    h.one_row.emplace();
    for (const graph::AggregateCall& call : aggregate.calls) h.one_row->outputs_of_none.push_back(ResultOfNone(call));
    return h;
  }

  Hoisted InnerJoin(const JoinPlan& join) {
    const Hoisted left = Plain(Visit(join.left)), right = Plain(Visit(join.right));
    const int width = static_cast<int>(left.plan->columns.size());
    Hoisted h;
    h.outputs = left.outputs;
    for (const Expression& e : right.outputs) h.outputs.push_back(Moved(e, width));
    std::vector<Expression> conjuncts = left.conjuncts, apart;
    for (const Expression& e : right.conjuncts) conjuncts.push_back(Moved(e, width));
    for (const Expression& e : ConditionsOf(join)) conjuncts.push_back(expr::ReplaceInputs(e, h.outputs));
    for (const Expression& e : conjuncts) (HasOuter(e) ? h.conjuncts : apart).push_back(e);
    h.plan = MakeJoinOn(JoinType::kInner, left.plan, right.plan, apart);
    return h;
  }

  /// Keys and condition, over the columns of both sides.
  static std::vector<Expression> ConditionsOf(const JoinPlan& join) {
    std::vector<Expression> conjuncts;
    const int width = static_cast<int>(join.left->columns.size());
    for (const JoinKey& key : join.keys)
      conjuncts.push_back(
          Equal(InputOf(*join.left, key.left),
                Expression::Input(width + key.right, join.right->columns[static_cast<size_t>(key.right)].type),
                key.nulls_match));
    if (join.condition) SplitConjuncts(*join.condition, conjuncts);
    return conjuncts;
  }

  // A condition on the left side may be looked at behind the join; one on the right decides what is padded or left out.
  Hoisted OtherJoin(const JoinPlan& join) {
    if (join.type == JoinType::kRight || join.type == JoinType::kFull) Fail();
    Hoisted left = Plain(Visit(join.left)), right = Plain(Visit(join.right));
    const std::vector<Expression> conditions = ConditionsOf(join);
    std::vector<Expression> keys;
    if (!right.conjuncts.empty() || AnyHasOuter(right.outputs) || AnyHasOuter(left.outputs) ||
        AnyHasOuter(conditions)) {
      const OuterColumns columns = DomainOf({&left, &right}, conditions);
      left = OnDomain(left, columns);
      right = OnDomain(right, columns);
      int i = 0;
      const int width = static_cast<int>(left.plan->columns.size());
      for (const auto& [ref, type] : columns) {
        keys.push_back(Equal(Expression::Input(i, type), Expression::Input(width + i, type), type.nullable()));
        ++i;
      }
      return JoinOn(join, left, right, conditions, std::move(keys), &columns);
    }
    return JoinOn(join, left, right, conditions, {}, nullptr);
  }

  static Hoisted JoinOn(const JoinPlan& join, const Hoisted& left, const Hoisted& right,
                        const std::vector<Expression>& conditions, std::vector<Expression> on,
                        const OuterColumns* domain) {
    const int width = static_cast<int>(left.plan->columns.size());
    std::vector<Expression> both = left.outputs;
    for (const Expression& e : right.outputs) both.push_back(Moved(e, width));
    for (const Expression& e : conditions) {
      Expression over = expr::ReplaceInputs(e, both);
      on.push_back(domain ? OverDomain(over, *domain, 0) : std::move(over));
    }
    Hoisted h;
    h.plan = MakeJoinOn(join.type, left.plan, right.plan, on);
    h.outputs = join.type == JoinType::kLeft ? both : left.outputs;
    h.conjuncts = left.conjuncts;
    return h;
  }

  Hoisted TemporalJoin(const TemporalJoinPlan& join) {
    if (PlanHasOuter(*join.right) || (join.condition && HasOuter(*join.condition))) Fail();
    const KeyedSubquery left = Keys(Visit(join.left));
    const int more = static_cast<int>(left.keys.size());
    TemporalJoinPlan node = join;
    node.left = left.plan;
    if (node.condition) {
      std::vector<int> to(join.left->columns.size() + join.right->columns.size());
      for (int i = 0; i < static_cast<int>(to.size()); ++i)
        to[static_cast<size_t>(i)] = i < left.outputs ? i : i + more;
      node.condition = expr::RemapInputs(*node.condition, to);
    }
    return Around(MakeTemporalJoin(std::move(node)), left.outputs, left.keys);
  }

  Hoisted Union(const UnionPlan& node) {
    std::vector<Hoisted> parts;
    std::vector<const Hoisted*> all;
    for (const PlanPtr& input : node.inputs) parts.push_back(Plain(Visit(input)));
    for (const Hoisted& part : parts) all.push_back(&part);
    std::vector<KeyedSubquery> keyed;
    for (const Hoisted& part : parts) keyed.push_back(Keys(part));
    if (std::any_of(keyed.begin(), keyed.end(),
                    [&](const KeyedSubquery& each) { return each.keys != keyed[0].keys; })) {
      const OuterColumns columns = DomainOf(all);
      for (size_t i = 0; i < parts.size(); ++i) keyed[i] = Keys(OnDomain(parts[i], columns));
    }
    std::vector<PlanPtr> inputs;
    for (const KeyedSubquery& each : keyed) inputs.push_back(each.plan);
    return Around(MakeUnion(std::move(inputs)), keyed[0].outputs, keyed[0].keys);
  }

  Hoisted Over(const OverPlan& over) {
    const KeyedSubquery input = Keys(Visit(over.input));
    OverPlan node = over;
    node.input = input.plan;
    AppendKeys(input, node.partition);
    return Around(MakeOver(std::move(node)), input.outputs, input.keys);
  }

  Hoisted Rank(const RankPlan& rank, const Plan& plan) {
    const KeyedSubquery input = Keys(Visit(rank.input));
    RankPlan node = rank;
    node.input = input.plan;
    AppendKeys(input, node.partition);
    return Around(MakeRank(std::move(node), rank.number ? plan.columns.back().name : ""), input.outputs, input.keys);
  }

  // The order of a subquery's rows is nothing; with a LIMIT it says which they are.
  Hoisted Sort(const SortPlan& sort) {
    Hoisted h = Visit(sort.input);
    if (sort.offset == 0 && (!sort.limit || (h.one_row && *sort.limit > 0))) return h;
    if (!sort.limit || *sort.limit == 0) Fail();
    const KeyedSubquery input = Keys(std::move(h));
    RankPlan node{.input = input.plan, .order = sort.keys, .from = sort.offset + 1, .to = sort.offset + *sort.limit};
    AppendKeys(input, node.partition);
    return Around(MakeRank(std::move(node), ""), input.outputs, input.keys);
  }

  Hoisted Window(const WindowPlan& window) {
    const KeyedSubquery input = Keys(Visit(window.input));
    graph::WindowShape shape = window.shape;
    if (shape.kind == graph::WindowShape::Kind::kSession) AppendKeys(input, shape.partition);
    return Around(MakeWindow(input.plan, std::move(shape)), input.outputs, input.keys);
  }

  Hoisted Unnest(const UnnestPlan& unnest, const Plan& plan) {
    std::vector<PlanColumn> appended(plan.columns.begin() + static_cast<long>(unnest.input->columns.size()),
                                     plan.columns.end());
    Hoisted h = Plain(Visit(unnest.input));
    OuterColumns columns;
    const bool collection_refers = HasOuter(unnest.collection);
    if (collection_refers) {
      columns = DomainOf({&h}, {unnest.collection});
      h = OnDomain(h, columns);
    }
    const KeyedSubquery input = Keys(std::move(h));
    UnnestPlan node = unnest;
    node.input = input.plan;
    // The keys of a domain are its columns.
    if (collection_refers)
      node.collection = Mapped(
          unnest.collection, [](const Expression& e) { return e; },
          [&](const Expression& ref, OuterRef outer) {
            return Expression::Input(input.outputs + IndexIn(columns, outer), ref.type());
          });
    // The keys stand between the columns that it had and the element's.
    if (node.condition) {
      const int keys = static_cast<int>(input.plan->columns.size()) - input.outputs;
      node.condition = Mapped(
          *unnest.condition,
          [&](const Expression& e) {
            return e.input() < input.outputs ? e : Expression::Input(e.input() + keys, e.type());
          },
          [&](const Expression&, OuterRef) -> Expression { Fail(); });
    }
    return Around(MakeUnnest(std::move(node), std::move(appended)), input.outputs, input.keys);
  }

  const Surroundings& around_;
};

}  // namespace

Expression OuterColumn(int level, int column, DataType type) {
  return Expression::Call(OuterFunction(),
                          {Expression::Literal(expr::Value::Int(level)), Expression::Literal(expr::Value::Int(column))},
                          std::move(type));
}

bool HasOuter(const Expression& e) {
  if (OuterRefOf(e)) return true;
  return std::any_of(e.arguments().begin(), e.arguments().end(), HasOuter);
}

bool PlanHasOuter(const Plan& plan) {
  const std::vector<Expression> own = ExpressionsOf(plan);
  if (std::any_of(own.begin(), own.end(), HasOuter)) return true;
  const std::vector<PlanPtr> inputs = InputsOfPlan(plan);
  return std::any_of(inputs.begin(), inputs.end(), [](const PlanPtr& input) { return PlanHasOuter(*input); });
}

Expression Surroundings::Joined(const Expression& e, int width) const {
  return Mapped(
      e, [width](const Expression& input) { return Expression::Input(input.input() + width, input.type()); },
      [this](const Expression& ref, OuterRef outer) {
        if (outer.level > 1) return OuterColumn(outer.level - 1, outer.column, ref.type());
        return Expression::Input(column ? column(outer.column) : outer.column, ref.type());
      });
}

Hoisted Hoist(const PlanPtr& subquery, const Surroundings& around) { return Decorrelator(around).Visit(subquery); }

KeyedSubquery Keyed(Hoisted hoisted, const Surroundings& around) {
  return Decorrelator(around).Keys(std::move(hoisted));
}

KeyedSubquery HoistKeyed(const PlanPtr& subquery, const Surroundings& around) {
  return Keyed(Hoist(subquery, around), around);
}

}  // namespace thalweg::sql
