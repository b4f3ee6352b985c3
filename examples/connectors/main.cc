// Ends of a job by their builders: generated orders into Kafka topics by country, and from there into files.
//   connectors orders SERVERS ROWS   writes so many orders
//   connectors archive SERVERS DIR   copies what is there now to DIR
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/thalweg.h"

using namespace thalweg;               // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

// An order as it stands in the message: `country` chooses the topic, `trace` are its headers.
struct Order {
  int64_t id = 0;
  std::string customer;
  double amount = 0;
  std::string country;
  std::map<std::string, std::optional<std::string>> trace;
};
THALWEG_RECORD(Order, id, customer, amount, country, trace)

struct Draft {
  int64_t id = 0;
  std::string customer;
  double amount = 0;
};
THALWEG_RECORD(Draft, id, customer, amount)

Order Addressed(const Draft& draft) {
  return {draft.id, draft.customer, draft.amount, draft.id % 2 ? "orders-de" : "orders-fr", {{"origin", "datagen"}}};
}

void WriteOrders(StreamExecutionEnvironment& env, const std::string& servers, int64_t rows) {
  auto drafts = Datagen<Draft>()
                    .Sequence(&Draft::id, 1, rows)
                    .Between(&Draft::amount, 1, 500)
                    .LengthUpTo(&Draft::customer, 8)
                    .RowsPerSecond(0);
  auto orders = KafkaSink<Order>(servers)
                    .TopicFrom(&Order::country)
                    .Topics({"orders-de", "orders-fr"})
                    .Headers(&Order::trace)
                    .Key(&Order::customer)
                    .Delivery(DeliveryGuarantee::kAtLeastOnce);
  env.FromSource(drafts.Build()).Map(Addressed).SinkTo(orders.Build());
}

void Archive(StreamExecutionEnvironment& env, const std::string& servers, const std::string& folder) {
  auto orders = KafkaSource<Order>(servers)
                    .TopicPattern("orders-[a-z]+")
                    .Group("archive")
                    .StartCommitted(OffsetReset::kEarliest)
                    .BoundedLatest()
                    .Metadata(&Order::country, "topic")
                    .Metadata(&Order::trace, "headers");
  auto files = FileSink<Order>(folder, "json").RollAtSize(64 << 20).RollEvery(15min).Compress(Compression::kZstd);
  auto stream = env.FromSource(orders.Build());
  stream.DeadLetters().Print("not an order");
  stream.SinkTo(files.Build());
}

int main(int argc, char** argv) {
  auto env = StreamExecutionEnvironment::FromArguments(argc, argv);
  const std::string what = argc > 2 ? argv[1] : "";
  if (what == "orders" && argc > 3) {
    WriteOrders(*env, argv[2], std::atoll(argv[3]));
  } else if (what == "archive" && argc > 3) {
    Archive(*env, argv[2], argv[3]);
  } else {
    std::fprintf(stderr, "usage: connectors orders SERVERS ROWS | archive SERVERS DIR\n");
    return 2;
  }
  auto result = env->Execute(what);
  if (!result.ok()) std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
  return result.ok() ? 0 : 1;
}
