// A file, or a piece of one, and how far it was read.
#pragma once

#include <cstdint>
#include <string>

#include "flow/source.h"

namespace thalweg::connectors {

/// Text: `position` is the byte of the next record in the uncompressed text, `line` its line from 1 (0: not known). Parquet:
/// `position` is the row group and `line` the row in it.
struct FileSplit {
  std::string path;  // relative to the storage's root
  uint64_t position = 0;
  uint64_t line = 1;
  uint64_t end = UINT64_MAX;  // records that begin at or behind it belong to the next piece
  uint64_t file_size = 0;     // of the file as it is stored, when it was found; 0 unless a column asks
  int64_t modified_ms = 0;    // when the file was changed last, when it was found; likewise
  bool find_start = false;    // `position` may lie inside a record of the piece before: begin behind the next line end

  flow::Split ToSplit() const;
  static Result<FileSplit> FromSplit(const flow::Split& split);
  /// The path, with "#byte" for a piece that does not begin at 0. Does not change while the split is read.
  std::string id;
};

}  // namespace thalweg::connectors
