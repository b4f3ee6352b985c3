// Random operations on every backend and on a plain model must agree, with restarts, rescaling and changes of backend in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "base/random.h"
#include "state/backends_for_test.h"
#include "state/table.h"

namespace thalweg::state {
namespace {

constexpr int kSteps = 6000;
constexpr int kKeys = 40;
constexpr int kNamespaces = 6;

struct ModelEntry {
  std::string value;
  int64_t expiry = std::numeric_limits<int64_t>::max();
};
using Model = std::map<std::pair<std::string, std::string>, ModelEntry>;
using Seen = std::vector<std::tuple<std::string, std::string, std::string>>;  // key, namespace, value

std::vector<StateSpec> Specs() {
  return {{.name = "map", .kind = StateKind::kMap},
          {.name = "map_ttl", .kind = StateKind::kMap, .ttl = {.ttl_ms = 40}},
          {.name = "value", .kind = StateKind::kValue},
          {.name = "value_ttl",
           .kind = StateKind::kValue,
           .ttl = {.ttl_ms = 30, .update = TtlSpec::Update::kOnReadAndWrite}}};
}

/// One backend under test with its handles.
struct Subject {
  explicit Subject(const std::string& kind) : backends(kind) {}
  void Open() {
    tables.clear();
    for (const StateSpec& spec : Specs()) tables.push_back(Table<std::string>::Open(*backend, spec).value());
    timers = backend->OpenTimers("timers").value();
  }
  TestBackends backends;
  std::unique_ptr<KeyedBackend> backend;
  std::unique_ptr<PendingSnapshot> under_way;
  std::vector<Table<std::string>> tables;
  TimerQueue* timers = nullptr;
};

class Differential {
 public:
  explicit Differential(uint64_t seed) : random_(seed) {
    for (const std::string& kind : TestBackendKinds()) {
      Subject& subject = subjects_.emplace_back(kind);
      subject.backend = subject.backends.Make(clock_);
      subject.Open();
    }
  }

  void Step() {
    if (random_.Below(100) == 0) BeginSnapshots();
    AdvanceSnapshots();
    clock_.Advance(static_cast<int64_t>(random_.Below(2)));
    which_ = random_.Below(Specs().size());
    key_ = "key" + std::string(random_.Below(3) * 9, 'x') + std::to_string(random_.Below(kKeys));
    ns_ = random_.Below(3) == 0 ? ""
                                : std::string(random_.Below(2) * 20, 'n') + std::to_string(random_.Below(kNamespaces));
    const uint64_t dice = random_.Below(1000);
    if (dice < 300)
      Put();
    else if (dice < 550)
      Find();
    else if (dice < 600)
      Change();
    else if (dice < 700)
      Erase();
    else if (dice < 780)
      WalkKey();
    else if (dice < 785)
      WalkAll();
    else if (dice < 880)
      RegisterTimer();
    else if (dice < 920)
      DeleteTimer();
    else if (dice < 990)
      PopTimers();
    else
      Restart();
  }

  /// Snapshots compared that were taken while the state changed.
  int compared() const { return compared_; }

 private:
  KeyView key() const { return KeyOf(key_); }
  const TtlSpec ttl() const { return Specs()[which_].ttl; }
  bool Live(const ModelEntry& entry) const { return entry.expiry > clock_.NowMs(); }
  int64_t NewExpiry() const {
    return ttl().ttl_ms > 0 ? clock_.NowMs() + ttl().ttl_ms : std::numeric_limits<int64_t>::max();
  }
  ModelEntry* InModel() {
    auto it = models_[which_].find({key_, ns_});
    return it == models_[which_].end() || !Live(it->second) ? nullptr : &it->second;
  }
  void Touch(ModelEntry& entry) {
    if (ttl().update == TtlSpec::Update::kOnReadAndWrite) entry.expiry = NewExpiry();
  }

  void Put() {
    const std::string value(random_.Below(60), static_cast<char>('a' + random_.Below(26)));
    const bool expected = InModel() == nullptr;
    models_[which_][{key_, ns_}] = {value, NewExpiry()};
    for (Subject& subject : subjects_) {
      bool created = false;
      std::string& at = subject.tables[which_].FindOrCreate(key(), ns_, &created);
      ASSERT_EQ(created, expected);
      ASSERT_TRUE(!created || at.empty());
      at = value;
    }
  }
  void Find() {
    ModelEntry* expected = InModel();
    for (Subject& subject : subjects_) {
      const std::string* found = subject.tables[which_].Find(key(), ns_);
      ASSERT_EQ(found != nullptr, expected != nullptr);
      if (found != nullptr) {
        ASSERT_EQ(*found, expected->value);
      }
    }
    if (expected != nullptr) Touch(*expected);
  }
  void Change() {
    ModelEntry* expected = InModel();
    const KeyView key_view = key();
    const bool together = random_.Below(2) == 0;
    for (Subject& subject : subjects_) {
      // By FindEach where it finds something: what that gives out counts as changed.
      void* each = nullptr;
      if (together) subject.tables[which_].FindEach({&key_view, 1}, ns_, &each);
      auto* found = static_cast<std::string*>(each);
      if (found == nullptr) found = subject.tables[which_].Find(key(), ns_);
      ASSERT_EQ(found != nullptr, expected != nullptr);
      if (found == nullptr) continue;
      *found += "+";
      if (each == nullptr) subject.tables[which_].MarkDirty();
    }
    if (expected == nullptr) return;
    expected->value += "+";
    expected->expiry = NewExpiry();
  }
  void Erase() {
    const bool expected = InModel() != nullptr;
    models_[which_].erase({key_, ns_});
    for (Subject& subject : subjects_) ASSERT_EQ(subject.tables[which_].Erase(key(), ns_), expected);
  }
  void WalkKey() {
    which_ &= 1;  // maps
    Seen expected;
    const size_t stop = 1 + random_.Below(8);
    for (auto it = models_[which_].lower_bound({key_, ""}); it != models_[which_].end() && it->first.first == key_;
         ++it) {
      if (!Live(it->second)) continue;
      expected.emplace_back(key_, it->first.second, it->second.value);
      Touch(it->second);
      if (expected.size() == stop) break;
    }
    for (Subject& subject : subjects_) {
      Seen seen;
      subject.tables[which_].ForEachOfKey(key(), [&](std::string_view ns, const std::string& value) {
        seen.emplace_back(key_, ns, value);
        return seen.size() < stop;
      });
      ASSERT_EQ(seen, expected);
    }
  }
  void WalkAll() {
    Seen expected;
    for (const auto& [name, entry] : models_[which_])
      if (Live(entry)) expected.emplace_back(name.first, name.second, entry.value);
    for (Subject& subject : subjects_) {
      Seen seen;
      subject.tables[which_].ForEach([&](const KeyView& key, std::string_view ns, const std::string& value) {
        seen.emplace_back(key.bytes, ns, value);
      });
      std::sort(seen.begin(), seen.end());
      ASSERT_EQ(seen, expected);
    }
  }

  using ModelTimer = std::tuple<int64_t, uint64_t, std::string, std::string>;  // time, registration, key, namespace
  std::set<ModelTimer>::iterator TimerOf(int64_t time) {
    for (auto it = timers_.lower_bound({time, 0, "", ""}); it != timers_.end() && std::get<0>(*it) == time; ++it)
      if (std::get<2>(*it) == key_ && std::get<3>(*it) == ns_) return it;
    return timers_.end();
  }
  void RegisterTimer() {
    const int64_t time = clock_.NowMs() + static_cast<int64_t>(random_.Below(20)) - 5;
    if (TimerOf(time) == timers_.end()) timers_.insert({time, registrations_, key_, ns_});
    ++registrations_;
    for (Subject& subject : subjects_) subject.timers->Register(time, key(), ns_);
  }
  void DeleteTimer() {
    const int64_t time = clock_.NowMs() + static_cast<int64_t>(random_.Below(20)) - 5;
    if (auto it = TimerOf(time); it != timers_.end()) timers_.erase(it);
    for (Subject& subject : subjects_) subject.timers->Delete(time, key(), ns_);
  }
  void PopTimers() {
    const int64_t limit = clock_.NowMs() - 2;
    std::vector<std::tuple<int64_t, std::string, std::string>> expected;
    while (!timers_.empty() && std::get<0>(*timers_.begin()) <= limit) {
      const auto& [time, registration, key, ns] = *timers_.begin();
      expected.emplace_back(time, key, ns);
      timers_.erase(timers_.begin());
    }
    for (Subject& subject : subjects_) {
      std::vector<std::tuple<int64_t, std::string, std::string>> popped;
      while (auto timer = subject.timers->PopDue(limit)) popped.emplace_back(timer->time, timer->key, timer->ns);
      ASSERT_EQ(popped, expected);
      ASSERT_EQ(subject.timers->size(), timers_.size());
    }
  }

  /// What the first backend (in memory) writes at once is what every one must have at the end of a snapshot that begins now.
  void BeginSnapshots() {
    for (Subject& subject : subjects_) subject.under_way.reset();  // perhaps in its middle
    expected_ = subjects_[0].backend->Snapshot().value();
    for (Subject& subject : subjects_) subject.under_way = subject.backend->BeginSnapshot();
  }
  void AdvanceSnapshots() {
    for (Subject& subject : subjects_) {
      if (subject.under_way == nullptr || random_.Below(3) > 0) continue;
      if (!subject.under_way->Advance(1 + static_cast<int64_t>(random_.Below(200)))) continue;
      const KeyedSnapshot taken = subject.under_way->Take().value();
      subject.under_way.reset();
      ASSERT_EQ(taken.specs, expected_.specs);
      ASSERT_EQ(taken.segments, expected_.segments);
      ++compared_;
    }
  }

  /// Every backend goes on from the snapshot of its neighbour, half of the time by way of two subtasks.
  void Restart() {
    for (Subject& subject : subjects_) subject.under_way.reset();
    std::vector<KeyedSnapshot> snapshots;
    for (Subject& subject : subjects_) snapshots.push_back(subject.backend->Snapshot().value());
    for (const KeyedSnapshot& snapshot : snapshots) {
      ASSERT_EQ(snapshot.specs, snapshots[0].specs);
      ASSERT_EQ(snapshot.segments, snapshots[0].segments);
    }
    const bool rescale = random_.Below(2) == 0;
    const auto cut = static_cast<uint16_t>(random_.Below(kTestKeyGroups - 1));
    for (size_t i = 0; i < subjects_.size(); ++i) {
      Subject& subject = subjects_[i];
      std::vector<KeyedSnapshot> parts = {snapshots[(i + 1) % snapshots.size()]};
      if (rescale) {
        const KeyedSnapshot whole = parts[0];
        parts.clear();
        for (KeyGroupRange groups :
             {KeyGroupRange{0, cut}, KeyGroupRange{static_cast<uint16_t>(cut + 1), kAllGroups.last}}) {
          auto part = subject.backends.Make(clock_, groups);
          ASSERT_TRUE(part->Restore(whole).ok());
          parts.push_back(part->Snapshot().value());
        }
      }
      subject.backend = subject.backends.Make(clock_);
      for (const KeyedSnapshot& part : parts) ASSERT_TRUE(subject.backend->Restore(part).ok());
      subject.Open();
    }
  }

  Random random_;
  time::ManualClock clock_{1000};
  std::vector<Subject> subjects_;
  KeyedSnapshot expected_;  // of the snapshots under way
  int compared_ = 0;
  std::vector<Model> models_ = std::vector<Model>(Specs().size());
  std::set<ModelTimer> timers_;
  uint64_t registrations_ = 0;
  size_t which_ = 0;
  std::string key_;
  std::string ns_;
};

class DifferentialTest : public ::testing::TestWithParam<uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, DifferentialTest, ::testing::Values(1, 2, 3, 4));

TEST_P(DifferentialTest, BackendsAndModelAgree) {
  Differential differential(GetParam());
  for (int step = 0; step < kSteps && !::testing::Test::HasFatalFailure(); ++step) {
    SCOPED_TRACE(fmt::format("seed {}, step {}", GetParam(), step));
    differential.Step();
  }
  EXPECT_GT(differential.compared(), 20);
}

}  // namespace
}  // namespace thalweg::state
