#include "metrics/registry.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include "base/check.h"

namespace thalweg::metrics {

namespace {

constexpr size_t kNameBytes = 200;
constexpr size_t kCacheLine = 64;

struct ScopeFormat {
  std::string_view identifier;
  std::string_view logical;
};

// Flink's defaults of metrics.scope.*.
ScopeFormat FormatOf(ScopeKind scope) {
  switch (scope) {
    case ScopeKind::kJobManager: return {"<host>.jobmanager", "jobmanager"};
    case ScopeKind::kJobManagerJob: return {"<host>.jobmanager.<job_name>", "jobmanager.job"};
    case ScopeKind::kJobManagerOperator:
      return {"<host>.jobmanager.<job_name>.<operator_name>", "jobmanager.job.operator"};
    case ScopeKind::kTaskManager: return {"<host>.taskmanager.<tm_id>", "taskmanager"};
    case ScopeKind::kTaskManagerJob: return {"<host>.taskmanager.<tm_id>.<job_name>", "taskmanager.job"};
    case ScopeKind::kTask:
      return {"<host>.taskmanager.<tm_id>.<job_name>.<task_name>.<subtask_index>", "taskmanager.job.task"};
    case ScopeKind::kOperator:
      return {"<host>.taskmanager.<tm_id>.<job_name>.<operator_name>.<subtask_index>", "taskmanager.job.task.operator"};
  }
  return {"", ""};
}

std::string Fill(std::string_view format, const Variables& variables) {
  std::string text;
  while (!format.empty()) {
    size_t open = std::min(format.find('<'), format.size());
    text.append(format.substr(0, open));
    format.remove_prefix(open);
    if (format.empty()) break;
    size_t close = format.find('>');
    auto found = variables.find(std::string(format.substr(1, close - 1)));
    text.append(found != variables.end() ? std::string_view(found->second) : format.substr(0, close + 1));
    format.remove_prefix(close + 1);
  }
  return text;
}

}  // namespace

// Metrics of one writer fill whole cache lines, so that no other core's writes fall on them.
template <typename T>
class CellLines {
 public:
  T& New() {
    if (used_++ % kPerLine == 0) lines_.emplace_back();
    return lines_.back().cells[(used_ - 1) % kPerLine];
  }

 private:
  static constexpr size_t kPerLine = kCacheLine / sizeof(T);
  struct alignas(kCacheLine) Line {
    std::array<T, kPerLine> cells;
  };
  std::deque<Line> lines_;
  size_t used_ = 0;
};

struct alignas(kCacheLine) AlignedHistogram : Histogram {};

struct Group::Cells {
  CellLines<Counter> counters;
  CellLines<Gauge> gauges;
  CellLines<FloatGauge> float_gauges;
  std::deque<AlignedHistogram> histograms;
};

// The alternatives are in the order of MetricKind.
using Entry = std::variant<Counter*, Gauge*, FloatGauge*, std::unique_ptr<Meter>, Histogram*>;

struct Group::Metrics {
  std::map<std::string, Entry, std::less<>> by_name;
};

struct Registry::Shared {
  std::mutex mutex;
  std::map<uint64_t, Group*> scopes;
  uint64_t next_id = 0;
};

std::string Sample::Identifier() const { return Fill(FormatOf(scope).identifier, *variables) + "." + name; }

std::string Sample::LogicalName() const { return std::string(FormatOf(scope).logical) + "." + name; }

Status CheckMetricName(std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  bool valid = !name.empty() && name.size() <= kNameBytes && name.front() != '.' && name.back() != '.' &&
               std::all_of(name.begin(), name.end(), allowed);
  if (valid) return {};
  return UserError("Metric name must be 1 to {} letters, digits, '_', '-' or '.', with no '.' at either end: '{}'",
                   kNameBytes, name);
}

Registry::Registry() : shared_(std::make_shared<Shared>()) {}

Registry::~Registry() = default;

std::unique_ptr<Group> Registry::Open(ScopeKind scope, Variables variables) {
  std::unique_ptr<Group> group(new Group(shared_, scope, std::make_shared<const Variables>(std::move(variables)), "",
                                         std::make_shared<Group::Cells>(), true));
  std::lock_guard lock(shared_->mutex);
  group->id_ = shared_->next_id++;
  shared_->scopes.emplace(group->id_, group.get());
  return group;
}

std::vector<Sample> Registry::Snapshot(int64_t now_ms) {
  std::vector<Sample> samples;
  std::lock_guard lock(shared_->mutex);
  for (auto& [id, group] : shared_->scopes) group->Append(now_ms, &samples);
  return samples;
}

Group::Group(std::shared_ptr<Registry::Shared> shared, ScopeKind scope, std::shared_ptr<const Variables> variables,
             std::string prefix, std::shared_ptr<Cells> cells, bool is_scope)
    : shared_(std::move(shared)),
      scope_(scope),
      variables_(std::move(variables)),
      prefix_(std::move(prefix)),
      is_scope_(is_scope),
      cells_(std::move(cells)),
      metrics_(std::make_unique<Metrics>()) {}

Group::~Group() {
  if (!is_scope_) return;
  std::lock_guard lock(shared_->mutex);
  shared_->scopes.erase(id_);
}

template <typename T, typename Make>
T& Group::GetOrMake(std::string_view name, const Make& make) {
  Status valid = CheckMetricName(name);
  THALWEG_CHECK(valid.ok(), "{}", valid.message());
  std::lock_guard lock(shared_->mutex);
  auto found = metrics_->by_name.find(name);
  if (found == metrics_->by_name.end()) found = metrics_->by_name.emplace(std::string(name), make()).first;
  T* metric = std::get_if<T>(&found->second);
  THALWEG_CHECK(metric != nullptr, "metric is of another kind: {}{}", prefix_, name);
  return *metric;
}

Counter& Group::counter(std::string_view name) {
  return *GetOrMake<Counter*>(name, [this] { return &cells_->counters.New(); });
}

Gauge& Group::gauge(std::string_view name) {
  return *GetOrMake<Gauge*>(name, [this] { return &cells_->gauges.New(); });
}

FloatGauge& Group::float_gauge(std::string_view name) {
  return *GetOrMake<FloatGauge*>(name, [this] { return &cells_->float_gauges.New(); });
}

Histogram& Group::histogram(std::string_view name) {
  return *GetOrMake<Histogram*>(name, [this]() -> Histogram* { return &cells_->histograms.emplace_back(); });
}

Meter& Group::meter(std::string_view name, const Counter& counter) {
  return *GetOrMake<std::unique_ptr<Meter>>(name, [&counter] { return std::make_unique<Meter>(counter); });
}

Counter& Group::counter_with_rate(std::string_view name) {
  Counter& made = counter(name);
  meter(std::string(name) + "PerSecond", made);
  return made;
}

Status Group::CheckUserMetric(std::string_view name, MetricKind kind) const {
  THALWEG_TRY(CheckMetricName(name));
  std::lock_guard lock(shared_->mutex);
  auto found = metrics_->by_name.find(name);
  if (found == metrics_->by_name.end() || found->second.index() == static_cast<size_t>(kind)) return {};
  return UserError("Metric name is taken by a metric of another kind: '{}{}'", prefix_, name);
}

Group& Group::AddPart(const std::string& path, std::shared_ptr<const Variables> variables) {
  std::lock_guard lock(shared_->mutex);
  std::unique_ptr<Group>& part = parts_[path];
  if (part == nullptr)
    part.reset(new Group(shared_, scope_, std::move(variables), prefix_ + path + ".", cells_, false));
  return *part;
}

Group& Group::AddGroup(std::string_view name) {
  Status valid = CheckMetricName(name);
  THALWEG_CHECK(valid.ok(), "{}", valid.message());
  return AddPart(std::string(name), variables_);
}

Group& Group::AddGroup(std::string_view key, std::string_view value) {
  Status valid = CheckMetricName(key);
  THALWEG_CHECK(valid.ok(), "{}", valid.message());
  Variables variables = *variables_;
  variables[std::string(key)] = value;
  return AddPart(fmt::format("{}.{}", key, value), std::make_shared<const Variables>(std::move(variables)));
}

std::unique_ptr<Group> Group::Open(ScopeKind scope, Variables variables) const {
  for (const auto& [key, value] : *variables_) variables.emplace(key, value);
  Registry registry(shared_);
  return registry.Open(scope, std::move(variables));
}

void Group::Append(int64_t now_ms, std::vector<Sample>* samples) {
  for (auto& [name, entry] : metrics_->by_name) {
    Sample sample{scope_, variables_, prefix_ + name, static_cast<MetricKind>(entry.index()), {}};
    switch (sample.kind) {
      case MetricKind::kCounter: sample.value = std::get<Counter*>(entry)->value(); break;
      case MetricKind::kGauge: sample.value = std::get<Gauge*>(entry)->value(); break;
      case MetricKind::kFloatGauge: sample.value = std::get<FloatGauge*>(entry)->value(); break;
      case MetricKind::kMeter: sample.value = std::get<std::unique_ptr<Meter>>(entry)->Read(now_ms); break;
      case MetricKind::kHistogram: sample.value = std::get<Histogram*>(entry)->Read(); break;
    }
    samples->push_back(std::move(sample));
  }
  for (auto& [path, part] : parts_) part->Append(now_ms, samples);
}

}  // namespace thalweg::metrics
