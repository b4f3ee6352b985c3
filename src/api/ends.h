// Sources and sinks as DataStream sees them: descriptions of a connector, and how its rows become T.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "columns/record_convert.h"
#include "flow/program.h"
#include "formats/parse_errors.h"
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

/// A field of T: the member itself, or its name.
template <types::IsRecord T>
class FieldOf {
 public:
  FieldOf(const char* name) : name_(name) {}             // NOLINT(google-explicit-constructor)
  FieldOf(std::string name) : name_(std::move(name)) {}  // NOLINT(google-explicit-constructor)
  template <typename Member>
  FieldOf(Member T::* member)  // NOLINT(google-explicit-constructor)
      : name_("(a member that THALWEG_RECORD leaves out)") {
    auto look = [&](const auto& field) {
      if constexpr (std::is_same_v<std::decay_t<decltype(field.member)>, Member T::*>)
        if (field.member == member) name_ = field.name;
    };
    std::apply([&](const auto&... fields) { (look(fields), ...); }, types::Record<T>::kDescription.fields);
  }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
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
  End Build() const { return end_; }

 protected:
  EndBuilder(std::string kind, std::string name, types::SchemaPtr schema) {
    end_.kind = std::move(kind);
    end_.name = std::move(name);
    end_.schema = std::move(schema);
  }
  /// Forgets what an earlier call chose.
  Derived& Without(std::initializer_list<const char*> names) {
    for (const char* name : names) end_.options.erase(name);
    return static_cast<Derived&>(*this);
  }
  Derived& Name(std::string name) {
    end_.name = std::move(name);
    return static_cast<Derived&>(*this);
  }

 private:
  End end_;
};

/// Of connectors whose records have a format.
template <typename Derived, typename End>
class FormatEndBuilder : public EndBuilder<Derived, End> {
 public:
  /// json, csv, raw or, for files, parquet.
  Derived& Format(const std::string& format) { return this->Option("format", format); }

 protected:
  using EndBuilder<Derived, End>::EndBuilder;
};

/// Of sources that meet records which do not parse.
template <typename Derived, typename End>
class RecordSourceBuilder : public FormatEndBuilder<Derived, End> {
 public:
  /// Field `field` is filled from where the record lies: docs/book/connectors.md has what there is.
  template <typename Field>
  Derived& Metadata(const Field& field, const std::string& metadata) {
    return this->Option("metadata." + typename Derived::FieldName(field).name(), metadata);
  }
  /// Records that do not parse, or do not fit T: kFail or kSkip (and count); DataStream::DeadLetters keeps them.
  Derived& OnParseError(formats::ParseErrorPolicy policy) {
    return this->Option("error-policy", std::string(formats::ParseErrorPolicyName(policy)));
  }

 protected:
  using FormatEndBuilder<Derived, End>::FormatEndBuilder;
};

/// A duration as options have it.
inline std::string DurationText(std::chrono::milliseconds duration) { return std::to_string(duration.count()) + " ms"; }

/// Rows of columns into objects; bound to the schema once per reader.
template <types::IsRecord T>
flow::SourceTransform ToRecords(const types::SchemaPtr& schema) {
  auto bound = std::make_shared<Result<columns::RecordReader<T>>>(columns::RecordReader<T>::Bind(*schema));
  return [bound](columns::Batch batch, columns::BufferPool& pool,
                 std::vector<columns::UnfitRow>& unfit) -> Result<columns::Batch> {
    THALWEG_TRY(bound->status());
    return (*bound)->Read(batch, pool, &unfit);
  };
}

}  // namespace thalweg::api
