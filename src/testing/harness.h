// Harness: a test of one operator as one sentence, run again under everything that the runtime may do to an operator.
//
//   Harness<Pair, Pair>(SumWindow()).KeyBy([](const Pair& p) { return p.first; })
//       .Rows({{{"a", 1}, 3s}, {{"a", 2}, 4s}}).Watermark(60s).Expect({{{"a", 3}}});
//
// The script runs when the harness goes out of scope (or at Faults()), undisturbed and under each of VariationsOf; a fault is a
// gtest failure that names the variation. Virtual time throughout. Include from tests only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "columns/object_writer.h"
#include "flow/program.h"
#include "operators/keys.h"
#include "operators/side_output.h"
#include "testing/script.h"
#include "types/text.h"

namespace thalweg::testing {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

/// A row and its event time; of an expectation, the time may be left out.
template <typename T>
struct Timed {
  T value;
  std::optional<std::chrono::milliseconds> time = std::nullopt;
  types::RowKind kind = types::RowKind::kInsert;
};

template <typename In, typename Out = In>
class Harness {
 public:
  using Millis = std::chrono::milliseconds;

  explicit Harness(MakeOperator make) {
    script_.make = std::move(make);
    KnowPort<Out>(0);
  }
  explicit Harness(const flow::OperatorFactory& factory) : Harness([factory] { return factory(graph::Node{}); }) {}
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;
  ~Harness() {
    if (done_) return;
    for (const std::string& fault : Faults()) ADD_FAILURE() << fault;
  }

  /// The inputs are keyed by `key_of`. Before Rows.
  template <typename F>
  Harness& KeyBy(F key_of) {
    using K = std::decay_t<std::invoke_result_t<F, const In&>>;
    script_.keyed = true;
    add_keys_ = [key_of](columns::Batch& batch, columns::BufferPool& pool) {
      const In* rows = batch.objects<In>();
      operators::AppendKeyColumns<K>(batch, pool, [&](int32_t row) -> K { return key_of(rows[row]); });
    };
    return *this;
  }
  Harness& StartAt(Millis now) {
    script_.start_ms = now.count();
    return *this;
  }

  /// Rows on input 0, in one batch.
  Harness& Rows(std::vector<Timed<In>> rows) { return Add(0, std::move(rows), add_keys_); }
  /// Rows of another type on another input; `key_of` as for KeyBy, if the inputs are keyed.
  template <typename X>
  Harness& RowsOn(int input, std::vector<Timed<X>> rows) {
    return Add(input, std::move(rows), nullptr);
  }
  template <typename X, typename F>
  Harness& RowsOn(int input, std::vector<Timed<X>> rows, F key_of) {
    using K = std::decay_t<std::invoke_result_t<F, const X&>>;
    script_.keyed = true;
    return Add(input, std::move(rows), AddKeys([key_of](columns::Batch& batch, columns::BufferPool& pool) {
                 const X* values = batch.objects<X>();
                 operators::AppendKeyColumns<K>(batch, pool, [&](int32_t row) -> K { return key_of(values[row]); });
               }));
  }
  Harness& Watermark(Millis time) { return Do({.kind = Step::Kind::kWatermark, .time = time.count()}); }
  /// The watermark that ends a bounded stream.
  Harness& MaxWatermark() { return Do({.kind = Step::Kind::kWatermark, .time = INT64_MAX}); }
  Harness& ProcessingTime(Millis time) { return Do({.kind = Step::Kind::kProcessingTime, .time = time.count()}); }
  Harness& EndOfInput(int input = 0) { return Do({.kind = Step::Kind::kEndOfInput, .input = input}); }

  /// Exactly these rows have come since the last expectation of the port, in any order; with event times if one has a time.
  Harness& Expect(std::vector<Timed<Out>> rows) { return ExpectOn<Out>(0, std::move(rows)); }
  Harness& ExpectNothing() { return ExpectOn<Out>(0, {}); }
  /// On the late port, whose rows are of the input's type.
  Harness& ExpectLate(std::vector<Timed<In>> rows) { return ExpectOn<In>(1, std::move(rows)); }
  template <typename X>
  Harness& ExpectOn(int port, std::vector<Timed<X>> rows) {
    KnowPort<X>(port);
    Step step{.kind = Step::Kind::kExpect, .port = port};
    for (const Timed<X>& row : rows) {
      std::string kind = row.kind == types::RowKind::kInsert ? "" : std::string(types::RowKindText(row.kind));
      Step::Row expected{kind + types::ToText(row.value), std::nullopt};
      if (row.time) expected.time = row.time->count();
      step.rows.push_back(std::move(expected));
    }
    return Do(std::move(step));
  }
  /// Entries of keyed state, timers not counted.
  Harness& ExpectEntries(int32_t count) { return Do({.kind = Step::Kind::kEntries, .count = count}); }
  /// Timers of both time domains.
  Harness& ExpectTimers(int32_t count) { return Do({.kind = Step::Kind::kTimers, .count = count}); }
  /// The script ends with an error that contains `text`.
  Harness& ExpectError(std::string text) {
    script_.error = std::move(text);
    return *this;
  }
  /// Looks at the operator, in the undisturbed run only.
  Harness& Inspect(std::function<void(flow::Operator&)> inspect) {
    return Do({.kind = Step::Kind::kInspect, .inspect = std::move(inspect)});
  }

  /// Runs the script under all variations; what went wrong.
  std::vector<std::string> Faults() {
    done_ = true;
    return RunScript(script_);
  }

 private:
  using AddKeys = std::function<void(columns::Batch& batch, columns::BufferPool& pool)>;

  Harness& Do(Step step) {
    script_.steps.push_back(std::move(step));
    return *this;
  }
  template <typename X>
  void KnowPort(int port) {
    script_.ports[port] = [](const columns::Batch& batch, int32_t row) {
      return types::ToText(batch.objects<X>()[row]);
    };
  }
  template <typename X>
  Harness& Add(int input, std::vector<Timed<X>> rows, AddKeys add_keys) {
    script_.serialisable = script_.serialisable && types::HasCodec<X>;
    Step step{.kind = Step::Kind::kRows, .input = input, .count = static_cast<int32_t>(rows.size())};
    step.make = [rows = std::move(rows), add_keys](columns::BufferPool& pool, int32_t from, int32_t to) {
      columns::ObjectWriter<X> writer(pool, to - from);
      for (int32_t i = from; i < to; ++i) {
        const Timed<X>& row = rows[static_cast<size_t>(i)];
        writer.Append(row.value, row.time ? row.time->count() : columns::kNoTime, row.kind);
      }
      columns::Batch batch = writer.Take();
      if (add_keys) add_keys(batch, pool);
      return batch;
    };
    return Do(std::move(step));
  }

  Script script_;
  AddKeys add_keys_;
  bool done_ = false;
};

}  // namespace thalweg::testing
