// What every benchmark measures with, and how it says its results: one JSON line each on stdout, remarks on stderr.
// Rule: a benchmark asserts nothing about time. What is compared runs in turn, several times, in one process.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <fmt/core.h>

namespace thalweg::bench {

inline int64_t ClockNs(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
inline int64_t WallNs() { return ClockNs(CLOCK_MONOTONIC); }

/// Time that passed between Start and Stop, in nanoseconds: of the wall, of the CPU in all threads of the process, and in the calling
/// thread, which must be the same at both calls.
class Stopwatch {
 public:
  void Start() { started_ = Now(); }
  void Stop() {
    Times now = Now();
    for (size_t i = 0; i < 3; ++i) passed_.at[i] = now.at[i] - started_.at[i];
  }
  int64_t wall_ns() const { return passed_.at[0]; }
  int64_t process_ns() const { return passed_.at[1]; }
  int64_t thread_ns() const { return passed_.at[2]; }

 private:
  struct Times {
    int64_t at[3] = {};
  };
  static Times Now() { return {{WallNs(), ClockNs(CLOCK_PROCESS_CPUTIME_ID), ClockNs(CLOCK_THREAD_CPUTIME_ID)}}; }
  Times started_, passed_;
};

/// The value below which `share` (0 to 1) of the samples lie; 0 of none.
inline double Quantile(std::vector<double> samples, double share) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  auto at = static_cast<size_t>(share * static_cast<double>(samples.size()));
  return samples[std::min(at, samples.size() - 1)];
}
inline double Median(std::vector<double> samples) { return Quantile(std::move(samples), 0.5); }
/// The least: of CPU times of one and the same work the one that was disturbed least.
inline double Least(const std::vector<double>& samples) { return *std::min_element(samples.begin(), samples.end()); }

/// Each of `candidates` gives one sample a call. Runs them in turn, `repetitions` rounds after one that does not count; samples
/// by candidate.
inline std::vector<std::vector<double>> Interleave(int repetitions,
                                                   const std::vector<std::function<double()>>& candidates) {
  std::vector<std::vector<double>> samples(candidates.size());
  for (int round = -1; round < repetitions; ++round)
    for (size_t i = 0; i < candidates.size(); ++i) {
      double sample = candidates[i]();
      if (round >= 0) samples[i].push_back(sample);
    }
  return samples;
}

/// One result.
inline void Report(const std::string& name, double value, const std::string& unit) {
  fmt::print("{{\"name\": \"{}\", \"value\": {:.4g}, \"unit\": \"{}\"}}\n", name, value, unit);
  std::fflush(stdout);
}

/// What a reader of the results must know besides.
template <typename... Args>
void Remark(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stderr, "{}\n", fmt::format(format, std::forward<Args>(args)...));
}

/// The first touch of fresh memory costs more than most of what is measured (goals: 2 ns a byte): touches `bytes` of heap and keeps
/// them for all threads' allocations. Before the first thread.
inline void PreTouch(size_t bytes) {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  constexpr size_t kPiece = size_t{64} << 20;
  std::vector<void*> pieces;
  for (size_t touched = 0; touched < bytes; touched += kPiece) {
    pieces.push_back(std::malloc(kPiece));
    std::memset(pieces.back(), 1, kPiece);
  }
  for (void* piece : pieces) std::free(piece);
}

/// `--name` or `--name=value` among the arguments; `otherwise` if it is not there.
inline std::string Argument(int argc, char** argv, const std::string& name, const std::string& otherwise = "") {
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--" + name) return "true";
    if (argument.starts_with("--" + name + "=")) return argument.substr(name.size() + 3);
  }
  return otherwise;
}

/// For profiles: `--only=PART` runs the cases whose names hold PART.
inline bool IsWanted(int argc, char** argv, const std::string& name) {
  return name.find(Argument(argc, argv, "only")) != std::string::npos;
}

}  // namespace thalweg::bench
