#include "operators/window_assigner.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "operators/trigger.h"
#include "state/hashmap_backend.h"
#include "testing/golden_states.h"
#include "time/clock.h"
#include "types/codec.h"

namespace thalweg::operators {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Window> Assign(const AssignerPtr& assigner, int64_t time, int64_t now_ms = 0,
                           const void* element = nullptr) {
  std::vector<Window> windows;
  assigner->Assign(element, time, now_ms, windows);
  return windows;
}

using Windows = std::vector<Window>;

TEST(WindowStart, HonoursOffsetsAndNegativeTimes) {
  EXPECT_EQ(WindowStart(6, 0, 7), 0);
  EXPECT_EQ(WindowStart(7, 0, 7), 7);
  EXPECT_EQ(WindowStart(2, 3, 7), -4);
  EXPECT_EQ(WindowStart(3, 3, 7), 3);
  EXPECT_EQ(WindowStart(10, 3, 7), 10);
  EXPECT_EQ(WindowStart(-2, -2, 7), -2);
  EXPECT_EQ(WindowStart(4, -2, 7), -2);
  EXPECT_EQ(WindowStart(12, -2, 7), 12);
  EXPECT_EQ(WindowStart(-1, 0, 7), -7);
  EXPECT_EQ(WindowStart(1470902048450, -8 * 3'600'000, 24 * 3'600'000), 1470844800000);  // a day of GMT+8
}

// docs/internals/windows.md: (start, end) of a session, then of the window that its contents stand under.
TEST(WindowSessions, TheirBytesAreTheGoldenOnes) {
  using Sessions = std::vector<std::array<int64_t, 4>>;  // as WindowCore keeps them
  const Sessions sessions = {{-5, 10, 0, 10}, {100, 200, 150, 200}};
  EXPECT_EQ(types::EncodeToString(sessions), testing::GoldenState("window-sessions"));
}

TEST(WindowTimers, TheirBytesInASnapshotAreTheGoldenOnes) {
  time::ManualClock clock;
  auto backend = state::MakeHashMapBackend({.groups = {.first = 0, .last = 15}}, clock);
  state::TimerQueue* timers = backend->OpenTimers("window-event-timers").value();
  const state::KeyView key{.bytes = "key", .hash = Hash64("key"), .group = 5};
  const std::string window(WindowBytes({-1, 2}).view());
  timers->Register(0, key, window);  // has the number 0
  timers->Register(1, key, window);
  timers->Delete(0, key, window);
  EXPECT_EQ(backend->Snapshot()->segments.at(5), testing::GoldenState("window-timer"));
}

TEST(WindowBytes, OrderAsTheWindowsAndReadBack) {
  const Windows sorted = {Window::Global(), {-5, 3}, {-5, 4}, {-1, 0}, {0, 1}, {0, 256}, {7, 8}};
  for (size_t i = 0; i < sorted.size(); ++i) {
    EXPECT_EQ(WindowFromBytes(WindowBytes(sorted[i]).view()), sorted[i]);
    if (i > 0) {
      EXPECT_LT(WindowBytes(sorted[i - 1]).view(), WindowBytes(sorted[i]).view());
    }
  }
  EXPECT_EQ(WindowBytes({-1, 2}).view(), testing::GoldenState("window-namespace"));
}

TEST(TumblingAssigner, PutsARowIntoTheOneWindowThatHoldsIt) {
  AssignerPtr assigner = Tumbling({.size = 5000ms});
  EXPECT_EQ(Assign(assigner, 0), (Windows{{0, 5000}}));
  EXPECT_EQ(Assign(assigner, 4999), (Windows{{0, 5000}}));
  EXPECT_EQ(Assign(assigner, 5000), (Windows{{5000, 10000}}));
}

TEST(TumblingAssigner, MovesByTheOffset) {
  AssignerPtr assigner = Tumbling({.size = 5000ms, .offset = 100ms});
  EXPECT_EQ(Assign(assigner, 100), (Windows{{100, 5100}}));
  EXPECT_EQ(Assign(assigner, 5099), (Windows{{100, 5100}}));
  EXPECT_EQ(Assign(assigner, 5100), (Windows{{5100, 10100}}));
}

TEST(TumblingAssigner, MovesByANegativeOffset) {
  AssignerPtr assigner = Tumbling({.size = 5000ms, .offset = -100ms});
  EXPECT_EQ(Assign(assigner, 0), (Windows{{-100, 4900}}));
  EXPECT_EQ(Assign(assigner, 4899), (Windows{{-100, 4900}}));
  EXPECT_EQ(Assign(assigner, 4900), (Windows{{4900, 9900}}));
}

TEST(TumblingAssigner, TakesAnyUnitOfTime) {
  AssignerPtr assigner = Tumbling({.size = 5s, .offset = 1s});
  EXPECT_EQ(Assign(assigner, 1000), (Windows{{1000, 6000}}));
  EXPECT_EQ(Assign(assigner, 5999), (Windows{{1000, 6000}}));
  EXPECT_EQ(Assign(assigner, 6000), (Windows{{6000, 11000}}));
}

TEST(TumblingAssigner, RefusesSizesAndOffsetsThatMakeNoGrid) {
  EXPECT_THAT(Tumbling({.size = -1s})->Validate().message(), HasSubstr("size > 0"));
  EXPECT_THAT(Tumbling({.size = 10s, .offset = 20s})->Validate().message(), HasSubstr("abs(offset) < size"));
  EXPECT_THAT(Tumbling({.size = 10s, .offset = -11s})->Validate().message(), HasSubstr("abs(offset) < size"));
  EXPECT_TRUE(Tumbling({.size = 10s, .offset = -9s})->Validate().ok());
}

TEST(TumblingAssigner, OfEventTimeFiresByTheWatermark) {
  EXPECT_EQ(Tumbling({.size = 5s})->domain(), TimeDomain::kEventTime);
  EXPECT_TRUE(Tumbling({.size = 5s})->DefaultTrigger()->is_event_time_default());
}

TEST(TumblingAssigner, OfProcessingTimeGoesByTheClock) {
  AssignerPtr assigner = Tumbling({.size = 5000ms, .domain = TimeDomain::kProcessingTime});
  EXPECT_EQ(Assign(assigner, INT64_MIN, 0), (Windows{{0, 5000}}));
  EXPECT_EQ(Assign(assigner, INT64_MIN, 4999), (Windows{{0, 5000}}));
  EXPECT_EQ(Assign(assigner, INT64_MIN, 5000), (Windows{{5000, 10000}}));
  EXPECT_TRUE(assigner->DefaultTrigger()->is_processing_time_default());
}

TEST(SlidingAssigner, PutsARowIntoEachWindowThatHoldsIt) {
  AssignerPtr assigner = Sliding({.size = 5000ms, .slide = 1000ms});
  EXPECT_EQ(Assign(assigner, 0), (Windows{{-4000, 1000}, {-3000, 2000}, {-2000, 3000}, {-1000, 4000}, {0, 5000}}));
  EXPECT_EQ(Assign(assigner, 4999), (Windows{{0, 5000}, {1000, 6000}, {2000, 7000}, {3000, 8000}, {4000, 9000}}));
  EXPECT_EQ(Assign(assigner, 5000), (Windows{{1000, 6000}, {2000, 7000}, {3000, 8000}, {4000, 9000}, {5000, 10000}}));
}

TEST(SlidingAssigner, MovesByTheOffset) {
  AssignerPtr assigner = Sliding({.size = 5000ms, .slide = 1000ms, .offset = 100ms});
  EXPECT_EQ(Assign(assigner, 100), (Windows{{-3900, 1100}, {-2900, 2100}, {-1900, 3100}, {-900, 4100}, {100, 5100}}));
  EXPECT_EQ(Assign(assigner, 5100), (Windows{{1100, 6100}, {2100, 7100}, {3100, 8100}, {4100, 9100}, {5100, 10100}}));
}

TEST(SlidingAssigner, MovesByANegativeOffset) {
  AssignerPtr assigner = Sliding({.size = 5000ms, .slide = 1000ms, .offset = -100ms});
  EXPECT_EQ(Assign(assigner, 0), (Windows{{-4100, 900}, {-3100, 1900}, {-2100, 2900}, {-1100, 3900}, {-100, 4900}}));
  EXPECT_EQ(Assign(assigner, 4900), (Windows{{900, 5900}, {1900, 6900}, {2900, 7900}, {3900, 8900}, {4900, 9900}}));
}

TEST(SlidingAssigner, TakesAnyUnitOfTime) {
  AssignerPtr assigner = Sliding({.size = 5s, .slide = 1s, .offset = 500ms});
  EXPECT_EQ(Assign(assigner, 100), (Windows{{-4500, 500}, {-3500, 1500}, {-2500, 2500}, {-1500, 3500}, {-500, 4500}}));
  EXPECT_EQ(Assign(assigner, 5499), (Windows{{500, 5500}, {1500, 6500}, {2500, 7500}, {3500, 8500}, {4500, 9500}}));
}

TEST(SlidingAssigner, RefusesSizesAndOffsetsThatMakeNoGrid) {
  EXPECT_FALSE(Sliding({.size = -2s, .slide = 1s})->Validate().ok());
  EXPECT_FALSE(Sliding({.size = 2s, .slide = -1s})->Validate().ok());
  EXPECT_THAT(Sliding({.size = 20s, .slide = 10s, .offset = -11s})->Validate().message(),
              HasSubstr("abs(offset) < slide"));
  EXPECT_THAT(Sliding({.size = 20s, .slide = 10s, .offset = 11s})->Validate().message(),
              HasSubstr("abs(offset) < slide"));
}

TEST(SlidingAssigner, OfEventTimeFiresByTheWatermark) {
  EXPECT_EQ(Sliding({.size = 5s, .slide = 100ms})->domain(), TimeDomain::kEventTime);
  EXPECT_TRUE(Sliding({.size = 5s, .slide = 100ms})->DefaultTrigger()->is_event_time_default());
}

TEST(SlidingAssigner, OfProcessingTimeGoesByTheClock) {
  AssignerPtr assigner = Sliding({.size = 5000ms, .slide = 1000ms, .domain = TimeDomain::kProcessingTime});
  EXPECT_EQ(Assign(assigner, 77, 4999), (Windows{{0, 5000}, {1000, 6000}, {2000, 7000}, {3000, 8000}, {4000, 9000}}));
}

TEST(SlidingAssigner, ASizeThatTheSlideDoesNotDivideHoldsFewerWindowsInPlaces) {
  AssignerPtr assigner = Sliding({.size = 5ms, .slide = 3ms});
  EXPECT_EQ(Assign(assigner, 3), (Windows{{0, 5}, {3, 8}}));
  EXPECT_EQ(Assign(assigner, 5), (Windows{{3, 8}}));
  EXPECT_EQ(Assign(assigner, 6), (Windows{{3, 8}, {6, 11}}));
}

TEST(SlidingAssigner, ARowBetweenTheWindowsOfAWideSlideHasNone) {
  AssignerPtr assigner = Sliding({.size = 2ms, .slide = 5ms});
  EXPECT_EQ(Assign(assigner, 1), (Windows{{0, 2}}));
  EXPECT_EQ(Assign(assigner, 2), Windows{});
  EXPECT_EQ(Assign(assigner, 5), (Windows{{5, 7}}));
}

TEST(CumulativeAssigner, GrowsByStepsToTheGreatestSize) {
  AssignerPtr assigner = Cumulative({.max_size = 6ms, .step = 2ms});
  EXPECT_EQ(Assign(assigner, 1), (Windows{{0, 2}, {0, 4}, {0, 6}}));
  EXPECT_EQ(Assign(assigner, 4), (Windows{{0, 6}}));
  EXPECT_EQ(Assign(assigner, 6), (Windows{{6, 8}, {6, 10}, {6, 12}}));
  EXPECT_THAT(Cumulative({.max_size = 5ms, .step = 2ms})->Validate().message(), HasSubstr("multiple of step"));
}

TEST(SessionAssigner, GivesEachRowItsGap) {
  AssignerPtr assigner = Session({.gap = 5000ms});
  EXPECT_EQ(Assign(assigner, 0), (Windows{{0, 5000}}));
  EXPECT_EQ(Assign(assigner, 4999), (Windows{{4999, 9999}}));
  EXPECT_TRUE(assigner->merging());
}

TEST(SessionAssigner, RefusesAGapThatIsNotPositive) {
  EXPECT_THAT(Session({.gap = -1s})->Validate().message(), HasSubstr("gap > 0"));
  EXPECT_THAT(Session({.gap = 0s})->Validate().message(), HasSubstr("gap > 0"));
}

TEST(SessionAssigner, OfEventTimeFiresByTheWatermark) {
  EXPECT_EQ(Session({.gap = 5s})->domain(), TimeDomain::kEventTime);
  EXPECT_TRUE(Session({.gap = 5s})->DefaultTrigger()->is_event_time_default());
}

TEST(SessionAssigner, OfProcessingTimeGoesByTheClock) {
  AssignerPtr assigner = Session({.gap = 5000ms, .domain = TimeDomain::kProcessingTime});
  EXPECT_EQ(Assign(assigner, 3, 4999), (Windows{{4999, 9999}}));
  EXPECT_TRUE(assigner->DefaultTrigger()->is_processing_time_default());
}

TEST(DynamicSessionAssigner, AsksTheRowForItsGap) {
  AssignerPtr assigner = DynamicSessionOf<int>([](int gap) { return std::chrono::milliseconds(gap); });
  int gaps[] = {5000, 4000, 9000};
  EXPECT_EQ(Assign(assigner, 0, 0, &gaps[0]), (Windows{{0, 5000}}));
  EXPECT_EQ(Assign(assigner, 4999, 0, &gaps[1]), (Windows{{4999, 8999}}));
  EXPECT_EQ(Assign(assigner, 5000, 0, &gaps[2]), (Windows{{5000, 14000}}));
  EXPECT_EQ(assigner->domain(), TimeDomain::kEventTime);
}

TEST(Window, SessionsThatTouchOrCoverAreOne) {
  EXPECT_TRUE((Window{0, 1}.Touches({1, 2})));
  EXPECT_FALSE((Window{0, 3}.Touches({4, 5})));
  EXPECT_TRUE((Window{1, 1}.Touches({0, 2})));
  EXPECT_EQ((Window{1, 1}.Cover({0, 2})), (Window{0, 2}));
  EXPECT_EQ((Window{4, 7}.Cover({5, 6})), (Window{4, 7}));
}

TEST(GlobalAssigner, PutsAllRowsIntoOneWindowThatNeverFiresByItself) {
  for (int64_t time : {0, 4999, 5000}) EXPECT_EQ(Assign(GlobalWindow(), time), Windows{Window::Global()});
  EXPECT_EQ(GlobalWindow()->domain(), TimeDomain::kProcessingTime);
  EXPECT_EQ(GlobalWindow()->DefaultTrigger()->ToString(), "Never");
  EXPECT_EQ(Window::Global().max_timestamp(), INT64_MAX);
}

}  // namespace
}  // namespace thalweg::operators
