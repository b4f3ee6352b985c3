// What moves on an edge besides rows.
#pragma once

#include <cstdint>

#include "columns/batch.h"

namespace thalweg::flow {

/// No row with event time <= `time` follows on this channel (late rows excepted).
struct Watermark {
  int64_t time = INT64_MIN;
};

/// The channel carries nothing for now and must not hold watermarks back; the next element makes it active again.
struct WatermarkStatus {
  bool idle = false;
};

enum class BarrierKind : uint8_t { kCheckpoint = 0, kEpoch = 1 };

struct Barrier {
  uint64_t id = 0;
  BarrierKind kind = BarrierKind::kCheckpoint;
  int64_t triggered_at_ms = 0;
};

/// Sent by sources at an interval; operators pass it on, sinks record now - sent_at.
struct LatencyMarker {
  int64_t sent_at_ns = 0;
  uint32_t source = 0;
};

/// Why a stream ends. kFinished and kDrain send the maximal watermark and fire windows; kStop (Ctrl-C, stop-with-savepoint) does not.
enum class EndKind : uint8_t { kFinished = 0, kDrain = 1, kStop = 2 };

struct EndOfInput {
  EndKind kind = EndKind::kFinished;
};

/// One element; a tagged value of 32 bytes. Move-only.
struct Element {
  enum class Kind : uint8_t { kBatch, kWatermark, kStatus, kBarrier, kLatency, kEnd };
  Kind kind = Kind::kBatch;
  columns::Batch batch;
  union {
    Watermark watermark;
    WatermarkStatus status;
    Barrier barrier;
    LatencyMarker latency;
    EndOfInput end;
  };

  Element() : watermark() {}
  Element(columns::Batch b)
      : kind(Kind::kBatch), batch(std::move(b)), watermark() {}   // NOLINT(google-explicit-constructor)
  Element(Watermark w) : kind(Kind::kWatermark), watermark(w) {}  // NOLINT(google-explicit-constructor)
  Element(WatermarkStatus s) : kind(Kind::kStatus), status(s) {}  // NOLINT(google-explicit-constructor)
  Element(Barrier b) : kind(Kind::kBarrier), barrier(b) {}        // NOLINT(google-explicit-constructor)
  Element(LatencyMarker l) : kind(Kind::kLatency), latency(l) {}  // NOLINT(google-explicit-constructor)
  Element(EndOfInput e) : kind(Kind::kEnd), end(e) {}             // NOLINT(google-explicit-constructor)
};

}  // namespace thalweg::flow
