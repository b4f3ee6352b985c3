#include "config/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "config/keys.h"
#include "config/load.h"
#include "config/options.h"
#include "config/reference.h"
#include "testing/source_folder.h"

namespace thalweg::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

// A file of the test's own that goes with it.
class File {
 public:
  explicit File(std::string_view text)
      : path_(::testing::TempDir() + "thalweg-config-" + std::to_string(getpid()) + "-" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml") {
    std::ofstream(path_) << text;
  }
  ~File() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

LoadedConfiguration Load(std::string_view yaml, std::vector<std::string> definitions = {}) {
  File file(yaml);
  auto loaded = LoadConfiguration(file.path(), definitions);
  EXPECT_TRUE(loaded.ok()) << loaded.status().ToString();
  return std::move(loaded).value();
}

Status LoadError(std::string_view yaml, std::vector<std::string> definitions = {}) {
  File file(yaml);
  Status status = LoadConfiguration(file.path(), definitions).status();
  std::string message = status.message();
  for (size_t at; (at = message.find(file.path())) != std::string::npos;)
    message.replace(at, file.path().size(), "FILE");
  return status.ok() ? status : Status(status.category(), message);
}

TEST(Keys, TablesAreSortedAndUnique) {
  for (auto keys : {FlinkKeys(), OwnKeys()}) {
    EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end(), [](auto& a, auto& b) { return a.key < b.key; }));
    EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end(), [](auto& a, auto& b) { return a.key == b.key; }),
              keys.end());
  }
  EXPECT_EQ(FlinkKeys().size(), 1049u);
  for (const KeyInfo& info : OwnKeys()) EXPECT_THAT(std::string(info.key), StartsWith("thalweg."));
}

TEST(Keys, EveryDefaultIsAValueOfItsType) {
  for (auto keys : {FlinkKeys(), OwnKeys()}) {
    for (const KeyInfo& info : keys) {
      if (!info.default_value) continue;
      std::string_view text = *info.default_value;
      Status status;
      if (info.type == "Boolean") status = ParseBoolean(text).status();
      if (info.type == "Integer" || info.type == "Long") status = ParseInteger(text).status();
      if (info.type == "Double") status = ParseDouble(text).status();
      if (info.type == "Duration") status = ParseDuration(text).status();
      if (info.type == "MemorySize" && text != "infinite") status = ParseMemorySize(text).status();
      if (info.type == "Map") status = ParseMap(text).status();
      if (info.type.starts_with("List")) status = ParseList(text).status();
      if (info.type.starts_with("Enum(") && info.type.find(text) == std::string_view::npos)
        status = UserError("not in {}", info.type);
      EXPECT_TRUE(status.ok()) << info.key << ": " << status.ToString();
    }
  }
}

TEST(Keys, PlaceholdersStandForNames) {
  EXPECT_EQ(FindKey("metrics.reporter.prom.interval")->key, "metrics.reporter.<name>.interval");
  EXPECT_EQ(FindKey("metrics.reporter.prom.port")->key, "metrics.reporter.<name>.<parameter>");
  EXPECT_EQ(FindKey("metrics.reporter.prom.some.deep.name")->key, "metrics.reporter.<name>.<parameter>");
  EXPECT_EQ(FindKey("metrics.reporter"), nullptr);
  EXPECT_EQ(FindKey("metrics.reporter.prom"), nullptr);
  EXPECT_EQ(FindKey(""), nullptr);
  EXPECT_EQ(FindKey("."), nullptr);
}

TEST(Keys, NearestIsByEditDistance) {
  EXPECT_EQ(SuggestKey("execution.checkpointing.intervall"), "; did you mean 'execution.checkpointing.interval'?");
  EXPECT_EQ(SuggestKey("paralellism.default"), "; did you mean 'parallelism.default'?");
  EXPECT_EQ(SuggestKey("state.checkpoint.dir"), "; did you mean 'state.checkpoints.dir'?") << "older names count too";
  EXPECT_EQ(SuggestKey("thalweg.core"), "; did you mean 'thalweg.cores'?");
  EXPECT_EQ(SuggestKey(""), "");
  EXPECT_EQ(SuggestKey("x"), "");
  EXPECT_EQ(SuggestKey("my.own.setting"), "");
}

TEST(Keys, EveryDefaultIsOfItsType) {
  for (const KeyInfo& info : FlinkKeys())
    if (info.default_value) EXPECT_TRUE(CheckType(info, *info.default_value).ok()) << info.key;
}

TEST(Configuration, AMistypedValueIsAnErrorAlsoWhereTheKeyHasNoEffect) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"pipeline.object-reuse", "maybe"},
      {"rest.port", "many"},
      {"akka.ask.timeout", "soon"},
      {"taskmanager.memory.network.fraction", "half"},
      {"taskmanager.memory.network.max", "lots"},
      {"execution.checkpointing.externalized-checkpoint-retention", "KEEP"},
      {"metrics.reporter.prom.interval", "often"}};
  for (const auto& [key, text] : wrong) {
    Configuration configuration;
    const Status status = configuration.Set(key, text);
    EXPECT_FALSE(status.ok()) << key;
    EXPECT_THAT(status.message(), AllOf(HasSubstr(key), HasSubstr(text)));
    EXPECT_FALSE(configuration.Has(key));
  }
  Configuration configuration;
  EXPECT_TRUE(configuration.Set("pipeline.object-reuse", "TRUE").ok());
  EXPECT_TRUE(
      configuration.Set("execution.checkpointing.externalized-checkpoint-retention", "delete_on_cancellation").ok());
  EXPECT_TRUE(configuration.Set("pipeline.global-job-parameters.mine", "any text: at, all").ok())
      << "an entry of a map";
}

TEST(Configuration, DefaultsAreFlinks) {
  Configuration configuration;
  EXPECT_EQ(*configuration.Get(kCheckpointTimeout), 10min);
  EXPECT_EQ(*configuration.Get(kCheckpointMinPause), 0ms);
  EXPECT_EQ(*configuration.Get(kAutoWatermarkInterval), 200ms);
  EXPECT_EQ(*configuration.Get(kStateBackend), StateBackendType::kHashMap);
  EXPECT_EQ(*configuration.Get(kCheckpointMode), CheckpointingMode::kExactlyOnce);
  EXPECT_EQ(*configuration.Get(kRuntimeMode), RuntimeMode::kStreaming);
  EXPECT_EQ(*configuration.Get(kParallelism), 1);
  EXPECT_EQ(*configuration.Get(kMaxParallelism), -1);
  EXPECT_EQ(*configuration.Get(kExponentialDelayMultiplier), 1.5);
  EXPECT_EQ(*configuration.Get(kExponentialDelayAttempts), 2147483647);
  EXPECT_EQ(*configuration.Find(kCheckpointInterval), std::nullopt);
  EXPECT_EQ(*configuration.Find(kRestartStrategy), std::nullopt);
  EXPECT_EQ(configuration.Get(kCheckpointDir).status().message(),
            "Configuration key has no value and no default: execution.checkpointing.dir");
}

TEST(Configuration, NestedAndFlatKeysAreTheSame) {
  auto loaded = Load(R"(
execution:
  checkpointing:
    interval: 5 s
    dir: file:///tmp/chk
  runtime-mode: batch
state.backend.type: rocksdb
restart-strategy:
  type: fixed-delay
  fixed-delay: {attempts: 7, delay: PT2S}
taskmanager.memory.process.size: 1728m
)");
  EXPECT_EQ(**loaded.configuration.Find(kCheckpointInterval), 5s);
  EXPECT_EQ(*loaded.configuration.Get(kCheckpointDir), "file:///tmp/chk");
  EXPECT_EQ(*loaded.configuration.Get(kRuntimeMode), RuntimeMode::kBatch);
  EXPECT_EQ(*loaded.configuration.Get(kStateBackend), StateBackendType::kRocksDb);
  EXPECT_EQ(*loaded.configuration.Get(kRestartStrategy), RestartStrategyType::kFixedDelay);
  EXPECT_EQ(*loaded.configuration.Get(kFixedDelayAttempts), 7);
  EXPECT_EQ(*loaded.configuration.Get(kFixedDelayDelay), 2s);
  EXPECT_EQ(loaded.configuration.Get(kMemoryLimit)->bytes, 1728ull << 20);
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST(Configuration, DefinitionsGoBeforeTheFile) {
  auto loaded =
      Load("parallelism.default: 2\npipeline.name: from file\n", {"parallelism.default=3", "parallelism.default = 4"});
  EXPECT_EQ(*loaded.configuration.Get(kParallelism), 4);
  EXPECT_EQ(*loaded.configuration.Get(kPipelineName), "from file");
  EXPECT_TRUE(loaded.configuration.Has("parallelism.default"));
  EXPECT_FALSE(loaded.configuration.Has("thalweg.cores"));
}

TEST(Configuration, UnknownKeyNamesPlaceAndNearest) {
  Status status = LoadError("a: 1\n");
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_EQ(status.message(), "Unknown configuration key 'a' (FILE:1:1)") << "none is near";
  EXPECT_EQ(LoadError("execution:\n  checkpointing:\n    intervall: 5 s\n").message(),
            "Unknown configuration key 'execution.checkpointing.intervall' (FILE:3:5); did you mean "
            "'execution.checkpointing.interval'?");
  EXPECT_EQ(LoadError("", {"paralelism.default=2"}).message(),
            "Unknown configuration key 'paralelism.default' (-D); did you mean 'parallelism.default'?");
}

TEST(Configuration, WrongValueNamesKeyAndPlace) {
  EXPECT_EQ(LoadError("pipeline.name: x\nexecution.checkpointing.interval: fast\n").message(),
            "Configuration key 'execution.checkpointing.interval' (FILE:2:1): Not a duration: 'fast'; write for "
            "example '10 s' or '500 ms'");
  EXPECT_EQ(LoadError("", {"parallelism.default=0"}).message(),
            "Configuration key 'parallelism.default' (-D): Value is below the least allowed: '0'");
  EXPECT_EQ(LoadError("", {"thalweg.cores=300000000"}).message(),
            "Configuration key 'thalweg.cores' (-D): Value is above the most allowed: '300000000'");
  EXPECT_EQ(LoadError("", {"thalweg.io.threads=1025"}).message(),
            "Configuration key 'thalweg.io.threads' (-D): Value is above the most allowed: '1025'");
  // Flink's type of it is Integer: not cut to 2.
  EXPECT_EQ(LoadError("", {"parallelism.default=4294967298"}).message(),
            "Configuration key 'parallelism.default' (-D): Value is beyond -2147483648 to 2147483647: '4294967298'");
  EXPECT_EQ(
      LoadError("", {"pipeline.max-parallelism=4294967424"}).message(),
      "Configuration key 'pipeline.max-parallelism' (-D): Value is beyond -2147483648 to 2147483647: '4294967424'");
  EXPECT_EQ(LoadError("", {"state.backend.type=forst"}).message(),
            "Configuration key 'state.backend.type' (-D): Not one of the allowed values: 'forst'; write one of: "
            "hashmap, rocksdb");
  EXPECT_EQ(LoadError("state.backend: heap\n").message(),
            "Configuration key 'state.backend' (FILE:1:1): Not one of the allowed values: 'heap'; write one of: "
            "hashmap, rocksdb");
}

TEST(Configuration, DeprecatedKeyWorksWithAWarning) {
  auto loaded = Load("state.checkpoints.dir: file:///a\n");
  EXPECT_EQ(*loaded.configuration.Get(kCheckpointDir), "file:///a");
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_THAT(loaded.warnings[0], StartsWith("Configuration key 'state.checkpoints.dir' is deprecated ("));
  EXPECT_THAT(loaded.warnings[0], HasSubstr(":1:1); write 'execution.checkpointing.dir'"));
}

TEST(Configuration, CurrentKeyBeatsItsDeprecatedNameInOneLayerOnly) {
  for (const char* yaml : {"state.checkpoints.dir: file:///old\nexecution.checkpointing.dir: file:///new\n",
                           "execution.checkpointing.dir: file:///new\nstate.checkpoints.dir: file:///old\n"}) {
    EXPECT_EQ(*Load(yaml).configuration.Get(kCheckpointDir), "file:///new");
    EXPECT_EQ(*Load(yaml, {"state.checkpoints.dir=file:///given"}).configuration.Get(kCheckpointDir), "file:///given");
  }
}

TEST(Configuration, DeprecatedNameOfTwoKeysSetsBoth) {
  auto loaded = Load("state.backend.local-recovery: true\n");
  EXPECT_TRUE(loaded.configuration.Has("execution.checkpointing.local-backup.enabled"));
  EXPECT_TRUE(loaded.configuration.Has("execution.state-recovery.from-local"));
  EXPECT_THAT(
      loaded.warnings[0],
      HasSubstr("write 'execution.checkpointing.local-backup.enabled' and 'execution.state-recovery.from-local'"));
}

TEST(Configuration, KeyWithoutEffectWarnsUnlessItConcernsOnlyTheOldWorld) {
  auto warnings = Load("", {"execution.checkpointing.unaligned.enabled=true", "yarn.application.queue=q",
                            "pipeline.time-characteristic=EventTime"})
                      .warnings;
  EXPECT_THAT(
      warnings,
      ElementsAre("Configuration key 'execution.checkpointing.unaligned.enabled' is known but has no effect yet (-D)",
                  "Configuration key 'pipeline.time-characteristic' has no effect: Flink dropped it after 1.17 (-D)"));
}

TEST(Configuration, ErrorLeavesItAsItWas) {
  Configuration configuration;
  ASSERT_TRUE(configuration.Set("parallelism.default", "2").ok());
  std::vector<Definition> layer = {{"pipeline.name", "x", "a"}, {"parallelism.default", "many", "b"}};
  std::vector<std::string> warnings;
  EXPECT_EQ(configuration.ApplyLayer(layer, &warnings).message(),
            "Configuration key 'parallelism.default' (b): Not an integer: 'many'; write for example '4'");
  EXPECT_EQ(*configuration.Get(kParallelism), 2);
  EXPECT_FALSE(configuration.Has("pipeline.name"));
  EXPECT_THAT(configuration.Set("nonsense", "1").message(), HasSubstr("(set by program)"));
}

TEST(Configuration, MapsComeFromOneLineOrFromNestedKeys) {
  constexpr ConfigOption<StringMap> kParameters{"pipeline.global-job-parameters", "for this test"};
  EXPECT_THAT(**Load("pipeline.global-job-parameters: 'a:1,b:2'\n").configuration.Find(kParameters),
              ElementsAre(Pair("a", "1"), Pair("b", "2")));
  auto nested =
      Load("pipeline:\n  global-job-parameters:\n    a: 1\n    b.c: 'x,y'\n", {"pipeline.global-job-parameters.a=9"});
  EXPECT_THAT(**nested.configuration.Find(kParameters), ElementsAre(Pair("a", "9"), Pair("b.c", "x,y")));
  EXPECT_EQ(*Configuration().Find(kParameters), std::nullopt);
}

TEST(Configuration, YamlListsAndOneLineListsAreTheSame) {
  constexpr ConfigOption<StringList> kJars{"pipeline.jars", "for this test"};
  EXPECT_THAT(**Load("pipeline.jars: 'a;b'\n").configuration.Find(kJars), ElementsAre("a", "b"));
  EXPECT_THAT(**Load("pipeline.jars:\n  - a\n  - 'b;c'\n  - {k: v, x: y}\n").configuration.Find(kJars),
              ElementsAre("a", "b;c", "k:v,x:y"));
  EXPECT_THAT(**Load("pipeline.jars: []\n").configuration.Find(kJars), IsEmpty());
}

TEST(Yaml, ErrorsHavePlaces) {
  EXPECT_THAT(LoadError("a: b: c\n").message(), StartsWith("Configuration file is not valid YAML: "));
  EXPECT_THAT(LoadError("a: b: c\n").message(), HasSubstr("(FILE:1:5)"));
  EXPECT_EQ(LoadError("- a\n- b\n").message(), "Configuration file is not a list of 'key: value' lines (FILE:1:1)");
  EXPECT_EQ(LoadError("pipeline.name: x\npipeline:\n  name: y\n").message(),
            "Key is given twice: 'pipeline.name' (FILE:1:1 and FILE:3:3)");
  EXPECT_EQ(LoadError("[a]: b\n").message(), "Key is not plain text (FILE:1:1)");
  EXPECT_EQ(LoadError("pipeline.jars:\n  - [a]\n").message(), "List is nested too deep: 'pipeline.jars' (FILE:2:5)");
}

TEST(Yaml, EmptyFileAndEmptyValueAreNoErrors) {
  EXPECT_THAT(Load("").configuration.entries(), IsEmpty());
  EXPECT_THAT(Load("# nothing\n---\n").configuration.entries(), IsEmpty());
  auto loaded = Load("pipeline.name:\nparallelism.default: 3\n");
  EXPECT_FALSE(loaded.configuration.Has("pipeline.name"));
  EXPECT_THAT(loaded.warnings[0], HasSubstr("'pipeline.name' has no value and is left out"));
  EXPECT_EQ(*loaded.configuration.Get(kParallelism), 3);
}

TEST(Yaml, LongFileIsReadWholeUpToTheLimit) {
  std::string text;
  while (text.size() < 100'000) text += "# a comment\n";
  EXPECT_EQ(*Load(text + "parallelism.default: 3\n").configuration.Get(kParallelism), 3);
  EXPECT_EQ(LoadError(std::string(kConfigFileBytes + 1, '#')).message(),
            "Configuration file is larger than 16777216 bytes: FILE");
}

TEST(Yaml, MissingFileIsAUserError) {
  Status status = LoadConfiguration("/no/such/config.yaml", {}).status();
  EXPECT_EQ(status.category(), ErrorCategory::kUser);
  EXPECT_EQ(status.message(), "Cannot open configuration file: No such file or directory: /no/such/config.yaml");
}

TEST(Yaml, DeepNestingIsAnErrorNotACrash) {
  std::vector<std::string> warnings;
  EXPECT_FALSE(ParseYaml(std::string(100000, '['), "f", &warnings).ok());
  EXPECT_FALSE(ParseYaml(std::string(100000, '{'), "f", &warnings).ok());
}

TEST(ParseDefinition, NeedsAKeyAndAnEqualsSign) {
  EXPECT_EQ(ParseDefinition("a=b=c")->text, "b=c");
  EXPECT_EQ(ParseDefinition(" a = b ")->key, "a");
  EXPECT_EQ(ParseDefinition("a=")->text, "");
  EXPECT_EQ(ParseDefinition("a").status().message(), "Malformed definition '-D a'; write -D key=value");
  EXPECT_FALSE(ParseDefinition("=b").ok());
}

TEST(Options, EveryHonouredKeyIsKnownAndItsDefaultIsAccepted) {
  for (const HonouredOption& option : HonouredOptions()) {
    const KeyInfo* info = FindKey(option.key);
    ASSERT_NE(info, nullptr) << option.key;
    EXPECT_EQ(info->key, option.key);
    EXPECT_FALSE(option.description.empty());
    EXPECT_TRUE(!info->default_value || option.check(*info->default_value).ok()) << option.key;
  }
  for (const KeyInfo& info : OwnKeys()) EXPECT_NE(FindHonoured(info.key), nullptr) << info.key;
}

TEST(Reference, BookListsTheOptions) {
  std::ifstream file(SourceFolder() + "/docs/book/configuration.md");
  std::string page((std::istreambuf_iterator<char>(file)), {});
  std::string current = ::testing::TempDir() + "/configuration.md";
  if (page != RenderReference()) std::ofstream(current) << RenderReference();
  EXPECT_TRUE(page == RenderReference()) << "docs/book/configuration.md is out of date; copy " << current << " over it";
}

}  // namespace
}  // namespace thalweg::config
