// Sources and sinks as DataStream sees them: descriptions of a connector, and how its rows become T.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "columns/record_convert.h"
#include "flow/program.h"
#include "types/record.h"

namespace thalweg::api {

/// Where T comes from. Made by a connector's builder (api/kafka.h, api/files.h) or from a flow::Source that emits objects of T.
template <typename T>
struct Source {
  std::string kind;  // what the registry builds, when `make` is null
  std::string name;
  std::map<std::string, std::string> options;  // in the words of Flink's connector options
  types::SchemaPtr schema;                     // of the connector's rows; null: it emits objects of T
  flow::SourceFactory make;
};

/// Where T goes. `schema` given: the connector takes columns, T must be a THALWEG_RECORD.
template <typename T>
struct Sink {
  std::string kind;
  std::string name;
  std::map<std::string, std::string> options;
  types::SchemaPtr schema;
  flow::OperatorFactory make;
};

/// What the builders of connectors share. End: Source<T> or Sink<T> of a THALWEG_RECORD.
template <typename Derived, typename End>
class EndBuilder {
 public:
  /// Any option of the connector by its name. A wrong one is an error at Execute that names those that exist.
  Derived& Option(const std::string& name, const std::string& value) {
    end_.options[name] = value;
    return static_cast<Derived&>(*this);
  }
  /// json, csv, raw or, for files, parquet.
  Derived& Format(const std::string& format) { return Option("format", format); }
  End Build() const { return end_; }

 protected:
  EndBuilder(std::string kind, std::string name, types::SchemaPtr schema) {
    end_.kind = std::move(kind);
    end_.name = std::move(name);
    end_.schema = std::move(schema);
  }
  End end_;
};

/// Rows of columns into objects; bound to the schema once per reader.
template <types::IsRecord T>
std::function<Result<columns::Batch>(columns::Batch, columns::BufferPool&)> ToRecords(const types::SchemaPtr& schema) {
  auto bound = std::make_shared<Result<columns::RecordReader<T>>>(columns::RecordReader<T>::Bind(*schema));
  return [bound](columns::Batch batch, columns::BufferPool& pool) -> Result<columns::Batch> {
    THALWEG_TRY(bound->status());
    return (*bound)->Read(batch, pool);
  };
}

}  // namespace thalweg::api
