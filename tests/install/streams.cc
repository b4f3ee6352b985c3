// One subject of the DataStream API after the other, as docs/book/datastream.md quotes them. Knows no name but those of namespace
// thalweg (run.sh looks), and prints what each job gave, sorted: streams.expected has it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "api/thalweg.h"

using namespace thalweg;
using namespace std::chrono_literals;

constexpr int64_t kMinute = 60'000;

struct Order {
  int64_t id;
  std::string customer;
  int64_t amount;
  int64_t ts;  // milliseconds since 1970
};
THALWEG_RECORD(Order, id, customer, amount, ts)

struct Payment {
  int64_t order;
  int64_t amount;
};
THALWEG_RECORD(Payment, order, amount)

struct Limit {
  std::string name;
  int64_t amount;
};
THALWEG_RECORD(Limit, name, amount)

// A keyed process function: state with a TTL, a timer, a side output.

const OutputTag<std::string> kLarge{"large"};

/// How many orders a customer made, told when none has come for half an hour.
struct Quiet {
  ValueState<int64_t> orders, deadline;

  void Open(RuntimeContext& runtime) {
    orders = runtime.GetState(ValueStateDescriptor<int64_t>{.name = "orders", .ttl = StateTtl(24h)});
    deadline = runtime.GetState(ValueStateDescriptor<int64_t>{.name = "deadline"});
  }
  void ProcessElement(const Order& order, KeyedContext<std::string>& context, Collector<std::string>&) {
    if (order.amount >= 100) context.Output(kLarge, fmt::format("order {} is large", order.id));
    if (const int64_t* old = deadline.Value()) context.DeleteEventTimer(*old);
    deadline.Update(order.ts + 30 * kMinute);
    context.RegisterEventTimer(order.ts + 30 * kMinute);
    orders.Update(orders.ValueOr(0) + 1);
  }
  void OnTimer(int64_t time, KeyedContext<std::string>& context, Collector<std::string>& out) {
    out.Collect(
        fmt::format("{} made {}, quiet at minute {}", context.current_key(), orders.ValueOr(0), time / kMinute));
    orders.Clear();
    deadline.Clear();
  }
};

DataStream<std::string> QuietCustomers(const DataStream<Order>& orders) {
  auto quiet = orders.KeyBy(&Order::customer).Process<std::string>(Quiet{}).Name("quiet customers").Uid("quiet");
  return quiet.Union(quiet.GetSideOutput(kLarge));
}

// Windows: an aggregate function, and a process function that gets its one result with the key and the window.

struct SumAmounts {
  int64_t CreateAccumulator() const { return 0; }
  void Add(int64_t& sum, const Order& order) const { sum += order.amount; }
  void Merge(int64_t& into, const int64_t& from) const { into += from; }
  int64_t GetResult(const int64_t& sum) const { return sum; }
};

struct NameWindow {
  void operator()(const std::string& customer, WindowContext& context, std::span<const int64_t> sum,
                  Collector<std::string>& out) const {
    const Window& window = context.window();
    out.Collect(fmt::format("{} [{}, {}): {}", customer, window.start / kMinute, window.end / kMinute, sum[0]));
  }
};

DataStream<std::string> SlidingSums(const DataStream<Order>& orders) {
  return orders.KeyBy(&Order::customer)
      .Window(Sliding({.size = 10min, .slide = 5min}))
      .Aggregate<std::string>(SumAmounts{}, NameWindow{});
}

DataStream<std::string> SessionSums(const DataStream<Order>& orders) {
  return orders.KeyBy(&Order::customer)
      .Window(Session({.gap = 5min, .domain = TimeDomain::kEventTime}))
      .AllowedLateness(1min)
      .Aggregate<std::string>(SumAmounts{}, NameWindow{});
}

DataStream<std::string> SumsOfTwo(const DataStream<Order>& orders) {
  return orders.KeyBy(&Order::customer)
      .Window(GlobalWindow())
      .Trigger(PurgingTrigger(CountTrigger(2)))
      .Aggregate(SumAmounts{})
      .Map([](int64_t sum) { return fmt::format("two orders: {}", sum); });
}

// Two streams by one key: whichever row comes first waits in state.

struct Match {
  ValueState<int64_t> ordered, paid;

  void Open(RuntimeContext& runtime) {
    ordered = runtime.GetState(ValueStateDescriptor<int64_t>{.name = "ordered"});
    paid = runtime.GetState(ValueStateDescriptor<int64_t>{.name = "paid"});
  }
  void ProcessElement1(const Order& order, KeyedContext<int64_t>& context, Collector<std::string>& out) {
    ordered.Update(order.amount);
    Tell(context, out);
  }
  void ProcessElement2(const Payment& payment, KeyedContext<int64_t>& context, Collector<std::string>& out) {
    paid.Update(payment.amount);
    Tell(context, out);
  }
  void Tell(KeyedContext<int64_t>& context, Collector<std::string>& out) {
    if (!ordered.Value() || !paid.Value()) return;
    out.Collect(fmt::format("order {}: {} open", context.current_key(), ordered.ValueOr(0) - paid.ValueOr(0)));
  }
};

DataStream<std::string> OpenAmounts(const DataStream<Order>& orders, const DataStream<Payment>& payments) {
  return orders.KeyBy(&Order::id).Connect(payments.KeyBy(&Payment::order)).Process<std::string>(Match{});
}

// Broadcast state: every subtask gets the limits; orders that came before them wait in keyed state.

struct AboveLimit {
  static constexpr BroadcastStateDescriptor<std::string, int64_t> kLimits{"limits"};
  ListState<Order> waiting;

  static ListStateDescriptor<Order> Waiting() { return {.name = "waiting"}; }
  void Open(RuntimeContext& runtime) { waiting = runtime.GetState(Waiting()); }
  void ProcessElement(const Order& order, ReadOnlyBroadcastContext<std::string>& context, Collector<std::string>& out) {
    if (std::optional<int64_t> limit = context.GetBroadcastState(kLimits).Get("amount"))
      Check(order, *limit, out);
    else
      waiting.Add(order);
  }
  void ProcessBroadcastElement(const Limit& limit, BroadcastContext<std::string>& context,
                               Collector<std::string>& out) {
    context.GetBroadcastState(kLimits).Put(limit.name, limit.amount);
    context.ApplyToKeyedState(Waiting(), [&](const std::string&, ListState<Order>& orders) {
      for (const Order& order : orders.Get()) Check(order, limit.amount, out);
      orders.Clear();
    });
  }
  static void Check(const Order& order, int64_t limit, Collector<std::string>& out) {
    if (order.amount > limit) out.Collect(fmt::format("order {} of {} is above {}", order.id, order.customer, limit));
  }
};

DataStream<std::string> LargeOrders(const DataStream<Order>& orders, const DataStream<Limit>& limits) {
  return orders.KeyBy(&Order::customer).Connect(limits.Broadcast()).Process<std::string>(AboveLimit{});
}

// A rich function: told its surroundings in Open, with a metric of its own.

struct CountLarge {
  Counter* large = nullptr;
  int subtask = -1;

  void Open(RuntimeContext& runtime) {
    large = &runtime.metrics().counter("largeOrders");
    subtask = runtime.subtask();
  }
  std::string operator()(const Order& order) {
    if (order.amount >= 100) large->Increment();
    return fmt::format("order {} in subtask {}: {} large so far", order.id, subtask, large->value());
  }
};

// Each in an environment of its own.
template <typename Make>
void Show(const char* title, Make make) {
  StreamExecutionEnvironment env;
  env.SetParallelism(2);
  auto orders =
      env.FromCollection<Order>({{1, "ann", 30, 1 * kMinute},
                                 {2, "bob", 500, 2 * kMinute},
                                 {3, "ann", 20, 4 * kMinute},
                                 {4, "ann", 10, 12 * kMinute},
                                 {5, "ann", 7, 13 * kMinute}},
                                WatermarkStrategy<Order>::BoundedOutOfOrderness(5s).WithTimestamps(&Order::ts));
  auto lines = make(env, orders).ExecuteAndCollect(title);
  if (!lines.ok()) {
    std::fprintf(stderr, "%s: %s\n", title, lines.status().ToString().c_str());
    std::exit(1);
  }
  std::sort(lines->begin(), lines->end());
  std::printf("%s\n", title);
  for (const std::string& line : *lines) std::printf("  %s\n", line.c_str());
}

int main() {
  using Env = StreamExecutionEnvironment;
  using Orders = DataStream<Order>;
  Show("process", [](Env&, const Orders& orders) { return QuietCustomers(orders); });
  Show("sliding", [](Env&, const Orders& orders) { return SlidingSums(orders); });
  Show("session", [](Env&, const Orders& orders) { return SessionSums(orders); });
  Show("global", [](Env&, const Orders& orders) { return SumsOfTwo(orders); });
  Show("connect", [](Env& env, const Orders& orders) {
    return OpenAmounts(orders, env.FromElements(Payment{1, 30}, Payment{2, 400}));
  });
  Show("broadcast",
       [](Env& env, const Orders& orders) { return LargeOrders(orders, env.FromElements(Limit{"amount", 25})); });
  Show("rich", [](Env&, const Orders& orders) { return orders.Map(CountLarge{}).SetParallelism(1); });
}
