#include "checkpoint/restart_strategy.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "config/options.h"

namespace thalweg::checkpoint {
namespace {

class None final : public RestartStrategy {
 public:
  std::optional<int64_t> OnFailure(int64_t) override { return std::nullopt; }
  std::string Describe() const override { return "no restart strategy"; }
};

class Fixed final : public RestartStrategy {
 public:
  explicit Fixed(FixedDelay options) : options_(options) {}
  std::optional<int64_t> OnFailure(int64_t) override {
    if (used_ >= options_.attempts) return std::nullopt;
    ++used_;
    return options_.delay_ms;
  }
  std::string Describe() const override {
    return fmt::format("fixed delay of {} ms, {} of {} attempts used", options_.delay_ms, used_, options_.attempts);
  }

 private:
  const FixedDelay options_;
  int64_t used_ = 0;
};

class Exponential final : public RestartStrategy {
 public:
  Exponential(ExponentialDelay options, Random random) : options_(options), random_(random) {}

  std::optional<int64_t> OnFailure(int64_t now_ms) override {
    if (used_ > 0 && now_ms - next_start_ms_ >= options_.reset_threshold_ms) used_ = 0;
    if (used_ >= options_.attempts) return std::nullopt;
    ++used_;
    const double longest = static_cast<double>(options_.max_backoff_ms);
    const double pause = std::min(static_cast<double>(options_.initial_backoff_ms) *
                                      std::pow(options_.multiplier, static_cast<double>(used_ - 1)),
                                  longest);
    const double jittered = pause * (1 + options_.jitter * (2 * random_.Unit() - 1));
    backoff_ms_ = std::clamp(static_cast<int64_t>(std::llround(std::min(jittered, longest))),
                             options_.initial_backoff_ms, options_.max_backoff_ms);
    next_start_ms_ = now_ms + backoff_ms_;
    return backoff_ms_;
  }
  std::string Describe() const override {
    return fmt::format("exponential delay, last {} ms, {} of {} attempts used", backoff_ms_, used_,
                       options_.attempts == INT32_MAX ? "infinite" : std::to_string(options_.attempts));
  }

 private:
  const ExponentialDelay options_;
  Random random_;
  int64_t used_ = 0;
  int64_t backoff_ms_ = 0;
  int64_t next_start_ms_ = 0;
};

Result<int64_t> Milliseconds(const config::Configuration& config,
                             const config::ConfigOption<config::Duration>& option) {
  THALWEG_ASSIGN(const config::Duration duration, config.Get(option));
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

Result<FixedDelay> ReadFixed(const config::Configuration& config) {
  FixedDelay options;
  THALWEG_ASSIGN(options.attempts, config.Get(config::kFixedDelayAttempts));
  THALWEG_ASSIGN(options.delay_ms, Milliseconds(config, config::kFixedDelayDelay));
  return options;
}

Result<ExponentialDelay> ReadExponential(const config::Configuration& config) {
  ExponentialDelay options;
  THALWEG_ASSIGN(options.initial_backoff_ms, Milliseconds(config, config::kExponentialDelayInitialBackoff));
  THALWEG_ASSIGN(options.max_backoff_ms, Milliseconds(config, config::kExponentialDelayMaxBackoff));
  THALWEG_ASSIGN(options.multiplier, config.Get(config::kExponentialDelayMultiplier));
  THALWEG_ASSIGN(options.reset_threshold_ms, Milliseconds(config, config::kExponentialDelayResetThreshold));
  THALWEG_ASSIGN(options.jitter, config.Get(config::kExponentialDelayJitter));
  THALWEG_ASSIGN(options.attempts, config.Get(config::kExponentialDelayAttempts));
  if (options.max_backoff_ms < options.initial_backoff_ms)
    return UserError("{} is below {}: {} ms and {} ms", config::kExponentialDelayMaxBackoff.key,
                     config::kExponentialDelayInitialBackoff.key, options.max_backoff_ms, options.initial_backoff_ms);
  if (options.jitter > 1) return UserError("{} is above 1: {}", config::kExponentialDelayJitter.key, options.jitter);
  return options;
}

}  // namespace

std::unique_ptr<RestartStrategy> NoRestart() { return std::make_unique<None>(); }
std::unique_ptr<RestartStrategy> Restart(FixedDelay options) { return std::make_unique<Fixed>(options); }
std::unique_ptr<RestartStrategy> Restart(ExponentialDelay options, Random random) {
  return std::make_unique<Exponential>(options, random);
}

Result<std::unique_ptr<RestartStrategy>> MakeRestartStrategy(const config::Configuration& config, bool has_checkpoints,
                                                             Random random) {
  THALWEG_ASSIGN(const std::optional<config::RestartStrategyType> given, config.Find(config::kRestartStrategy));
  switch (given.value_or(has_checkpoints ? config::RestartStrategyType::kExponentialDelay
                                         : config::RestartStrategyType::kNone)) {
    case config::RestartStrategyType::kNone: break;
    case config::RestartStrategyType::kFixedDelay: {
      THALWEG_ASSIGN(const FixedDelay options, ReadFixed(config));
      return Restart(options);
    }
    case config::RestartStrategyType::kExponentialDelay: {
      THALWEG_ASSIGN(const ExponentialDelay options, ReadExponential(config));
      return Restart(options, random);
    }
  }
  return NoRestart();
}

}  // namespace thalweg::checkpoint
