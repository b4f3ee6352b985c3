#include "testing/script.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fmt/ranges.h>

#include "testing/script_run.h"

namespace thalweg::testing {
namespace {

bool IsExpectation(const Step& step) {
  return step.kind == Step::Kind::kExpect || step.kind == Step::Kind::kEntries || step.kind == Step::Kind::kTimers;
}

bool WithTimes(const Step& step) {
  return std::any_of(step.rows.begin(), step.rows.end(), [](const Step::Row& row) { return row.time.has_value(); });
}

std::string TimeText(int64_t time) { return time == columns::kNoTime ? "none" : std::to_string(time); }

std::vector<std::string> Lines(const std::vector<CollectedRow>& rows, bool with_times, bool in_order) {
  std::vector<std::string> lines;
  for (const CollectedRow& row : rows) lines.push_back(with_times ? row.text + " @ " + TimeText(row.time) : row.text);
  if (!in_order) std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> Expected(const Step& step) {
  std::vector<CollectedRow> rows;
  for (const Step::Row& row : step.rows) rows.push_back({row.text, row.time.value_or(columns::kNoTime)});
  return Lines(rows, WithTimes(step), step.in_order);
}

std::string Show(const std::vector<std::string>& lines) {
  return lines.empty() ? "nothing" : fmt::format("{}", fmt::join(lines, "  "));
}

/// The last thing done before step `at`, in words.
std::string Where(const Script& script, size_t at) {
  int number = 0;
  std::string after = "the start";
  for (size_t i = 0; i <= at; ++i) {
    const Step& step = script.steps[i];
    if (IsExpectation(step)) ++number;
    if (step.kind == Step::Kind::kRows) after = fmt::format("{} rows", step.count);
    if (step.kind == Step::Kind::kWatermark) after = fmt::format("watermark {}", step.time);
    if (step.kind == Step::Kind::kProcessingTime) after = fmt::format("processing time {}", step.time);
    if (step.kind == Step::Kind::kEndOfInput) after = fmt::format("the end of input {}", step.input);
  }
  return fmt::format("expectation {} (port {}, after {})", number, script.steps[at].port, after);
}

std::string Compare(const Script& script, const Met& met, const Met* undisturbed) {
  const Step& step = script.steps[met.step];
  if (step.kind != Step::Kind::kExpect) {
    if (met.entries == step.count) return {};
    const char* what = step.kind == Step::Kind::kTimers ? "timers" : "entries in state";
    return fmt::format("{}: expected {} {}, got {}", Where(script, met.step), step.count, what, met.entries);
  }
  std::vector<std::string> expected = Expected(step), got = Lines(met.rows, WithTimes(step), step.in_order);
  if (expected == got) return {};
  std::string text = fmt::format("{}\n    expected:        {}\n    got:             {}", Where(script, met.step),
                                 Show(expected), Show(got));
  if (undisturbed) text += "\n    undisturbed run: " + Show(Lines(undisturbed->rows, WithTimes(step), step.in_order));
  return text;
}

std::string CompareStatus(const Script& script, const Status& status) {
  if (!script.error) return status.ok() ? "" : status.ToString();
  if (status.ok()) return fmt::format("expected an error with '{}', got none", *script.error);
  if (status.ToString().find(*script.error) != std::string::npos) return {};
  return fmt::format("expected an error with '{}', got: {}", *script.error, status.ToString());
}

/// Empty if the run met every expectation.
std::string Judge(const Script& script, const Transcript& run, const Transcript* undisturbed) {
  if (!run.violations.empty()) return fmt::format("broke the operator contract: {}", run.violations.front());
  for (size_t i = 0; i < run.met.size(); ++i) {
    const Met* other = undisturbed && i < undisturbed->met.size() ? &undisturbed->met[i] : nullptr;
    if (std::string fault = Compare(script, run.met[i], other); !fault.empty()) return fault;
  }
  if (std::string fault = CompareStatus(script, run.status); !fault.empty()) return fault;
  if (script.error) return {};
  for (const auto& [port, rows] : run.left) {
    if (!rows.empty())
      return fmt::format("rows on port {} that no expectation asks for: {}", port, Show(Lines(rows, true, true)));
  }
  return {};
}

/// A database in a folder that goes with it; opened on first use.
class TemporaryDatabase {
 public:
  TemporaryDatabase() = default;
  TemporaryDatabase(const TemporaryDatabase&) = delete;
  TemporaryDatabase& operator=(const TemporaryDatabase&) = delete;
  ~TemporaryDatabase() {
    instance_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  const std::shared_ptr<state::RocksDbInstance>& instance() {
    if (instance_) return instance_;
    std::string pattern = (std::filesystem::temp_directory_path() / "thalweg-harness-XXXXXX").string();
    THALWEG_CHECK(mkdtemp(pattern.data()) != nullptr, "No folder for the test's database: {}", pattern);
    folder_ = pattern;
    instance_ = state::RocksDbInstance::Open(
                    {.directory = pattern + "/db", .memory_bytes = 4 << 20, .write_buffer_bytes = 1 << 20})
                    .value();
    return instance_;
  }

 private:
  std::filesystem::path folder_;
  std::shared_ptr<state::RocksDbInstance> instance_;
};

}  // namespace

std::vector<Variation> VariationsOf(const Script& script) {
  int inputs = 0;
  for (const Step& step : script.steps) {
    inputs += !IsExpectation(step) && step.kind != Step::Kind::kInspect;
  }
  std::vector<Variation> all;
  all.push_back({.name = ""});
  all.push_back({.name = "one-row batches", .one_row_batches = true});
  all.push_back({.name = "credit of one row", .starving = true});
  all.push_back({.name = "credit of one row, restarted at each pause", .starving = true, .restart_at_pause = true});
  if (script.serialisable) all.push_back({.name = "serialised", .serialise = true});
  if (inputs <= kMaxRestartedInputs) {
    all.push_back({.name = "restarted after each input", .restart_after_input = true});
    if (script.keyed) {
      all.push_back({.name = "rescaled after each input", .restart_after_input = true, .rescale = true});
      all.push_back(
          {.name = "moved to the other backend after each input", .restart_after_input = true, .change_backend = true});
    }
  }
  if (script.keyed) all.push_back({.name = "on rocksdb", .rocksdb = true});
  return all;
}

std::vector<std::string> RunScript(const Script& script) {
  std::vector<std::string> faults;
  Transcript undisturbed;
  TemporaryDatabase database;
  for (const Variation& variation : VariationsOf(script)) {
    Transcript run = RunOnce(script, variation, script.keyed ? database.instance() : nullptr);
    bool first = variation.name.empty();
    std::string fault = Judge(script, run, first ? nullptr : &undisturbed);
    if (!fault.empty()) faults.push_back(fmt::format("[{}] {}", first ? "undisturbed" : variation.name, fault));
    if (first) undisturbed = std::move(run);
  }
  return faults;
}

}  // namespace thalweg::testing
