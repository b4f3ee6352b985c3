// For tests: a session over tables of no world, and what tests ask of it.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "sql/session.h"
#include "sql/test_connector.h"

namespace thalweg::sql {

/// A session in UTC whose tables have the connector 'fake'.
class FakeSessionTest : public ::testing::Test {
 protected:
  FakeSessionTest() {
    connectors_.Add("fake", std::make_unique<FakeConnector>());
    session_ = std::make_unique<Session>(SessionOptions{.connectors = &connectors_});
    Run("SET 'table.local-time-zone' = 'UTC'");
  }

  /// The result of the last statement, or the first error.
  Result<StatementResult> Try(const std::string& script) {
    THALWEG_ASSIGN(auto statements, ParseScript(script));
    Result<StatementResult> last = StatementResult{};
    for (const ParsedStatement& statement : statements) {
      last = session_->Execute(statement, script);
      if (!last.ok()) return last;
    }
    return last;
  }
  StatementResult Run(const std::string& script) {
    auto result = Try(script);
    EXPECT_TRUE(result.ok()) << script << "\n" << result.status().ToString();
    return result.ok() ? *std::move(result) : StatementResult{};
  }
  /// The message of the script's error, which is its user's.
  std::string Error(const std::string& script) {
    const Status status = Try(script).status();
    EXPECT_FALSE(status.ok()) << script;
    if (status.ok()) return "";
    EXPECT_EQ(status.category(), ErrorCategory::kUser) << script << "\n" << status.ToString();
    return status.message();
  }
  std::vector<std::string> FirstColumn(const std::string& script) {
    const StatementResult result = Run(script);
    std::vector<std::string> values;
    for (const auto& row : std::get<Rows>(result.outcome).rows) values.push_back(row[0]);
    return values;
  }
  /// The columns of a query's result, with their types.
  std::vector<std::string> ColumnsOf(const std::string& query) {
    const StatementResult result = Run(query);
    std::vector<std::string> columns;
    const auto* run = std::get_if<QueryToRun>(&result.outcome);
    EXPECT_NE(run, nullptr) << query;
    if (run)
      for (const types::Field& field : run->schema.fields())
        columns.push_back(field.name + " " + field.type.ToString());
    return columns;
  }

  graph::TableConnectors connectors_;
  std::unique_ptr<Session> session_;
};

}  // namespace thalweg::sql
