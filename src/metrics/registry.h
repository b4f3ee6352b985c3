// Who has which metrics, and the one place where another thread reads them.
// Rule: a group's metrics are written by one thread; registering and reading take the registry's lock, adding to a metric never does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "metrics/metric.h"

namespace thalweg::metrics {

/// What a group describes; Flink's scopes.
enum class ScopeKind : uint8_t {
  kJobManager,
  kJobManagerJob,
  kJobManagerOperator,
  kTaskManager,
  kTaskManagerJob,
  kTask,
  kOperator
};

/// Flink's scope variables by name without brackets: host, tm_id, job_id, job_name, task_id, task_name, task_attempt_id,
/// task_attempt_num, subtask_index, operator_id, operator_name; and those added by Group::AddGroup(key, value).
using Variables = std::map<std::string, std::string>;

enum class MetricKind : uint8_t { kCounter, kGauge, kFloatGauge, kMeter, kHistogram };

/// One metric as it was when read.
struct Sample {
  ScopeKind scope;
  std::shared_ptr<const Variables> variables;
  std::string name;  // with the names of its groups inside the scope: "KafkaSourceReader.commitsSucceeded"
  MetricKind kind;
  std::variant<int64_t, double, HistogramSnapshot> value;

  /// "<host>.taskmanager.<tm_id>.<job_name>.<task_name>.<subtask_index>.numRecordsIn" with the variables put in: Flink's default
  /// scope formats. A variable that is not set stays as its name in brackets.
  std::string Identifier() const;
  /// "taskmanager.job.task.operator.numRecordsIn": the same for all subtasks, what dashboards group by.
  std::string LogicalName() const;
};

/// User error unless `name` has 1 to 200 letters, digits, '_', '-' or '.', with no '.' at either end.
Status CheckMetricName(std::string_view name);

class Group;

/// Owner of what all groups share. Any thread. Groups may outlive it.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// A group for the process or the coordinator.
  std::unique_ptr<Group> Open(ScopeKind scope, Variables variables);
  /// All metrics of all open groups, oldest group first, by name inside a group. `now_ms`: of a clock that never falls, for meters.
  std::vector<Sample> Snapshot(int64_t now_ms);

 private:
  friend class Group;
  struct Shared;
  explicit Registry(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  std::shared_ptr<Shared> shared_;
};

/// Metrics of one scope, or of a named part of it. Registering: any thread, but each name's metric has one writer, and all
/// metrics of a scope share cache lines, so let one thread write them. The references live as long as the group.
class Group {
 public:
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  /// The metric of this name, made at the first call. The name must be valid, and not of another kind: names that come from user
  /// code go through CheckUserMetric first.
  Counter& counter(std::string_view name);
  Gauge& gauge(std::string_view name);
  FloatGauge& float_gauge(std::string_view name);
  Histogram& histogram(std::string_view name);
  /// Events per second of `counter`, which must be of this scope.
  Meter& meter(std::string_view name, const Counter& counter);
  /// The counter `name` and the meter `namePerSecond` over it.
  Counter& counter_with_rate(std::string_view name);

  /// Would counter(name), gauge(name) ... work? User error if the name is malformed or of another kind.
  Status CheckUserMetric(std::string_view name, MetricKind kind) const;

  /// A part inside this scope: its metrics are called "name.metric". Lives as long as this group.
  Group& AddGroup(std::string_view name);
  /// A part with a variable: its metrics are called "key.value.metric" and carry the variable `key`.
  Group& AddGroup(std::string_view key, std::string_view value);

  /// A scope below this one, with this one's variables and more. Its own owner, its own writer thread, its own cache lines.
  std::unique_ptr<Group> Open(ScopeKind scope, Variables variables) const;

  const Variables& variables() const { return *variables_; }

 private:
  friend class Registry;
  struct Metrics;
  struct Cells;
  Group(std::shared_ptr<Registry::Shared> shared, ScopeKind scope, std::shared_ptr<const Variables> variables,
        std::string prefix, std::shared_ptr<Cells> cells, bool is_scope);
  Group& AddPart(const std::string& path, std::shared_ptr<const Variables> variables);
  template <typename T, typename Make>
  T& GetOrMake(std::string_view name, const Make& make);
  void Append(int64_t now_ms, std::vector<Sample>* samples);

  const std::shared_ptr<Registry::Shared> shared_;
  const ScopeKind scope_;
  const std::shared_ptr<const Variables> variables_;
  const std::string prefix_;  // "KafkaSourceReader." or empty
  const bool is_scope_;       // else a part, which the scope owns
  const std::shared_ptr<Cells> cells_;
  std::unique_ptr<Metrics> metrics_;
  std::map<std::string, std::unique_ptr<Group>, std::less<>> parts_;
  uint64_t id_ = 0;
};

}  // namespace thalweg::metrics
