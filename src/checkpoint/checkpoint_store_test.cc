#include "checkpoint/checkpoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "checkpoint/samples_test.h"
#include "io/faulty_storage.h"
#include "io/local_storage.h"
#include "io/temporary_folder.h"
#include "testing/source_folder.h"

namespace thalweg::checkpoint {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = CommitOutcome::Kind;

constexpr int32_t kMax = 16;
const std::string kJob = "clicks / page";

// A store over a folder of its own, and what it logged.
class CheckpointStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<CheckpointStore> Open(const std::string& run, int retained = 10,
                                        std::shared_ptr<io::Storage> storage = nullptr) {
    StoreOptions options;
    options.run = run;
    options.inline_bytes = 100;
    options.num_retained = retained;
    options.log = [this](std::string_view line) { log_ += std::string(line) + "\n"; };
    return std::make_unique<CheckpointStore>(storage ? storage : io::OpenStorage(folder_.uri()).value(),
                                             io::OpenMetaStore(folder_.uri()).value(), options);
  }

  // Two tasks' files and a manifest, not committed.
  static Result<Manifest> Write(CheckpointStore& store, uint64_t checkpoint, uint64_t parent) {
    Manifest manifest;
    manifest.job = kJob;
    manifest.checkpoint = checkpoint;
    manifest.parent = parent;
    manifest.nodes = {{"count", kMax, 2, true, {}, {}, {}}, {"sink", kMax, 2, false, {}, {}, {}}};
    for (int32_t i = 0; i < 2; ++i) {
      THALWEG_ASSIGN(const TaskState state,
                     store.WriteTask(kJob, checkpoint, {3, i}, SampleSnapshot(i, 2, kMax, 50 + checkpoint)));
      manifest.nodes[0].subtasks.push_back(state.at("count"));
      manifest.nodes[1].subtasks.push_back(state.at("sink"));
    }
    return manifest;
  }

  static Manifest Commit(CheckpointStore& store, uint64_t checkpoint) {
    const Manifest manifest = Write(store, checkpoint, checkpoint - 1).value();
    EXPECT_EQ(store.Commit(manifest).kind, Kind::kCommitted);
    return manifest;
  }

  std::string Path(uint64_t checkpoint, const std::string& file) const {
    return folder_.path() + "/" + CheckpointFolder(kJob, checkpoint) + "/" + file;
  }
  static void Flip(const std::string& path, int64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file.good()) << path;
    if (at < 0) at += static_cast<int64_t>(std::filesystem::file_size(path));
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 0x04);
    file.seekp(at);
    file.put(byte);
  }

  io::TemporaryFolder folder_;
  std::string log_;
};

TEST_F(CheckpointStoreTest, WhatWasCommittedIsReadBackWhole) {
  const auto store = Open("a");
  const Manifest manifest = Commit(*store, 1);
  EXPECT_EQ(manifest.nodes[0].subtasks[1].file, "3-1-a.state");
  const Latest latest = store->ReadLatest(kJob).value();
  ASSERT_TRUE(latest.manifest.has_value());
  EXPECT_EQ(EncodeManifest(*latest.manifest), EncodeManifest(manifest));
  EXPECT_EQ(latest.newest, 1u);
  EXPECT_TRUE(latest.rejected.empty());
  const auto storage = io::OpenStorage(folder_.uri()).value();
  for (int32_t i = 0; i < 2; ++i) {
    const state::OperatorSnapshot wrote = SampleSnapshot(i, 2, kMax, 51).operators[0];
    const state::OperatorSnapshot read = ReadOperator(*storage, CheckpointFolder(kJob, 1), "count",
                                                      latest.manifest->nodes[0].subtasks[static_cast<size_t>(i)])
                                             .value();
    EXPECT_EQ(read.keyed.segments, wrote.keyed.segments);
    EXPECT_EQ(read.keyed.specs, wrote.keyed.specs);
    EXPECT_EQ(read.lists[0].items, wrote.lists[0].items);
    EXPECT_EQ(read.in_flight, wrote.in_flight);
  }
}

TEST_F(CheckpointStoreTest, AStateFileSaysWhoseItIs) {
  const auto store = Open("a");
  Commit(*store, 1);
  const std::string bytes =
      io::OpenStorage(folder_.uri()).value()->Get(CheckpointFolder(kJob, 1) + "/3-1-a.state").value();
  const FileLabel label = DecodeFileLabel(bytes).value();
  EXPECT_EQ(label.job, kJob);
  EXPECT_EQ(label.checkpoint, 1u);
  EXPECT_EQ(label.task, (TaskId{3, 1}));
  std::ifstream golden(SourceFolder() + "/tests/golden/state_file_v1.bin", std::ios::binary);
  EXPECT_EQ(bytes, std::string(std::istreambuf_iterator<char>(golden), {}));
}

TEST_F(CheckpointStoreTest, SmallStateRidesInTheManifest) {
  const auto store = Open("a");
  const TaskState state = store->WriteTask(kJob, 1, {3, 0}, SampleSnapshot(0, kMax, kMax, 0)).value();
  EXPECT_EQ(state.at("count").file, "");
  EXPECT_EQ(state.at("count").inlined, "entries of 0;");
  EXPECT_EQ(store->ReadKeyGroups(kJob, 1, state.at("count"), {0, 1})->segments.at(0), "entries of 0;");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/" + JobFolder(kJob)));
}

TEST_F(CheckpointStoreTest, ARangeOfKeyGroupsIsReadAloneAndVerified) {
  const auto store = Open("a");
  const Manifest manifest = Commit(*store, 1);
  const SubtaskState& state = manifest.nodes[0].subtasks[0];
  const auto faulty =
      std::make_shared<io::FaultyStorage>(io::OpenStorage(folder_.uri()).value(), std::vector<io::Fault>{});
  const auto keyed = ReadKeyGroups(*faulty, CheckpointFolder(kJob, 1), state, {2, 4}).value();
  EXPECT_EQ(keyed.segments.size(), 2u);
  EXPECT_EQ(keyed.segments.at(3), SampleSnapshot(0, 2, kMax, 51).operators[0].keyed.segments.at(3));
  EXPECT_EQ(faulty->calls(io::StorageCall::kGet), 1u);
  Flip(Path(1, state.file), static_cast<int64_t>(state.segments[5].offset));
  EXPECT_TRUE(ReadKeyGroups(*faulty, CheckpointFolder(kJob, 1), state, {2, 4}).ok());
  const Status damaged = ReadKeyGroups(*faulty, CheckpointFolder(kJob, 1), state, {0, 8}).status();
  EXPECT_EQ(damaged.category(), ErrorCategory::kExternal);
  EXPECT_THAT(damaged.message(), AllOf(HasSubstr("key group 5 has checksum"),
                                       HasSubstr(fmt::format("expected {:016x}", state.segments[5].checksum)),
                                       HasSubstr("chk-1/3-0-a.state")));
}

TEST_F(CheckpointStoreTest, AJobWithoutCheckpointsHasNoLatest) {
  const Latest latest = Open("a")->ReadLatest(kJob).value();
  EXPECT_FALSE(latest.manifest.has_value());
  EXPECT_EQ(latest.newest, 0u);
}

TEST_F(CheckpointStoreTest, WhatWasNotCommittedDoesNotExist) {
  const auto store = Open("a");
  Commit(*store, 1);
  ASSERT_TRUE(Write(*store, 2, 1).ok());
  EXPECT_THAT(store->List(kJob).value(), ElementsAre(1u));
  EXPECT_EQ(store->ReadLatest(kJob)->manifest->checkpoint, 1u);
}

TEST_F(CheckpointStoreTest, OfTwoCoordinatorsOneWinsTheNumber) {
  const auto a = Open("a"), b = Open("b");
  Commit(*a, 1);
  const Manifest of_a = Write(*a, 2, 1).value(), of_b = Write(*b, 2, 1).value();
  EXPECT_EQ(a->Commit(of_a).kind, Kind::kCommitted);
  const CommitOutcome lost = b->Commit(of_b);
  EXPECT_EQ(lost.kind, Kind::kSuperseded);
  EXPECT_EQ(lost.reason, "Another coordinator runs job 'clicks / page': it committed checkpoint 2");
  EXPECT_EQ(EncodeManifest(*b->ReadLatest(kJob)->manifest), EncodeManifest(of_a));
}

TEST_F(CheckpointStoreTest, OfManyCommitsAtOnceOneWins) {
  constexpr int kRuns = 8;
  std::vector<std::unique_ptr<CheckpointStore>> stores;
  std::vector<Manifest> manifests;
  for (int i = 0; i < kRuns; ++i) {
    stores.push_back(Open("run" + std::to_string(i)));
    manifests.push_back(Write(*stores.back(), 1, 0).value());
  }
  std::vector<Kind> kinds(kRuns);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kRuns; ++i) threads.emplace_back([&, i] { kinds[i] = stores[i]->Commit(manifests[i]).kind; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), Kind::kCommitted), 1);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), Kind::kSuperseded), kRuns - 1);
  EXPECT_TRUE(stores[0]->ReadLatest(kJob)->manifest.has_value());
}

TEST_F(CheckpointStoreTest, ACoordinatorThatWasOvertakenCannotCommitALowerNumber) {
  const auto a = Open("a"), b = Open("b");
  const Manifest slow = Write(*a, 1, 0).value();
  EXPECT_EQ(b->Commit(Write(*b, 2, 0).value()).kind, Kind::kCommitted);
  EXPECT_EQ(a->Commit(slow).kind, Kind::kSuperseded);
  EXPECT_THAT(a->List(kJob).value(), ElementsAre(2u));
}

TEST_F(CheckpointStoreTest, EveryKindOfDamageFallsBackLoudlyToTheOneBefore) {
  const std::vector<std::pair<std::string, std::function<void(const std::string& manifest, const std::string& file)>>>
      damages = {
          {"Damaged metadata entry", [](auto& manifest, auto&) { Flip(manifest, -3); }},
          {"Truncated metadata entry",
           [](auto& manifest, auto&) {
             std::filesystem::resize_file(manifest, std::filesystem::file_size(manifest) - 1);
           }},
          {"Truncated metadata entry", [](auto& manifest, auto&) { std::filesystem::resize_file(manifest, 0); }},
          {"it has checksum", [](auto&, auto& file) { Flip(file, 0); }},
          {"it has checksum", [](auto&, auto& file) { Flip(file, -1); }},
          {"bytes, expected",
           [](auto&, auto& file) { std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1); }},
          {"bytes, expected",
           [](auto&, auto& file) { std::filesystem::resize_file(file, std::filesystem::file_size(file) + 1); }},
          {"Missing state file", [](auto&, auto& file) { std::filesystem::remove(file); }},
      };
  for (const auto& [reason, damage] : damages) {
    std::filesystem::remove_all(folder_.path() + "/" + JobFolder(kJob));
    log_.clear();
    const auto store = Open("a");
    Commit(*store, 1);
    Commit(*store, 2);
    damage(Path(2, "_metadata"), Path(2, "3-1-a.state"));
    const Result<Latest> latest = store->ReadLatest(kJob);
    ASSERT_TRUE(latest.ok()) << reason << latest.status().message();
    EXPECT_EQ(latest->manifest->checkpoint, 1u) << reason;
    EXPECT_EQ(latest->newest, 2u);
    ASSERT_EQ(latest->rejected.size(), 1u) << reason;
    EXPECT_EQ(latest->rejected[0].checkpoint, 2u);
    EXPECT_THAT(latest->rejected[0].reason, AllOf(HasSubstr(reason), HasSubstr("chk-2/")));
    EXPECT_THAT(log_, AllOf(HasSubstr("DAMAGED checkpoint 2 of job 'clicks / page': "), HasSubstr(reason),
                            HasSubstr("FALLING BACK to checkpoint 1")));
  }
}

TEST_F(CheckpointStoreTest, OneWithoutAManifestIsToldOf) {
  const auto store = Open("a");
  Commit(*store, 1);
  Commit(*store, 2);
  EXPECT_EQ(store->ReadLatest(kJob)->newest, 2u);
  EXPECT_THAT(log_, ::testing::Not(HasSubstr("not completed")));
  std::filesystem::remove(Path(2, "_metadata"));
  EXPECT_EQ(store->ReadLatest(kJob)->manifest->checkpoint, 1u);
  EXPECT_THAT(log_, HasSubstr("Checkpoint 2 of job 'clicks / page' was not completed, there is no "));
}

TEST_F(CheckpointStoreTest, DamageReportsExpectedAndActualChecksum) {
  const auto store = Open("a");
  Commit(*store, 1);
  const Manifest manifest = Commit(*store, 2);
  Flip(Path(2, "3-0-a.state"), 40);
  EXPECT_THAT(store->ReadLatest(kJob)->rejected[0].reason,
              HasSubstr(fmt::format("expected {:016x}: {}/3-0-a.state", manifest.nodes[0].subtasks[0].file_checksum,
                                    CheckpointFolder(kJob, 2))));
}

TEST_F(CheckpointStoreTest, IfAllAreDamagedNothingStartsFromNothing) {
  const auto store = Open("a");
  Commit(*store, 1);
  Commit(*store, 2);
  Flip(Path(1, "3-0-a.state"), 40);
  Flip(Path(2, "3-0-a.state"), 40);
  const Status status = store->ReadLatest(kJob).status();
  EXPECT_EQ(status.category(), ErrorCategory::kExternal);
  EXPECT_THAT(status.message(),
              HasSubstr("No checkpoint of job 'clicks / page' can be restored: 2 exist and all are damaged"));
}

TEST_F(CheckpointStoreTest, AReadThatFailsOnceIsTriedAgain) {
  Commit(*Open("a"), 1);
  const auto faulty =
      std::make_shared<io::FaultyStorage>(io::OpenStorage(folder_.uri()).value(),
                                          std::vector<io::Fault>{{io::StorageCall::kGet, io::FaultKind::kError, 5}});
  const Latest latest = Open("b", 10, faulty)->ReadLatest(kJob).value();
  EXPECT_EQ(faulty->injected(), 1u);
  EXPECT_EQ(latest.manifest->checkpoint, 1u);
  EXPECT_TRUE(latest.rejected.empty());
}

TEST_F(CheckpointStoreTest, AFullDiskFailsTheTaskAndLeavesNoFile) {
  for (const io::StorageCall call : {io::StorageCall::kAppend, io::StorageCall::kCommit}) {
    const auto faulty = std::make_shared<io::FaultyStorage>(
        io::OpenStorage(folder_.uri()).value(),
        std::vector<io::Fault>{{call, io::FaultKind::kError, 28, "", 0, io::kAlways}});
    const auto store = Open("a", 10, faulty);
    const Status status = store->WriteTask(kJob, 1, {3, 0}, SampleSnapshot(0, 1, kMax, 100)).status();
    EXPECT_EQ(status.category(), ErrorCategory::kExternal);
    EXPECT_THAT(status.message(),
                AllOf(HasSubstr("State of task 3-0 for checkpoint 1"), HasSubstr("No space left on device")));
    EXPECT_TRUE(io::OpenStorage(folder_.uri()).value()->List("")->empty());
  }
}

TEST_F(CheckpointStoreTest, ATornFileIsFoundByItsChecksum) {
  const auto faulty = std::make_shared<io::FaultyStorage>(
      io::OpenStorage(folder_.uri()).value(),
      std::vector<io::Fault>{{io::StorageCall::kAppend, io::FaultKind::kFlipBit, 0, "chk-2", 3},
                             {io::StorageCall::kAppend, io::FaultKind::kLoseTail, 0, "chk-3", 3}});
  const auto store = Open("a", 10, faulty);
  for (uint64_t checkpoint : {1, 2, 3}) Commit(*store, checkpoint);
  EXPECT_EQ(faulty->injected(), 2u);
  const Latest latest = store->ReadLatest(kJob).value();
  EXPECT_EQ(latest.manifest->checkpoint, 1u);
  EXPECT_EQ(latest.rejected.size(), 2u);
}

TEST_F(CheckpointStoreTest, SubsumeKeepsTheNewestAndDeletesWhatNobodyRefersTo) {
  const auto store = Open("a", 2);
  for (uint64_t checkpoint : {1, 2, 3}) Commit(*store, checkpoint);
  ASSERT_TRUE(Write(*Open("killed"), 4, 3).ok());  // never committed, below the next
  ASSERT_TRUE(Write(*Open("killed"), 5, 3).ok());  // never committed, the same number as the next
  ASSERT_TRUE(Write(*Open("other"), 6, 3).ok());   // perhaps under way
  const Manifest newest = Write(*store, 5, 3).value();
  ASSERT_EQ(store->Commit(newest).kind, Kind::kCommitted);
  ASSERT_TRUE(store->Subsume(newest).ok());
  EXPECT_THAT(store->List(kJob).value(), ElementsAre(3u, 5u));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/" + CheckpointFolder(kJob, 1)));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/" + CheckpointFolder(kJob, 4)));
  EXPECT_TRUE(std::filesystem::exists(Path(5, "3-0-a.state")));
  EXPECT_FALSE(std::filesystem::exists(Path(5, "3-0-killed.state")));
  EXPECT_TRUE(std::filesystem::exists(Path(6, "3-0-other.state")));
  EXPECT_TRUE(store->Read(kJob, 3).ok());
  EXPECT_TRUE(store->Read(kJob, 5).ok());
}

TEST_F(CheckpointStoreTest, SubsumeDeletesUnfinishedFilesOfDeadWriters) {
  const auto store = Open("a");
  Commit(*store, 1);
  const std::string path = Path(1, std::string(io::kTemporaryPrefix) + "dead");
  std::ofstream(path) << "half";
  const Manifest newest = Commit(*store, 2);
  ASSERT_TRUE(store->Subsume(newest).ok());
  EXPECT_TRUE(std::filesystem::exists(path));  // perhaps not yet locked
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  ASSERT_TRUE(store->Subsume(newest).ok());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(CheckpointStoreTest, ADamagedCheckpointDoesNotCountAsRetained) {
  const auto store = Open("a", 2);
  Commit(*store, 1);
  Commit(*store, 2);
  Flip(Path(2, "3-0-a.state"), 40);
  const Latest latest = store->ReadLatest(kJob).value();
  ASSERT_EQ(latest.manifest->checkpoint, 1u);
  const Manifest newest = Write(*store, 3, latest.newest).value();
  ASSERT_EQ(store->Commit(newest).kind, Kind::kCommitted);
  ASSERT_TRUE(store->Subsume(newest).ok());
  EXPECT_THAT(store->List(kJob).value(), ElementsAre(1u, 3u));
}

TEST_F(CheckpointStoreTest, SubsumeLeavesCheckpointsOfEarlierRunsButAClaimedOne) {
  for (uint64_t checkpoint : {1, 2, 3}) Commit(*Open("earlier"), checkpoint);
  const auto store = Open("a", 1);
  store->KeepEarlier(kJob, {1, 2, 3}, 2);
  Commit(*store, 4);
  const Manifest newest = Commit(*store, 5);
  ASSERT_TRUE(store->Subsume(newest).ok());
  EXPECT_THAT(store->List(kJob).value(), ElementsAre(1u, 3u, 5u));
  for (uint64_t kept : {1, 3, 5}) EXPECT_TRUE(store->Read(kJob, kept).ok()) << kept;
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/" + CheckpointFolder(kJob, 2)));
}

TEST_F(CheckpointStoreTest, APathNamesACheckpointAJobOrADirectoryWithOneJob) {
  const auto store = Open("a");
  Commit(*store, 1);
  Commit(*store, 12);
  const std::string job = folder_.path() + "/" + JobFolder(kJob);
  for (const std::string& path : {job + "/chk-12", job + "/chk-12/", job + "/chk-12/_metadata"}) {
    const CheckpointPath resolved = ResolveCheckpointPath(path).value();
    EXPECT_EQ(resolved.directory, folder_.path()) << path;
    EXPECT_EQ(resolved.job, kJob);
    EXPECT_EQ(resolved.checkpoint, 12u);
  }
  for (const std::string& path : {job, folder_.path(), folder_.uri(), folder_.path() + "/"}) {
    const CheckpointPath resolved = ResolveCheckpointPath(path).value();
    EXPECT_EQ(resolved.directory, folder_.path()) << path;
    EXPECT_EQ(resolved.job, kJob) << path;
    EXPECT_EQ(resolved.checkpoint, std::nullopt);
  }
}

TEST_F(CheckpointStoreTest, APathWithoutOrWithSeveralJobsIsAUserError) {
  const Status none = ResolveCheckpointPath(folder_.path()).status();
  EXPECT_EQ(none.category(), ErrorCategory::kUser);
  EXPECT_EQ(none.message(), "No checkpoint is found in " + folder_.path());
  const auto store = Open("a");
  Manifest manifest;
  manifest.checkpoint = 1;
  for (const std::string job : {"one", "two"}) {
    manifest.job = job;
    ASSERT_EQ(store->Commit(manifest).kind, Kind::kCommitted);
  }
  EXPECT_THAT(ResolveCheckpointPath(folder_.path()).status().message(),
              HasSubstr("Several jobs have checkpoints in " + folder_.path() + ": one, two"));
}

TEST(JobFolderName, IsOnePlainPathPart) {
  EXPECT_EQ(JobFolder("clicks-2.a_B"), "clicks-2.a_B");
  EXPECT_EQ(JobFolder("a/b c%"), "a%2Fb%20c%25");
  EXPECT_EQ(JobFolder(".."), "%2E.");
  EXPECT_EQ(CheckpointFolder("j", 12), "j/chk-12");
}

TEST_F(CheckpointStoreTest, ALongNameIsCutInItsFolderAndTheFolderNamesTheSameJob) {
  EXPECT_EQ(JobFolder(std::string(200, 'a')), std::string(200, 'a'));
  // Escapes at every place of the cut.
  for (const std::string& name :
       {std::string(300, 'a'), std::string(90, ','), "a" + std::string(90, ','), "aa" + std::string(90, ',')}) {
    const std::string folder = JobFolder(name);
    EXPECT_LE(folder.size(), 200u);
    EXPECT_NE(folder, JobFolder(name + "x"));
    std::filesystem::remove_all(folder_.path());
    const auto store = Open("a");
    Manifest manifest;
    manifest.checkpoint = 1;
    manifest.job = name;
    ASSERT_EQ(store->Commit(manifest).kind, Kind::kCommitted);
    EXPECT_EQ(JobFolder(ResolveCheckpointPath(folder_.path() + "/" + folder)->job), folder);
  }
}

}  // namespace
}  // namespace thalweg::checkpoint
