#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "columns/builder.h"
#include "columns/format.h"
#include "connectors/tables.h"
#include "sql/session.h"
#include "testing/graph_run.h"
#include "testing/row_text.h"
#include "testing/sql_test.h"
#include "testing/test_tables.h"

namespace thalweg::testing {
namespace {

using Kind = SqlTestStep::Kind;

/// How a run differs from the plain one.
struct TestVariation {
  std::string_view name;
  bool one_by_one = false;  // rows in batches of one
  bool restarts = false;    // after each step
};
constexpr TestVariation kVariations[] = {
    {""}, {" (rows one by one)", true, false}, {" (restarted after each step)", false, true}};

Status InLine(int line, const Status& why) { return UserError("line {}: {}", line, why.message()); }

/// The type by which a value of an expectation is read: none that would change what it says. Numbers stay as they are written.
types::DataType ReadAsType(const types::DataType& type) {
  using types::DataType, types::TypeId;
  switch (type.id()) {
    case TypeId::kTimestamp: return DataType::Timestamp(9);
    case TypeId::kTimestampLtz: return DataType::TimestampLtz(9);
    case TypeId::kDate:
    case TypeId::kBoolean:
    case TypeId::kString: return type;
    case TypeId::kArray: return DataType::Array(ReadAsType(type.children()[0].type));
    case TypeId::kMap: return DataType::Map(ReadAsType(type.children()[0].type), ReadAsType(type.children()[1].type));
    case TypeId::kRow: {
      std::vector<types::Field> fields;
      for (const types::Field& field : type.children()) fields.push_back({field.name, ReadAsType(field.type)});
      return DataType::Row(std::move(fields));
    }
    default: return DataType(TypeId::kString);
  }
}

/// A row of an expectation as one of `schema` is printed: "+I[2020-01-01T00:00]" of "+I[2020-01-01 00:00:00.000]". As it stands if it is no
/// such row.
std::string AsPrinted(const std::string& row, const types::Schema& schema, columns::BufferPool& pool) {
  std::vector<types::Field> fields;
  for (const types::Field& field : schema.fields()) fields.push_back({field.name, ReadAsType(field.type)});
  const types::Schema read(std::move(fields));
  columns::BatchBuilder builder(read, pool, 1);
  if (!ParseRowText(row, read, builder).ok()) return row;
  return columns::RowText(builder.Take(), 0);
}

class TestRun {
 public:
  TestRun(const SqlTestCase& test, const flow::Registry& registry, const TestVariation& variation)
      : test_(test), registry_(registry), variation_(variation) {}

  Status Play() {
    const SqlTestStep& last = test_.steps.back();
    const bool fails = last.kind == Kind::kError;
    if (Status status = Statements(); !status.ok()) return fails ? CheckError(status, last) : InFile(status);
    for (const SqlTestStep& step : test_.steps) {
      if (step.kind == Kind::kError) return InLine(step.line, UserError("Nothing failed"));
      Status status = Do(step);
      if (status.ok() && variation_.restarts) status = Restart();
      if (!status.ok()) {
        if (fails && !IsExpectation(step)) return CheckError(status, last);
        // A row's own line says more than its step's.
        return status.message().starts_with("line ") ? status : InLine(step.line, status);
      }
    }
    return NothingLeft();
  }

 private:
  static bool IsExpectation(const SqlTestStep& step) {
    return step.kind == Kind::kExpect || step.kind == Kind::kExpectOrdered || step.kind == Kind::kTable;
  }

  /// "line 2, column 8: ..." of the SQL as a line of the file.
  Status InFile(const Status& status) const {
    unsigned line = 1, column = 0;
    int used = 0;
    if (std::sscanf(status.message().c_str(), "line %u, column %u: %n", &line, &column, &used) != 2 || used == 0)
      return InLine(test_.line, status);
    const int at = test_.sql_line + static_cast<int>(line) - 1;
    return InLine(at, UserError("column {}: {}", column, status.message().substr(static_cast<size_t>(used))));
  }

  Status Statements() {
    connectors::AddTableConnectors(connectors_);
    connectors_.Add("test", MakeTestTables());
    sql::SessionOptions options;
    options.connectors = &connectors_;
    THALWEG_TRY(options.config.Set("table.local-time-zone", "UTC", nullptr));
    sql::Session session(std::move(options));
    THALWEG_ASSIGN(std::vector<sql::ParsedStatement> statements, sql::ParseScript(test_.sql));
    for (const sql::ParsedStatement& statement : statements) {
      THALWEG_ASSIGN(sql::StatementResult result, session.Execute(statement, test_.sql));
      if (auto* job = std::get_if<sql::JobToRun>(&result.outcome)) THALWEG_TRY(Start(std::move(job->graph)));
      if (auto* query = std::get_if<sql::QueryToRun>(&result.outcome)) THALWEG_TRY(Start(std::move(query->graph)));
    }
    return {};
  }
  Status Start(graph::JobGraph graph) {
    flow::Program program;
    program.graph = std::move(graph);
    runs_.push_back(std::make_unique<GraphRun>(std::move(program), registry_, clock_, kept_));
    return runs_.back()->Open();
  }

  Status Do(const SqlTestStep& step) {
    switch (step.kind) {
      case Kind::kInput: return Input(step);
      case Kind::kWatermark: THALWEG_TRY(MustRead(step.table)); break;
      case Kind::kEnd:
        if (!step.table.empty()) THALWEG_TRY(MustRead(step.table));
        break;
      case Kind::kExpect: return CompareRows(step, false);
      case Kind::kExpectOrdered: return CompareRows(step, true);
      case Kind::kTable: return CompareTable(step);
      default: break;
    }
    for (auto& run : runs_) {
      if (step.kind == Kind::kWatermark) THALWEG_TRY(run->SendWatermark(step.table, step.time_ms));
      if (step.kind == Kind::kEnd) THALWEG_TRY(run->End(step.table));
      if (step.kind == Kind::kRestart) THALWEG_TRY(run->Restart());
    }
    return step.kind == Kind::kTime ? Advance(step) : Status();
  }
  Status Advance(const SqlTestStep& step) {
    const int64_t until = step.relative ? clock_.NowMs() + step.time_ms : step.time_ms;
    for (auto& run : runs_) THALWEG_TRY(run->AdvanceTo(until));
    clock_.Set(std::max(until, clock_.NowMs()));
    return {};
  }
  Status Restart() {
    for (auto& run : runs_) THALWEG_TRY(run->Restart());
    return {};
  }

  Status MustRead(const std::string& table) const {
    for (const auto& run : runs_)
      if (run->Reads(table)) return {};
    return UserError("No statement reads a table '{}' of connector test", table);
  }
  Status Input(const SqlTestStep& step) {
    THALWEG_TRY(MustRead(step.table));
    for (auto& run : runs_) {
      const types::Schema* schema = run->Reads(step.table);
      if (!schema) continue;
      const int32_t most = variation_.one_by_one ? 1 : columns::kBatchRows;
      columns::BatchBuilder rows(*schema, pool_, most);
      for (const SqlTestStep::Line& line : step.lines) {
        if (Status status = ParseRowText(line.text, *schema, rows); !status.ok()) return InLine(line.number, status);
        if (rows.full()) THALWEG_TRY(run->Give(step.table, rows.Take()));
      }
      if (rows.rows() > 0) THALWEG_TRY(run->Give(step.table, rows.Take()));
      THALWEG_TRY(run->Settle());
    }
    return {};
  }

  /// Rows as they are printed, from as they may be written: a +I may be left out.
  static std::string Normal(const std::string& row) { return row.starts_with("[") ? "+I" + row : row; }

  Status Differ(std::vector<std::string> expected, std::vector<std::string> came) const {
    if (expected == came) return {};
    auto lines = [](const std::vector<std::string>& rows) {
      return rows.empty() ? "  nothing" : fmt::format("  {}", fmt::join(rows, "\n  "));
    };
    return UserError("Rows differ{}\nexpected:\n{}\ncame:\n{}", variation_.name, lines(expected), lines(came));
  }
  Status Known(const std::string& table) const {
    if (kept_.contains(table)) return {};
    if (table.empty()) return UserError("No statement is a query");
    return UserError("No statement writes a table '{}' of connector test", table);
  }
  /// The lines of an expectation as rows are printed. One that is not among `came` is read by the columns' types.
  std::vector<std::string> Expected(const SqlTestStep& step, const std::vector<std::string>& came) {
    const std::set<std::string> known(came.begin(), came.end());
    std::vector<std::string> expected;
    for (const SqlTestStep::Line& line : step.lines) {
      std::string row = Normal(line.text);
      if (!known.contains(row)) row = AsPrinted(row, kept_[step.table].schema, pool_);
      expected.push_back(std::move(row));
    }
    return expected;
  }
  Status CompareRows(const SqlTestStep& step, bool ordered) {
    THALWEG_TRY(Known(step.table));
    const std::vector<KeptRow>& rows = kept_[step.table].rows;
    std::vector<std::string> came;
    for (size_t i = looked_at_[step.table]; i < rows.size(); ++i) came.push_back(rows[i].text);
    looked_at_[step.table] = rows.size();
    std::vector<std::string> expected = Expected(step, came);
    if (!ordered) {
      std::sort(expected.begin(), expected.end());
      std::sort(came.begin(), came.end());
    }
    return Differ(std::move(expected), std::move(came));
  }
  /// All changes so far folded to the rows that are there, each as +I: of a table with a key one row a key.
  Result<std::vector<std::string>> Folded(const KeptTable& table) const {
    std::multimap<std::string, std::string> rows;  // by key, or by all that they are
    for (const auto& [text, key_text] : table.rows) {
      const std::string row = "+I" + text.substr(2), &key = table.keyed ? key_text : row;
      if (text[0] == '+') {
        if (table.keyed) rows.erase(key);
        rows.emplace(key, row);
        continue;
      }
      auto found = rows.find(key);
      if (found == rows.end()) return UserError("A row is taken back that is not there{}: {}", variation_.name, text);
      rows.erase(found);
    }
    std::vector<std::string> left;
    for (auto& [key, row] : rows) left.push_back(std::move(row));
    std::sort(left.begin(), left.end());
    return left;
  }
  Status CompareTable(const SqlTestStep& step) {
    THALWEG_TRY(Known(step.table));
    THALWEG_ASSIGN(std::vector<std::string> came, Folded(kept_[step.table]));
    looked_at_[step.table] = kept_[step.table].rows.size();
    std::vector<std::string> expected = Expected(step, came);
    std::sort(expected.begin(), expected.end());
    for (std::vector<std::string>* rows : {&expected, &came})
      for (std::string& row : *rows)
        if (row.starts_with("+I")) row.erase(0, 2);
    return Differ(std::move(expected), std::move(came));
  }
  Status CheckError(const Status& status, const SqlTestStep& step) const {
    for (const SqlTestStep::Line& line : step.lines)
      if (status.message().find(line.text) == std::string::npos)
        return InLine(line.number, UserError("The error is another one{}:\n{}", variation_.name, status.message()));
    return {};
  }
  Status NothingLeft() const {
    for (const auto& [table, kept] : kept_) {
      auto looked = looked_at_.find(table);
      std::vector<std::string> left;
      for (size_t i = looked == looked_at_.end() ? 0 : looked->second; i < kept.rows.size(); ++i)
        left.push_back(kept.rows[i].text);
      if (!left.empty())
        return InLine(test_.line, UserError("Rows that nothing expects{}, of {}:\n  {}", variation_.name,
                                            table.empty() ? "the query" : table, fmt::join(left, "\n  ")));
    }
    return {};
  }

  const SqlTestCase& test_;
  const flow::Registry& registry_;
  const TestVariation& variation_;
  graph::TableConnectors connectors_;
  time::ManualClock clock_;
  columns::BufferPool pool_;
  KeptTables kept_;
  std::map<std::string, size_t> looked_at_;  // rows of a table that an expectation has seen
  std::vector<std::unique_ptr<GraphRun>> runs_;
};

}  // namespace

Status RunSqlTest(const SqlTestCase& test, const flow::Registry& registry) {
  for (const TestVariation& variation : kVariations) THALWEG_TRY(TestRun(test, registry, variation).Play());
  return {};
}

}  // namespace thalweg::testing
