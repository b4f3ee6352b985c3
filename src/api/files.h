// Files as a source and a sink of records: JSON lines, CSV, Parquet, also .gz and .zst.
#pragma once

#include <chrono>
#include <string>

#include "api/ends.h"

namespace thalweg::api {

/// A file, a folder or a glob. Bounded, unless it is watched for new files.
template <types::IsRecord T>
class FileSource : public EndBuilder<FileSource<T>, Source<T>> {
 public:
  /// `format`: json, csv or parquet.
  FileSource(const std::string& path, const std::string& format)
      : EndBuilder<FileSource<T>, Source<T>>("file-source", "files:" + path, types::Record<T>::schema()) {
    this->Option("path", path).Format(format);
  }
  /// Looks for new files this often; the source never ends.
  FileSource& Watch(std::chrono::milliseconds interval) {
    return this->Option("source.monitor-interval", std::to_string(interval.count()) + " ms");
  }
  /// Rows that do not parse: fail, or skip (and count); DataStream::DeadLetters keeps them.
  FileSource& OnParseError(const std::string& policy) { return this->Option("error-policy", policy); }
};

/// Parts in a folder; a part appears only when it is complete and its checkpoint is.
template <types::IsRecord T>
class FileSink : public EndBuilder<FileSink<T>, Sink<T>> {
 public:
  FileSink(const std::string& path, const std::string& format)
      : EndBuilder<FileSink<T>, Sink<T>>("file-sink", "files:" + path, types::Record<T>::schema()) {
    this->Option("path", path).Format(format);
  }
};

}  // namespace thalweg::api
