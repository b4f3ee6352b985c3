// Keys of SQL's sources and sinks. Beside options.h, so that only SQL is compiled again when they change.
#pragma once

#include "config/configuration.h"

namespace thalweg::config {

enum class UpsertMaterialize : uint8_t { kNone, kAuto, kForce };
template <>
struct EnumNames<UpsertMaterialize> {
  static constexpr std::array<std::pair<std::string_view, UpsertMaterialize>, 3> kNames{
      {{"NONE", UpsertMaterialize::kNone}, {"AUTO", UpsertMaterialize::kAuto}, {"FORCE", UpsertMaterialize::kForce}}};
};
enum class NotNullEnforcer : uint8_t { kError, kDrop };
template <>
struct EnumNames<NotNullEnforcer> {
  static constexpr std::array<std::pair<std::string_view, NotNullEnforcer>, 2> kNames{
      {{"ERROR", NotNullEnforcer::kError}, {"DROP", NotNullEnforcer::kDrop}}};
};
enum class AggregatePhases : uint8_t { kAuto, kOne, kTwo };
template <>
struct EnumNames<AggregatePhases> {
  static constexpr std::array<std::pair<std::string_view, AggregatePhases>, 3> kNames{
      {{"AUTO", AggregatePhases::kAuto}, {"ONE_PHASE", AggregatePhases::kOne}, {"TWO_PHASE", AggregatePhases::kTwo}}};
};
enum class LengthEnforcer : uint8_t { kIgnore, kTrimPad, kError };
template <>
struct EnumNames<LengthEnforcer> {
  static constexpr std::array<std::pair<std::string_view, LengthEnforcer>, 3> kNames{
      {{"IGNORE", LengthEnforcer::kIgnore}, {"TRIM_PAD", LengthEnforcer::kTrimPad}, {"ERROR", LengthEnforcer::kError}}};
};
enum class NestedEnforcer : uint8_t { kIgnore, kRows, kRowsAndCollections };
template <>
struct EnumNames<NestedEnforcer> {
  static constexpr std::array<std::pair<std::string_view, NestedEnforcer>, 3> kNames{
      {{"IGNORE", NestedEnforcer::kIgnore},
       {"ROWS", NestedEnforcer::kRows},
       {"ROWS_AND_COLLECTIONS", NestedEnforcer::kRowsAndCollections}}};
};

enum class SqlDialect : uint8_t { kDefault };
template <>
struct EnumNames<SqlDialect> {
  static constexpr std::array<std::pair<std::string_view, SqlDialect>, 1> kNames{{{"DEFAULT", SqlDialect::kDefault}}};
};

inline constexpr ConfigOption<SqlDialect> kSqlDialect{"table.sql-dialect", "DEFAULT: there is no other."};
inline constexpr ConfigOption<int64_t> kSqlParallelism{
    "table.exec.resource.default-parallelism",
    "Subtasks of a SQL query's operators; not above 0: `parallelism.default`."};
inline constexpr ConfigOption<UpsertMaterialize> kSinkUpsertMaterialize{
    "table.exec.sink.upsert-materialize",
    "Whether changes of a sink's primary key that come by different ways are brought in order: NONE, AUTO (where the "
    "query's key "
    "is another), FORCE."};
inline constexpr ConfigOption<bool> kOptionHints{"table.dynamic-table-options.enabled",
                                                 "Whether /*+ OPTIONS(...) */ may change a table's options."};
inline constexpr ConfigOption<bool> kSinkRequireOnConflict{"table.exec.sink.require-on-conflict",
                                                           "Whether such an INSERT needs an ON CONFLICT clause."};
inline constexpr ConfigOption<NotNullEnforcer> kSinkNotNull{
    "table.exec.sink.not-null-enforcer", "NULL for a NOT NULL column of a sink: ERROR, or DROP the row."};
inline constexpr ConfigOption<LengthEnforcer> kSinkLength{
    "table.exec.sink.type-length-enforcer", "Strings longer than a sink's column: IGNORE, TRIM_PAD, ERROR."};
inline constexpr ConfigOption<NestedEnforcer> kSinkNested{
    "table.exec.sink.nested-constraint-enforcer",
    "Where in nested columns of a sink the two above look: IGNORE (nowhere), ROWS, ROWS_AND_COLLECTIONS."};

inline constexpr ConfigOption<bool> kSourceCdcDuplicate{
    "table.exec.source.cdc-events-duplicate",
    "Whether a source of changes may say one twice: they are brought in order by the table's primary key, which it "
    "then needs."};

inline constexpr ConfigOption<bool> kMiniBatchEnabled{
    "table.exec.mini-batch.enabled",
    "Whether GROUP BY without windows folds rows and sends one change a group and bundle; in streaming mode."};
inline constexpr ConfigOption<Duration> kMiniBatchLatency{
    "table.exec.mini-batch.allow-latency",
    "A bundle of rows ends when the clock comes to a multiple of this, and with a watermark or checkpoint; above 0 if "
    "mini-batches are enabled."};
inline constexpr ConfigOption<int64_t> kMiniBatchSize{
    "table.exec.mini-batch.size", "Rows with which a bundle ends; above 0 if mini-batches are enabled."};
inline constexpr ConfigOption<AggregatePhases> kAggregatePhases{
    "table.optimizer.agg-phase-strategy",
    "Whether a GROUP BY with mini-batches also folds in front of the exchange, if there is one: AUTO and TWO_PHASE "
    "where "
    "its functions merge, ONE_PHASE never."};

}  // namespace thalweg::config
