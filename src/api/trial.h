// For trying things out: generated rows, and a sink that forgets.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "api/ends.h"

namespace thalweg::api {

/// Generated rows of T, as Flink's datagen: each field is random over its type's range unless said otherwise. The same seed gives the
/// same rows. Without end, 10,000 a second, unless said otherwise.
template <types::IsRecord T>
class Datagen : public EndBuilder<Datagen<T>, Source<T>> {
 public:
  Datagen() : EndBuilder<Datagen<T>, Source<T>>("datagen", "datagen", types::Record<T>::schema()) {}
  /// Over all subtasks; 0: as fast as it goes.
  Datagen& RowsPerSecond(int64_t rows) { return this->Option("rows-per-second", std::to_string(rows)); }
  /// The job ends after them.
  Datagen& Rows(int64_t rows) { return this->Option("number-of-rows", std::to_string(rows)); }
  Datagen& Seed(int64_t seed) { return this->Option("seed", std::to_string(seed)); }

  /// first, first + 1 ... last: the source ends with its shortest sequence.
  Datagen& Sequence(const FieldOf<T>& field, int64_t first, int64_t last) {
    Set(field, "kind", "sequence");
    Set(field, "start", std::to_string(first));
    return Set(field, "end", std::to_string(last));
  }
  /// Random numbers from `min` to `max`, both included.
  Datagen& Between(const FieldOf<T>& field, double min, double max) {
    Set(field, "min", fmt::format("{}", min));
    return Set(field, "max", fmt::format("{}", max));
  }
  /// Random text of `characters`.
  Datagen& Length(const FieldOf<T>& field, int32_t characters) {
    return Set(field, "length", std::to_string(characters));
  }
  /// Random text of 1 to `characters`.
  Datagen& LengthUpTo(const FieldOf<T>& field, int32_t characters) {
    Length(field, characters);
    return Set(field, "var-len", "true");
  }
  /// Random timestamps up to this long before the job's start.
  Datagen& MaxPast(const FieldOf<T>& field, std::chrono::milliseconds past) {
    return Set(field, "max-past", DurationText(past));
  }
  /// This part of the rows (0 to 1) has none: of std::optional.
  Datagen& NullRate(const FieldOf<T>& field, double rate) { return Set(field, "null-rate", fmt::format("{}", rate)); }

 private:
  Datagen& Set(const FieldOf<T>& field, const char* name, const std::string& value) {
    return this->Option(fmt::format("fields.{}.{}", field.name(), name), value);
  }
};

/// Takes rows of any type and forgets them.
template <typename T>
Sink<T> Blackhole() {
  Sink<T> sink;
  sink.kind = sink.name = "blackhole";
  return sink;
}

}  // namespace thalweg::api
