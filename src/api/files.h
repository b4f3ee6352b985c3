// Files as a source and a sink of records: JSON lines, CSV, Parquet, also .gz and .zst.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "api/ends.h"
#include "connectors/file_format.h"

namespace thalweg::api {

using connectors::Compression;

/// A file, a folder or a glob. Bounded, unless it is watched for new files.
template <types::IsRecord T>
class FileSource : public RecordSourceBuilder<FileSource<T>, Source<T>> {
 public:
  using FieldName = FieldOf<T>;
  /// `format`: json, csv, raw or parquet.
  FileSource(const std::string& path, const std::string& format)
      : RecordSourceBuilder<FileSource<T>, Source<T>>("file-source", "files:" + path, types::Record<T>::schema()) {
    this->Option("path", path).Format(format);
  }
  /// Looks for new files this often; the source never ends.
  FileSource& Watch(std::chrono::milliseconds interval) {
    return this->Option("source.monitor-interval", DurationText(interval));
  }
};

/// Parts in a folder; a part appears only when it is complete and its checkpoint is.
template <types::IsRecord T>
class FileSink : public FormatEndBuilder<FileSink<T>, Sink<T>> {
 public:
  FileSink(const std::string& path, const std::string& format)
      : FormatEndBuilder<FileSink<T>, Sink<T>>("file-sink", "files:" + path, types::Record<T>::schema()) {
    this->Option("path", path).Format(format);
  }
  /// A part ends when it is this long (128 MB unless said otherwise), at most one batch over it, and at each checkpoint.
  FileSink& RollAtSize(uint64_t bytes) {
    return this->Option("sink.rolling-policy.file-size", std::to_string(bytes) + " b");
  }
  /// A part is not open longer (30 min unless said otherwise).
  FileSink& RollEvery(std::chrono::milliseconds interval) {
    return this->Option("sink.rolling-policy.rollover-interval", DurationText(interval));
  }
  /// Of text formats; Parquet compresses by itself.
  FileSink& Compress(Compression compression) {
    return this->Option("compression", std::string(connectors::CompressionName(compression)));
  }
};

}  // namespace thalweg::api
