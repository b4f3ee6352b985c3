// Runs: the matches of one partition that have begun, by the numbers of their rows. As bytes: docs/internals/patterns.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "types/codec.h"

namespace thalweg::cep {

/// Rows of a run, one behind the other, that a stage took.
struct Segment {
  int stage = 0;
  int64_t first = 0;
  int64_t count = 0;
  bool operator==(const Segment&) const = default;
};

/// A match so far. Rows are numbered in the order of their partition.
struct Run {
  int state = 0;  // of the automaton: what is offered the next row
  int64_t start_ms = 0;
  std::vector<Segment> rows;  // at least one row
  int64_t start() const { return rows.front().first; }
  int64_t last() const { return rows.back().first + rows.back().count - 1; }
  bool operator==(const Run&) const = default;
};

/// Of one partition, each list by first row, and then as they arose.
struct Runs {
  int64_t next_row = 0;        // the number of the row that comes next
  std::vector<Run> partial;    // matches that are not complete
  std::vector<Run> completed;  // matches that are, and wait for those that began before them
  bool empty() const { return partial.empty() && completed.empty(); }
  /// Rows before this one belong to no run.
  int64_t FirstRow() const {
    int64_t first = next_row;
    if (!partial.empty()) first = partial.front().start();
    if (!completed.empty() && completed.front().start() < first) first = completed.front().start();
    return first;
  }
  bool operator==(const Runs&) const = default;
};

}  // namespace thalweg::cep

template <>
struct thalweg::types::Codec<thalweg::cep::Runs> {
  using Runs = thalweg::cep::Runs;
  static std::string Name() { return "pattern-runs/1"; }
  static void Encode(const Runs& value, ByteWriter& out) {
    out.SignedVarint(value.next_row);
    EncodeAll(value.partial, out);
    EncodeAll(value.completed, out);
  }
  static void Decode(ByteReader& in, Runs& value) {
    value.next_row = in.SignedVarint();
    DecodeAll(in, value.partial);
    DecodeAll(in, value.completed);
  }

 private:
  static void EncodeAll(const std::vector<cep::Run>& runs, ByteWriter& out) {
    out.Varint(runs.size());
    for (const cep::Run& run : runs) {
      out.Varint(static_cast<uint64_t>(run.state));
      out.I64(run.start_ms);
      out.SignedVarint(run.start());
      out.Varint(run.rows.size());
      // The first row of a segment follows the last one of the segment before.
      for (const cep::Segment& segment : run.rows) {
        out.Varint(static_cast<uint64_t>(segment.stage));
        out.Varint(static_cast<uint64_t>(segment.count));
      }
    }
  }
  static void DecodeAll(ByteReader& in, std::vector<cep::Run>& runs) {
    runs.clear();
    for (uint64_t left = in.Varint(); left > 0 && !in.failed(); --left) {
      cep::Run& run = runs.emplace_back();
      run.state = static_cast<int>(in.Varint());
      run.start_ms = in.I64();
      int64_t row = in.SignedVarint();
      for (uint64_t segments = in.Varint(); segments > 0 && !in.failed(); --segments) {
        const auto stage = static_cast<int>(in.Varint());
        const auto count = static_cast<int64_t>(in.Varint());
        run.rows.push_back({stage, row, count});
        row += count;
      }
      if (run.rows.empty()) in.Fail();
    }
  }
};
