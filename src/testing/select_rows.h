// For tests: SELECT through parser, binder, planner and operators on virtual time, its rows kept as typed columns.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "columns/builder.h"
#include "connectors/tables.h"
#include "connectors/values_source.h"
#include "operators/row_operators.h"
#include "sql/session.h"
#include "sql/to_data_type.h"
#include "testing/graph_run.h"
#include "testing/test_tables.h"

namespace thalweg::testing {

/// A session, tables of the connector "test" with their rows, and queries over them. One thread.
class SelectRows {
 public:
  static constexpr int64_t kNowMs = 1'700'000'000'123;  // what clocks tell

  explicit SelectRows(const std::string& zone) : session_(MakeOptions(zone)) {}

  /// A definition.
  Status Run(const std::string& sql) {
    auto statements = sql::ParseScript(sql);
    THALWEG_TRY(statements.status());
    for (const sql::ParsedStatement& statement : *statements) THALWEG_TRY(session_.Execute(statement, sql).status());
    return {};
  }
  /// What every query reads in `table`.
  void Fill(const std::string& table, columns::Batch batch) { tables_.emplace_back(table, std::move(batch)); }
  columns::BufferPool& pool() { return pool_; }

  /// The rows of a query, in order, with their kinds. A failure before its operators are open is one of planning.
  Result<std::vector<columns::Batch>> Query(const std::string& sql) {
    planned_ = false;
    THALWEG_ASSIGN(auto statements, sql::ParseScript(sql));
    THALWEG_ASSIGN(sql::StatementResult result, session_.Execute(statements.at(0), sql));
    auto* query = std::get_if<sql::QueryToRun>(&result.outcome);
    if (!query) return UserError("No query: {}", sql);
    schema_ = query->schema;
    flow::Program program;
    program.graph = std::move(query->graph);
    std::vector<columns::Batch> rows;
    for (graph::Node& node : program.graph.nodes) {
      if (node.kind != "collect") continue;
      node.kind = "typed-rows";
      program.functions.operators[node.uid] = [&](const graph::Node&) -> Result<std::unique_ptr<flow::Operator>> {
        return std::unique_ptr<flow::Operator>(std::make_unique<Keep>(rows, pool_));
      };
    }
    time::ManualClock clock;
    clock.Set(kNowMs);
    KeptTables kept;
    GraphRun run(std::move(program), BuiltIn(), clock, kept);
    THALWEG_TRY(run.Open());
    planned_ = true;
    for (const auto& [table, batch] : tables_) THALWEG_TRY(run.Give(table, batch));
    THALWEG_TRY(run.Settle());
    THALWEG_TRY(run.End(""));
    return rows;
  }
  /// Of the last query.
  bool planned() const { return planned_; }
  const types::Schema& schema() const { return schema_; }

 private:
  class Keep final : public flow::Operator {
   public:
    Keep(std::vector<columns::Batch>& rows, columns::BufferPool& pool) : rows_(rows), pool_(pool) {}
    Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
      rows_.push_back(rows.batch().Share(pool_));
      rows.AdvanceTo(rows.end());
      return flow::Progress::kDone;
    }

   private:
    std::vector<columns::Batch>& rows_;
    columns::BufferPool& pool_;
  };

  static const flow::Registry& BuiltIn() {
    static const flow::Registry& registry = *[] {
      auto* all = new flow::Registry();
      operators::AddRowOperators(*all);
      all->AddSource("values", connectors::MakeValuesSource);
      return all;
    }();
    return registry;
  }
  sql::SessionOptions MakeOptions(const std::string& zone) {
    connectors::AddTableConnectors(connectors_);
    connectors_.Add("test", MakeTestTables());
    sql::SessionOptions options;
    options.connectors = &connectors_;
    options.now_ms = kNowMs;
    THALWEG_CHECK(options.config.Set("table.local-time-zone", zone, nullptr).ok(), "{}", zone);
    return options;
  }

  columns::BufferPool pool_;  // outlives the rows
  graph::TableConnectors connectors_;
  sql::Session session_;
  types::Schema schema_;
  std::vector<std::pair<std::string, columns::Batch>> tables_;
  bool planned_ = false;
};

/// A column's type as DDL spells it.
struct SpelledType {
  types::DataType type;
  bool fixed = false;  // CHAR(n), BINARY(n)
};
/// "ROW<INT, `b` DATE>" with names f0, f1 for the fields without one, as types of the Table API have them: types are of capitals.
inline std::string NameFields(std::string_view type) {
  std::string named;
  std::vector<int> fields;  // of the open brackets; -1: not of a ROW
  bool begins = false;
  for (size_t i = 0; i < type.size(); ++i) {
    const char c = type[i];
    if (begins && c != ' ') {
      if (c >= 'A' && c <= 'Z') named += fmt::format("f{} ", fields.back());
      ++fields.back();
      begins = false;
    }
    named += c;
    if (c == '<') {
      begins = named.ends_with("ROW<");
      fields.push_back(begins ? 0 : -1);
    } else if (c == '(') {
      fields.push_back(-1);
    } else if (c == '>' || c == ')') {
      fields.pop_back();
    } else if (c == ',' && !fields.empty() && fields.back() >= 0) {
      begins = true;
    }
  }
  return named;
}
inline Result<SpelledType> ParseSpelledType(const std::string& text) {
  THALWEG_ASSIGN(sql::TypePtr spec, sql::ParseType(NameFields(text)));
  THALWEG_ASSIGN(types::DataType type, sql::ToDataType(*spec));
  return SpelledType{std::move(type), spec->kind == sql::TypeKind::kChar || spec->kind == sql::TypeKind::kBinary};
}

}  // namespace thalweg::testing
