#include "operators/broadcast_process.h"

#include "testing/harness.h"

namespace thalweg::operators {
namespace {

using namespace thalweg::testing;
using Order = std::pair<std::string, int>;
using Rule = std::pair<std::string, int>;

std::string CustomerOf(const Order& order) { return order.first; }

constexpr BroadcastStateDescriptor<std::string, int> kLimits{"limits"};
state::ValueStateDescriptor<int> Total() { return {.name = "total"}; }

/// Sums the orders of a customer; tells those above the limit "all" (none: no limit), and what is open after 10 s.
struct Limits {
  using ReadOnly = ReadOnlyBroadcastContext<std::string>;
  void Open(RuntimeContext& runtime) { total = runtime.GetState(Total()); }
  void ProcessElement(const Order& order, ReadOnly& context, Collector<std::string>& out) {
    total.Update(total.ValueOr(0) + order.second);
    context.RegisterEventTimer(10'000);
    auto limit = context.GetBroadcastState(kLimits).Get("all");
    if (limit && *total.Value() > *limit) out.Collect(fmt::format("{}: {} > {}", order.first, *total.Value(), *limit));
  }
  void ProcessBroadcastElement(const Rule& rule, BroadcastContext<std::string>& context, Collector<std::string>& out) {
    state::BroadcastState<std::string, int>& limits = context.GetBroadcastState(kLimits);
    if (rule.second == 0)
      limits.Remove(rule.first);
    else
      limits.Put(rule.first, rule.second);
    context.ApplyToKeyedState(Total(), [&](const std::string& customer, state::ValueState<int>& sum) {
      if (*sum.Value() > rule.second && rule.second > 0) out.Collect(fmt::format("{} has {}", customer, *sum.Value()));
      if (rule.first == "clear") sum.Clear();
    });
  }
  void OnTimer(int64_t time, ReadOnly& context, Collector<std::string>& out) {
    out.Collect(fmt::format("{} at {}: {} of {}", context.current_key(), time, total.ValueOr(-1),
                            context.GetBroadcastState(kLimits).Get("all").value_or(-1)));
  }
  state::ValueState<int> total;
};

auto LimitsOperator() { return KeyedBroadcastProcess<Order, Rule, std::string, std::string>(Limits{}); }

TEST(KeyedBroadcastProcess, RowsReadTheStateThatBroadcastRowsChange) {
  Harness<Order, std::string>(LimitsOperator())
      .KeyBy(CustomerOf)
      .Rows({{{"ann", 5}, 1s}, {{"bob", 9}, 1s}})
      .ExpectNothing()
      .RowsOn<Rule>(1, {{{"all", 100}, 2s}})
      .ExpectNothing()
      .Rows({{{"ann", 96}, 3s}, {{"bob", 91}, 3s}})
      .Expect({{"ann: 101 > 100", 3s}})
      .RowsOn<Rule>(1, {{{"all", 0}}})
      .Rows({{{"ann", 1}, 4s}})
      .ExpectNothing();
}

TEST(KeyedBroadcastProcess, ABroadcastRowMayLookAtTheStateOfEveryKeyAndClearIt) {
  Harness<Order, std::string>(LimitsOperator())
      .KeyBy(CustomerOf)
      .Rows({{{"ann", 5}, 1s}, {{"bob", 9}, 1s}, {{"ann", 2}, 1s}})
      .RowsOn<Rule>(1, {{{"some", 6}, 2s}})
      .Expect({{"ann has 7", 2s}, {"bob has 9", 2s}})
      .RowsOn<Rule>(1, {{{"clear", 8}, 3s}})
      .Expect({{"bob has 9", 3s}})
      .ExpectEntries(0)
      .Rows({{{"bob", 1}, 4s}})
      .RowsOn<Rule>(1, {{{"some", 1}, 5s}, {{"some", 0}, 5s}})
      .ExpectNothing();
}

TEST(KeyedBroadcastProcess, TimersReadTheBroadcastState) {
  Harness<Order, std::string>(LimitsOperator())
      .KeyBy(CustomerOf)
      .Rows({{{"ann", 5}, 1s}})
      .RowsOn<Rule>(1, {{{"all", 100}, 2s}})
      .Watermark(10s)
      .Expect({{"ann at 10000: 5 of 100", 10s}});
}

TEST(KeyedBroadcastProcess, KeyedStateHasNoKeyForABroadcastRow) {
  struct Wrong : Limits {
    void ProcessElement(const Order&, ReadOnly&, Collector<std::string>&) { total.Update(1); }
    void ProcessBroadcastElement(const Rule&, BroadcastContext<std::string>&, Collector<std::string>&) {
      total.Update(2);
    }
  };
  Harness<Order, std::string>(KeyedBroadcastProcess<Order, Rule, std::string, std::string>(Wrong{}))
      .KeyBy(CustomerOf)
      .Rows({{{"ann", 5}}})
      .RowsOn<Rule>(1, {{{"all", 1}}})
      .ExpectError("Keyed state is asked for where there is no key");
}

TEST(BroadcastProcess, WithoutKeysRowsReadTheState) {
  struct Above {
    void ProcessElement(int n, ReadOnlyBroadcastContext<>& context, Collector<int>& out) {
      if (n > context.GetBroadcastState(kLimits).Get("all").value_or(0)) out.Collect(n);
    }
    void ProcessBroadcastElement(const Rule& rule, BroadcastContext<>& context, Collector<int>&) {
      context.GetBroadcastState(kLimits).Put(rule.first, rule.second);
    }
  };
  Harness<int>(BroadcastProcess<int, Rule, int>(Above{}))
      .Rows({{1, 1s}})
      .RowsOn<Rule>(1, {{{"all", 5}}})
      .Rows({{4, 2s}, {6, 3s}})
      .Expect({{1, 1s}, {6, 3s}});
}

TEST(BroadcastProcess, ANameWithTwoTypesIsAUserError) {
  struct TwoTypes {
    void ProcessElement(int, ReadOnlyBroadcastContext<>& context, Collector<int>&) {
      context.GetBroadcastState(kLimits);
      context.GetBroadcastState(BroadcastStateDescriptor<int, int>{"limits"});
    }
    void ProcessBroadcastElement(const Rule&, BroadcastContext<>&, Collector<int>&) {}
  };
  Harness<int>(BroadcastProcess<int, Rule, int>(TwoTypes{})).Rows({{1}}).ExpectError("'limits'");
}

}  // namespace
}  // namespace thalweg::operators
