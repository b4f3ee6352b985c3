// Files as a source and a sink of records: JSON lines, CSV, Parquet, also .gz and .zst.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "api/ends.h"

namespace thalweg::api {

/// A file, a folder or a glob. Bounded, unless it is watched for new files.
template <types::IsRecord T>
class FileSource {
 public:
  /// `format`: json, csv or parquet.
  FileSource(const std::string& path, const std::string& format) {
    source_.kind = "file-source";
    source_.name = "files:" + path;
    source_.schema = types::Record<T>::schema();
    source_.options = {{"path", path}, {"format", format}};
  }
  /// Looks for new files this often; the source never ends.
  FileSource& Watch(std::chrono::milliseconds interval) {
    return Option("source.monitor-interval", std::to_string(interval.count()) + " ms");
  }
  FileSource& OnParseError(const std::string& policy) { return Option("error-policy", policy); }
  FileSource& Option(const std::string& name, const std::string& value) {
    source_.options[name] = value;
    return *this;
  }
  Source<T> Build() const { return source_; }

 private:
  Source<T> source_;
};

/// Parts in a folder; a part appears only when it is complete and its checkpoint is.
template <types::IsRecord T>
class FileSink {
 public:
  FileSink(const std::string& path, const std::string& format) {
    sink_.kind = "file-sink";
    sink_.name = "files:" + path;
    sink_.schema = types::Record<T>::schema();
    sink_.options = {{"path", path}, {"format", format}};
  }
  FileSink& Option(const std::string& name, const std::string& value) {
    sink_.options[name] = value;
    return *this;
  }
  Sink<T> Build() const { return sink_; }

 private:
  Sink<T> sink_;
};

}  // namespace thalweg::api
