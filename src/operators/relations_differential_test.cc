// Random changelogs through joins and ranks: what their output amounts to is what the inputs amount to, joined or ranked afresh.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "columns/format.h"
#include "expr/functions.h"
#include "graph/join_spec.h"
#include "graph/rank_spec.h"
#include "operators/interval_join.h"
#include "operators/join.h"
#include "operators/rank.h"
#include "operators/test_times.h"
#include "testing/row_harness.h"
#include "testing/script_run.h"

namespace thalweg::operators {
namespace {

using graph::JoinSpec;
using graph::JoinType;
using graph::RankSpec;

/// Rows by their text, and how often each is there.
using Relation = std::map<std::string, int>;

/// A row of two small numbers; -1: NULL.
struct SmallRow {
  int key;
  int value;
  auto operator<=>(const SmallRow&) const = default;
  std::string Text() const { return (key < 0 ? "null" : std::to_string(key)) + ", " + std::to_string(value); }
};

constexpr const char* kSmall = "k INT, v INT";
constexpr const char* kNoRow = "null, null";

/// Inserts random rows, and takes random ones back.
class RandomChanges {
 public:
  RandomChanges(Random& random, int keys, int values) : random_(random), keys_(keys), values_(values) {}
  std::string Next() {
    if (!rows_.empty() && random_.Below(5) < 2) {
      const auto taken = rows_.begin() + static_cast<std::ptrdiff_t>(random_.Below(rows_.size()));
      const std::string text = (random_.Below(2) == 0 ? "-D[" : "-U[") + taken->Text() + "]";
      // Equal rows are one another: the first goes.
      rows_.erase(std::find(rows_.begin(), rows_.end(), *taken));
      return text;
    }
    rows_.push_back({static_cast<int>(random_.Below(static_cast<uint64_t>(keys_) + 1)) - 1,
                     static_cast<int>(random_.Below(static_cast<uint64_t>(values_)))});
    return (random_.Below(2) == 0 ? "+I[" : "+U[") + rows_.back().Text() + "]";
  }
  /// Those that are there, in the order in which they came.
  const std::vector<SmallRow>& rows() const { return rows_; }

 private:
  Random& random_;
  int keys_, values_;
  std::vector<SmallRow> rows_;
};

/// What the output amounts to; a row that is taken back before it was there is a fault.
Relation Amount(const std::vector<testing::CollectedRow>& output) {
  Relation relation;
  for (const testing::CollectedRow& row : output) {
    const bool taken = row.text.starts_with("-");
    const std::string text = row.text.substr(row.text.find('['));
    int& count = relation[text];
    count += taken ? -1 : 1;
    EXPECT_GE(count, 0) << row.text;
    if (count == 0) relation.erase(text);
  }
  return relation;
}

/// Rows of an input; or a watermark, if there are none.
struct SmallInput {
  int input;
  std::vector<std::string> rows;
  int64_t watermark = 0;
  bool of_input = false;  // the watermark
};

/// Everything that `op` gave for the inputs, a batch each.
std::vector<testing::CollectedRow> Play(const flow::OperatorFactory& make, const std::string& payload,
                                        const std::vector<SmallInput>& inputs, const testing::Variation& variation,
                                        const char* columns = kSmall) {
  testing::Script script;
  script.keyed = true;
  script.make = [&] {
    graph::Node node;
    node.payload = payload;
    return make(node);
  };
  script.ports[0] = [](const columns::Batch& batch, int32_t row) { return columns::RowText(batch, row).substr(2); };
  const types::Schema schema = testing::ParseSchema(columns);
  for (const SmallInput& input : inputs) {
    if (input.rows.empty()) {
      using Kind = testing::Step::Kind;
      script.steps.push_back({.kind = input.of_input ? Kind::kInputWatermark : Kind::kWatermark,
                              .input = input.input,
                              .time = input.watermark});
      continue;
    }
    testing::Step step{.kind = testing::Step::Kind::kRows, .input = input.input};
    step.count = static_cast<int32_t>(input.rows.size());
    step.make = [&](columns::BufferPool& pool, int32_t from, int32_t to) {
      columns::BatchBuilder builder(schema, pool, to - from);
      for (int32_t row = from; row < to; ++row)
        testing::AppendRowText(input.rows[static_cast<size_t>(row)], schema, builder);
      return builder.Take();
    };
    script.steps.push_back(std::move(step));
  }
  testing::Transcript run = testing::RunOnce(script, variation, nullptr);
  EXPECT_TRUE(run.status.ok()) << run.status.ToString();
  EXPECT_TRUE(run.violations.empty());
  return run.left[0];
}

std::vector<testing::Variation> HeapVariations() {
  return {{.name = "plain"}, {.name = "starving", .starving = true, .restart_at_pause = true}};
}

Relation JoinAfresh(const std::vector<SmallRow>& left, const std::vector<SmallRow>& right, JoinType type,
                    bool condition) {
  const auto meet = [&](const SmallRow& a, const SmallRow& b) {
    return a.key >= 0 && a.key == b.key && (!condition || a.value < b.value);
  };
  Relation joined;
  for (const SmallRow& a : left) {
    const bool any = std::ranges::any_of(right, [&](const SmallRow& b) { return meet(a, b); });
    if (type == JoinType::kSemi || type == JoinType::kAnti) {
      if (any == (type == JoinType::kSemi)) ++joined["[" + a.Text() + "]"];
      continue;
    }
    for (const SmallRow& b : right)
      if (meet(a, b)) ++joined["[" + a.Text() + ", " + b.Text() + "]"];
    if (!any && (type == JoinType::kLeft || type == JoinType::kFull)) ++joined["[" + a.Text() + ", " + kNoRow + "]"];
  }
  if (type != JoinType::kRight && type != JoinType::kFull) return joined;
  for (const SmallRow& b : right)
    if (std::ranges::none_of(left, [&](const SmallRow& a) { return meet(a, b); }))
      ++joined[std::string("[") + kNoRow + ", " + b.Text() + "]"];
  return joined;
}

TEST(RelationsDifferential, JoinsOfChangelogsAmountToJoinsOfWhatIsLeft) {
  Random random(7);
  for (int round = 0; round < 40; ++round) {
    JoinSpec spec;
    spec.sides.left = spec.sides.right = testing::ParseSchema(kSmall);
    spec.sides.left_keys = spec.sides.right_keys = {0};
    spec.sides.type = static_cast<JoinType>(round % 6);
    const bool condition = round % 4 >= 2;
    const types::DataType number(types::TypeId::kInt);
    if (condition)
      spec.sides.condition =
          expr::Resolve("<", {expr::Expression::Input(1, number), expr::Expression::Input(3, number)}).value();
    RandomChanges left(random, 3, 4), right(random, 3, 4);
    std::vector<SmallInput> inputs;
    for (int batch = 0; batch < 12; ++batch) {
      SmallInput& input = inputs.emplace_back(static_cast<int>(random.Below(2)));
      for (uint64_t i = 0; i <= random.Below(6); ++i) input.rows.push_back((input.input == 0 ? left : right).Next());
    }
    const Relation expected = JoinAfresh(left.rows(), right.rows(), spec.sides.type, condition);
    for (const testing::Variation& variation : HeapVariations())
      EXPECT_EQ(Amount(Play(MakeJoin, Encode(spec), inputs, variation)), expected)
          << "round " << round << ", " << variation.name;
  }
}

Relation RankAfresh(std::vector<SmallRow> rows, const RankSpec& spec) {
  std::stable_sort(rows.begin(), rows.end(), [](const SmallRow& a, const SmallRow& b) {
    return std::pair(a.key, a.value) < std::pair(b.key, b.value);
  });
  Relation ranked;
  int64_t rank = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    rank = i > 0 && rows[i].key == rows[i - 1].key ? rank + 1 : 1;
    if (rank < spec.from || rank > spec.to) continue;
    ++ranked["[" + rows[i].Text() + (spec.rank_number ? ", " + std::to_string(rank) : "") + "]"];
  }
  return ranked;
}

TEST(RelationsDifferential, RanksOfChangelogsAmountToRanksOfWhatIsLeft) {
  Random random(11);
  for (int round = 0; round < 40; ++round) {
    RankSpec spec;
    spec.input = testing::ParseSchema(kSmall);
    spec.partition = {0};
    spec.order = {{.column = 1}};
    spec.from = 1 + round % 2;
    spec.to = spec.from + round % 3;
    spec.rank_number = round % 4 >= 2;
    spec.kind = RankSpec::Input::kRetract;
    RandomChanges changes(random, 2, 5);
    std::vector<SmallInput> inputs;
    for (int batch = 0; batch < 8; ++batch) {
      SmallInput& input = inputs.emplace_back(0);
      for (int i = 0; i < 5; ++i) input.rows.push_back(changes.Next());
    }
    const Relation expected = RankAfresh(changes.rows(), spec);
    for (const testing::Variation& variation : HeapVariations())
      EXPECT_EQ(Amount(Play(MakeRank, Encode(spec), inputs, variation)), expected)
          << "round " << round << ", " << variation.name;
  }
}

constexpr const char* kSmallTimed = "k INT, v INT, t TIMESTAMP(3)";

/// A row of an append-only stream; its time is its value.
std::string TimedText(const SmallRow& row) { return row.Text() + ", " + At(row.value); }

Relation IntervalJoinAfresh(const std::vector<SmallRow>& left, const std::vector<SmallRow>& right,
                            const graph::IntervalJoinSpec& spec) {
  const std::string no_row = std::string(kNoRow) + ", null";
  const auto meet = [&](const SmallRow& a, const SmallRow& b) {
    const int64_t apart = a.value - b.value;
    return a.key >= 0 && a.key == b.key && apart >= spec.lower_ms && apart <= spec.upper_ms;
  };
  const bool pads_left = spec.sides.type == JoinType::kLeft || spec.sides.type == JoinType::kFull;
  const bool pads_right = spec.sides.type == JoinType::kRight || spec.sides.type == JoinType::kFull;
  Relation joined;
  for (const SmallRow& a : left) {
    bool any = false;
    for (const SmallRow& b : right) {
      if (!meet(a, b)) continue;
      any = true;
      ++joined["[" + TimedText(a) + ", " + TimedText(b) + "]"];
    }
    if (pads_left && !any) ++joined["[" + TimedText(a) + ", " + no_row + "]"];
  }
  for (const SmallRow& b : right)
    if (pads_right && std::ranges::none_of(left, [&](const SmallRow& a) { return meet(a, b); }))
      ++joined["[" + no_row + ", " + TimedText(b) + "]"];
  return joined;
}

// No row is late, so that whatever the watermarks, all pairs are found and the lonely rows are padded.
TEST(RelationsDifferential, IntervalJoinsFindAllPairsInTheInterval) {
  Random random(13);
  for (int round = 0; round < 40; ++round) {
    graph::IntervalJoinSpec spec;
    spec.sides.left = spec.sides.right = testing::ParseSchema(kSmallTimed);
    spec.sides.left_keys = spec.sides.right_keys = {0};
    spec.sides.type = static_cast<JoinType>(round % 4);
    spec.lower_ms = static_cast<int64_t>(random.Below(20)) - 10;
    spec.upper_ms = spec.lower_ms + static_cast<int64_t>(random.Below(10));
    spec.left_time = spec.right_time = 2;
    spec.min_cleanup_ms = static_cast<int64_t>(random.Below(2) * 7);
    std::vector<SmallRow> rows[2];
    std::vector<SmallInput> inputs;
    int watermark = 0;
    for (int step = 0; step < 20; ++step) {
      SmallInput& input = inputs.emplace_back(static_cast<int>(random.Below(2)));
      if (random.Below(3) == 0) {
        input.watermark = watermark += static_cast<int>(random.Below(8));
        continue;
      }
      rows[input.input].push_back(
          {static_cast<int>(random.Below(3)) - 1, watermark + 1 + static_cast<int>(random.Below(12))});
      input.rows.push_back("+I[" + TimedText(rows[input.input].back()) + "]");
    }
    inputs.push_back({.input = 0, .rows = {}, .watermark = INT64_MAX});
    const Relation expected = IntervalJoinAfresh(rows[0], rows[1], spec);
    for (const testing::Variation& variation : HeapVariations())
      EXPECT_EQ(Amount(Play(MakeIntervalJoin, Encode(spec), inputs, variation, kSmallTimed)), expected)
          << "round " << round << ", " << variation.name;
  }
}

/// left time - right time in [lower, upper], of kSmallTimed on both sides.
expr::Expression Within(int64_t lower_ms, int64_t upper_ms) {
  const auto compare = [](std::string_view op, expr::Expression a, expr::Expression b) {
    return expr::Resolve(op, {std::move(a), std::move(b)}).value();
  };
  const auto left = expr::Expression::Input(2, types::DataType::Timestamp(3));
  const auto right = [&](int64_t shift_ms) {
    return compare("+", expr::Expression::Input(5, types::DataType::Timestamp(3)),
                   expr::Expression::Literal(expr::Value::IntervalMillis(shift_ms)));
  };
  return compare("AND", compare(">=", left, right(lower_ms)), compare("<=", left, right(upper_ms)));
}

/// Times in whose neighbourhood bounds and stretches have their ends.
int EdgeTime(Random& random, int from, int steps) {
  return std::max(1, from + 500 * static_cast<int>(random.Below(static_cast<uint64_t>(steps))) +
                         static_cast<int>(random.Below(3)) - 1);
}

// Left rows come when they like, right ones behind the right watermark: what is forgotten was not to be joined any more.
TEST(RelationsDifferential, BoundedJoinsFindAllPairs) {
  Random random(17);
  for (int round = 0; round < 24; ++round) {
    graph::IntervalJoinSpec pairs;
    pairs.sides.left = pairs.sides.right = testing::ParseSchema(kSmallTimed);
    pairs.sides.left_keys = pairs.sides.right_keys = {0};
    pairs.lower_ms = 500 * (static_cast<int64_t>(random.Below(16)) - 12);
    pairs.upper_ms = pairs.lower_ms + 500 * static_cast<int64_t>(random.Below(12));
    JoinSpec spec{pairs.sides, {}, {}, 0, 0, true, true};
    spec.sides.condition = Within(pairs.lower_ms, pairs.upper_ms);
    graph::TimeBound bound{.time = 2, .other_time = 2, .lower_ms = pairs.lower_ms};
    if (round % 3 != 0) bound.upper_ms = pairs.upper_ms;
    bound.ahead_ms = round % 2 == 0 ? 1 : -999;
    spec.left_bound = bound;
    std::vector<SmallRow> rows[2];
    std::vector<SmallInput> inputs;
    int watermark = 0;
    for (int step = 0; step < 40; ++step) {
      SmallInput& input = inputs.emplace_back(static_cast<int>(random.Below(2)));
      if (random.Below(4) == 0) {
        input = {.input = 1, .rows = {}, .watermark = watermark = EdgeTime(random, watermark + 1, 4), .of_input = true};
        continue;
      }
      const int key = static_cast<int>(random.Below(3)) - 1;
      // The soonest that the right side may send, often.
      const int soonest = watermark + static_cast<int>(bound.ahead_ms) + 1;
      const int time = input.input == 0 ? EdgeTime(random, watermark - 9000, 22)
                                        : std::max({1, soonest, EdgeTime(random, soonest, 6)});
      rows[input.input].push_back({key, time});
      input.rows.push_back("+I[" + TimedText(rows[input.input].back()) + "]");
    }
    const Relation expected = IntervalJoinAfresh(rows[0], rows[1], pairs);
    // Each row and each pause with a restart takes its time.
    std::vector<testing::Variation> variations{{.name = "plain"}};
    if (round == 1) variations = HeapVariations();
    if (round == 2) variations.push_back({.name = "restarted", .restart_after_input = true});
    for (const testing::Variation& variation : variations)
      EXPECT_EQ(Amount(Play(MakeJoin, Encode(spec), inputs, variation, kSmallTimed)), expected)
          << "round " << round << ", " << variation.name;
  }
}

}  // namespace
}  // namespace thalweg::operators
