// tests/corpus/flink-scalar as SELECT through the whole of SQL: each line holds, or stands in skips.tsv with a reason; a skipped line that
// holds is a failure, too.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <set>

#include "columns/format.h"
#include "expr/comparison.h"
#include "expr/evaluator.h"
#include "expr/functions.h"
#include "testing/select_rows.h"
#include "testing/source_folder.h"
#include "testing/typed_json.h"

namespace thalweg::testing {
namespace {

using Columns = std::vector<std::string>;

std::string CorpusFile(const std::string& name) { return SourceFolder() + "/tests/corpus/flink-scalar/" + name; }

Columns SplitTabs(std::string_view line) {
  Columns columns(1);
  for (char c : line) {
    if (c == '\t')
      columns.emplace_back();
    else
      columns.back() += c;
  }
  return columns;
}

std::string Unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] != '\\' || std::string_view("\\ntr").find(next) == std::string_view::npos || next == '\0') {
      plain += text[i];
      continue;
    }
    plain += next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? '\r' : '\\';
    ++i;
  }
  return plain;
}

std::vector<std::string> LinesOf(const std::string& name) {
  std::ifstream file(CorpusFile(name));
  EXPECT_TRUE(file.is_open()) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

/// What corrections.tsv and skips.tsv say about one file, by line; and the count.
class Tally {
 public:
  explicit Tally(std::string file) : file_(std::move(file)) {
    for (const std::string& line : LinesOf("corrections.tsv")) {
      const Columns columns = SplitTabs(line);
      if (columns[0] == file_) corrections_[std::stoi(columns[1])] = {columns[2], Unescaped(columns[3])};
    }
    for (const std::string& line : LinesOf("skips.tsv")) {
      const Columns columns = SplitTabs(line);
      if (columns[0] == file_) skips_.insert(std::stoi(columns[1]));
    }
  }
  bool Dropped(int line) const {
    auto found = corrections_.find(line);
    return found != corrections_.end() && found->second.first == "DROP";
  }
  void Correct(int line, std::string& kind, std::string& expected) const {
    auto found = corrections_.find(line);
    if (found == corrections_.end()) return;
    const auto& [what, value] = found->second;
    if (what == "KIND") kind = value;
    if (what == "TEXT" || what == "VALUE") expected = value;
    if (what == "VALUE") kind = "value";
  }
  /// `wrong`: empty if the line holds.
  void Count(int line, const std::string& what, const std::string& wrong) {
    ++total_;
    if (wrong.empty()) ++passed_;
    if (skips_.contains(line)) {
      EXPECT_FALSE(wrong.empty()) << file_ << " line " << line << " holds: take it out of skips.tsv";
      skips_.erase(line);
    } else {
      EXPECT_TRUE(wrong.empty()) << "line\t" << file_ << "\t" << line << "\t" << what << "\t" << wrong;
      if (!wrong.empty()) ++failed_;
    }
  }
  ~Tally() {
    printf("flink-scalar/%s: %d of %d hold\n", file_.c_str(), passed_, total_);
    EXPECT_TRUE(skips_.empty()) << file_ << ": skips.tsv names a line that is none, the first: " << *skips_.begin();
    EXPECT_LT((total_ - passed_ - failed_) * 10, total_) << file_ << ": skips stay under a tenth";
  }

 private:
  std::string file_;
  std::map<int, std::pair<std::string, std::string>> corrections_;
  std::set<int> skips_;
  int total_ = 0, passed_ = 0, failed_ = 0;
};

/// The only row of a query over one row.
Result<columns::Batch> OnlyRow(SelectRows& engine, const std::string& sql) {
  THALWEG_ASSIGN(std::vector<columns::Batch> rows, engine.Query(sql));
  if (rows.size() != 1 || rows[0].rows() != 1) return InternalError("{} batches of rows", rows.size());
  return std::move(rows[0]);
}

std::string CellAsText(const columns::Column& column) {
  if (column.IsNull(0)) return "NULL";
  if (column.type.id() == TypeId::kString) return std::string(column.String(0));
  std::string text;
  columns::AppendCellText(column, 0, text);
  return text;
}

/// A value's text as CAST to STRING gives it; of `row.*` the first column's.
std::string TextDiffers(SelectRows& engine, const std::string& expression, const std::string& from,
                        const std::string& expected) {
  const bool star = expression.ends_with(".*");
  auto row = OnlyRow(engine, star ? fmt::format("SELECT {}{}", expression, from)
                                  : fmt::format("SELECT CAST({} AS STRING){}", expression, from));
  if (!row.ok()) return row.status().message();
  const std::string text = CellAsText(row->column(0));
  return text == expected ? "" : fmt::format("got {}, expected {}", text, expected);
}

/// Why a failure is not the one of a wrong expression; empty if it is.
std::string FailsWrongly(const Status& status) {
  const std::string& message = status.message();
  for (const char* word : {"Unknown function", "not supported"})
    if (message.find(word) != std::string::npos) return message;
  return status.category() == ErrorCategory::kUser ? "" : message;
}

struct FieldLine {
  std::string table, name, type, value;
};

/// The table "testTable" with the row of fields.tsv.
Status FillFields(SelectRows& engine, const std::string& table) {
  static const std::vector<FieldLine>& fields = *[] {
    auto* all = new std::vector<FieldLine>();
    for (const std::string& line : LinesOf("fields.tsv")) {
      const Columns columns = SplitTabs(line);
      if (columns.size() == 4) all->push_back({columns[0], columns[1], columns[2], columns[3]});
    }
    return all;
  }();
  std::string declared, values;
  for (const FieldLine& field : fields) {
    if (field.table != table) continue;
    declared += fmt::format("{}{} {}", declared.empty() ? "" : ", ", field.name, field.type);
    std::string type = field.type;
    if (type.ends_with(" NOT NULL")) type.resize(type.size() - 9);
    values += fmt::format("{}CAST({} AS {}) AS {}", values.empty() ? "" : ", ", field.value, type, field.name);
  }
  if (declared.empty()) return {};
  THALWEG_TRY(engine.Run(fmt::format("CREATE TABLE testTable ({}) WITH ('connector' = 'test')", declared)));
  THALWEG_ASSIGN(columns::Batch row, OnlyRow(engine, "SELECT " + values));
  engine.Fill("testTable", std::move(row));
  return {};
}

/// With the table's row, made once: a query leaves nothing behind.
SelectRows& EngineOf(const std::string& table, const std::string& zone) {
  static auto& engines = *new std::map<std::pair<std::string, std::string>, std::unique_ptr<SelectRows>>();
  std::unique_ptr<SelectRows>& engine = engines[{table, zone}];
  if (!engine) {
    engine = std::make_unique<SelectRows>(zone);
    const Status filled = FillFields(*engine, table);
    EXPECT_TRUE(filled.ok()) << table << ": " << filled.message();
  }
  return *engine;
}

TEST(FlinkScalarCorpus, LiteralPairsGiveTheirText) {
  Tally tally("literal_pairs.tsv");
  int number = 0;
  for (const std::string& line : LinesOf("literal_pairs.tsv")) {
    if (++number; tally.Dropped(number)) continue;
    Columns columns = SplitTabs(line);
    std::string kind = "value", expected = Unescaped(columns.at(1));
    tally.Correct(number, kind, expected);
    const std::string zone = columns.size() > 2 && columns[2].starts_with("tz=") ? columns[2].substr(3) : "UTC";
    tally.Count(number, columns[0], TextDiffers(EngineOf("", zone), Unescaped(columns[0]), "", expected));
  }
}

TEST(FlinkScalarCorpus, ExpressionTestsGiveTheirTextOrFail) {
  Tally tally("expression_tests.tsv");
  int number = 0;
  for (const std::string& line : LinesOf("expression_tests.tsv")) {
    if (++number; line.starts_with("#") || tally.Dropped(number)) continue;
    Columns columns = SplitTabs(line);
    ASSERT_GE(columns.size(), 8u) << number;
    std::string kind = columns[4], expected = columns.size() > 8 ? Unescaped(columns[8]) : "";
    tally.Correct(number, kind, expected);
    const std::string expression = Unescaped(columns[7]);
    const bool reads = columns[6] == "data";
    SelectRows& engine = EngineOf(reads ? columns[columns[1] == "ExpressionTestBase" ? 0 : 1] : "",
                                  columns[5].starts_with("tz=") ? columns[5].substr(3) : "UTC");
    std::string wrong;
    const std::string from = reads ? " FROM testTable" : "";
    if (kind == "error") {
      auto row = OnlyRow(engine, fmt::format("SELECT {}{}", expression, from));
      wrong = row.ok() ? "no error: " + CellAsText(row->column(0)) : FailsWrongly(row.status());
    } else {
      wrong = TextDiffers(engine, expression, from, expected);
    }
    tally.Count(number, columns[7], wrong);
  }
}

/// Strings and bytes without their lengths: this engine has no CHAR, and literals are STRING.
DataType WithoutLengths(const DataType& type) {
  if (type.is_variable()) return DataType(type.id(), type.nullable());
  std::vector<types::Field> parts = type.children();
  if (parts.empty()) return type;
  for (types::Field& part : parts) part = {type.id() == TypeId::kRow ? part.name : "", WithoutLengths(part.type)};
  return *DataType::FromParts(type.id(), type.nullable(), 0, 0, parts);
}

constexpr char kSpecZone[] = "Asia/Shanghai";

/// A typed case of builtin_function_specs.jsonl: SELECT over a table of one row.
class FunctionSpec {
 public:
  explicit FunctionSpec(element json) : json_(json), engine_(kSpecZone), zone_(*expr::Zone::Find(kSpecZone)) {}

  /// Empty if the case holds, else what was wrong.
  std::string Run() {
    if (Status inputs = MakeTable(); !inputs.ok()) return inputs.message();
    const std::string kind = Text(json_["kind"]);
    auto row = OnlyRow(engine_, fmt::format("SELECT {} FROM t", Text(json_["sql"])));
    if (kind == "validation_error") {
      if (row.ok() || engine_.planned()) return row.ok() ? "no error" : "fails later: " + row.status().message();
      return FailsWrongly(row.status());
    }
    if (kind == "runtime_error") return row.ok() ? "no error" : FailsWrongly(row.status());
    if (!row.ok()) return row.status().message();
    return Compare(row->column(0), kind == "result");
  }

 private:
  bool Reads(size_t field) const { return Text(json_["sql"]).find(fmt::format("f{}", field)) != std::string::npos; }

  Status MakeTable() {
    std::string declared;
    columns::Batch batch(engine_.pool(), 1);
    size_t i = 0;
    for (element name : json_["types"].get_array()) {
      std::string spelling = Text(name);
      auto type = ParseSpelledType(spelling);
      element field;
      if (json_["fields"].at(i).get(field)) return UserError("no field {}", i);
      columns::Column column;
      Status status = type.ok() ? Cell(field, *type, column) : type.status();
      if (!status.ok()) {
        // Only a case that reads the column needs its type.
        if (Reads(i)) return status;
        spelling = "INT";
        column = expr::Value::Null(DataType(TypeId::kInt)).column();
      }
      declared += fmt::format("{}f{} {}", declared.empty() ? "" : ", ", i, NameFields(spelling));
      batch.AddColumn(std::move(column));
      ++i;
    }
    if (declared.empty()) {
      declared = "unread INT";
      batch.AddColumn(expr::Value::Null(DataType(TypeId::kInt)).column());
    }
    THALWEG_TRY(engine_.Run(fmt::format("CREATE TABLE t ({}) WITH ('connector' = 'test')", declared)));
    engine_.Fill("t", std::move(batch));
    return {};
  }

  /// As the column would hold it: padded or cut.
  Status Cell(element field, const SpelledType& type, columns::Column& column) {
    columns::ColumnBuilder out(type.type, engine_.pool(), 1);
    THALWEG_TRY(AppendJson(field, type.type, zone_, out));
    column = out.Take();
    if (!type.fixed && (!type.type.is_variable() || type.type.precision() == 0)) return {};
    column.type = DataType(type.type.id(), type.type.nullable());
    THALWEG_ASSIGN(expr::Expression cast, expr::Cast(expr::Expression::Literal(expr::Value::FromCell(column, 0)),
                                                     type.type, {.fixed_length = type.fixed}));
    const expr::Context context{.pool = engine_.pool(), .zone = &zone_};
    THALWEG_ASSIGN(expr::Value value, expr::EvaluateConstant(cast, context));
    column = value.column();
    column.type = type.type;
    return {};
  }

  std::string Compare(const columns::Column& column, bool value) {
    const DataType& type = column.type;
    element type_name;
    if (json_["type"].get(type_name) == simdjson::SUCCESS && type_name.is_string()) {
      auto expected = ParseSpelledType(Text(type_name));
      if (!expected.ok()) return expected.status().message();
      const std::string wanted = WithoutLengths(expected->type).ToString(),
                        got = WithoutLengths(engine_.schema().field(0).type).ToString();
      if (wanted != got) return fmt::format("type {}, expected {}", got, wanted);
    }
    if (!value) return "";
    columns::ColumnBuilder out(type.WithNullable(true), engine_.pool(), 1);
    Status status = AppendJson(json_["expected"], type, zone_, out);
    if (!status.ok()) return status.message();
    columns::Column expected = out.Take();
    if (expr::CellsEqual(column, 0, expected, 0)) return "";
    return fmt::format("got {}, expected {}", CellAsText(column), CellAsText(expected));
  }

  element json_;
  SelectRows engine_;
  expr::Zone zone_;
};

TEST(FlinkScalarCorpus, FunctionsAndCastsGiveTheTypesAndValuesOfFlink) {
  Tally tally("builtin_function_specs.jsonl");
  simdjson::dom::parser parser;
  int number = 0;
  for (const std::string& line : LinesOf("builtin_function_specs.jsonl")) {
    if (++number; tally.Dropped(number)) continue;
    element json;
    if (parser.parse(line).get(json) != simdjson::SUCCESS)
      tally.Count(number, "?", "not JSON");
    else if (bool(json["complete"]))
      tally.Count(number, Text(json["kind"]) + "\t" + Text(json["sql"]), FunctionSpec(json).Run());
  }
}

/// A case of aggregate_specs.jsonl: changes come in, what is there at the end is compared.
class AggregateSpec {
 public:
  explicit AggregateSpec(element json) : json_(json), engine_("UTC"), zone_(*expr::Zone::Find("UTC")) {}

  std::string Run() {
    if (Status status = MakeTable(); !status.ok()) return status.message();
    std::string sql = Text(json_["sql"]);
    sql.replace(sql.find("__SOURCE__"), 10, "t");
    auto rows = engine_.Query(sql);
    if (std::string_view(json_["kind"]) == "error") return CheckError(rows.status());
    if (!rows.ok()) return rows.status().message();
    return Compare(*rows);
  }

 private:
  static types::RowKind KindOf(element row) {
    const std::string kind = Text(row["$kind"]);
    return kind == "-U"   ? types::RowKind::kUpdateBefore
           : kind == "+U" ? types::RowKind::kUpdateAfter
           : kind == "-D" ? types::RowKind::kDelete
                          : types::RowKind::kInsert;
  }

  Result<columns::Batch> RowsOf(element rows, const std::vector<types::Field>& fields) {
    columns::BatchBuilder builder(types::Schema(fields), engine_.pool());
    for (element row : rows.get_array()) {
      int i = 0;
      for (element cell : row["$row"].get_array()) {
        THALWEG_TRY(AppendJson(cell, fields[static_cast<size_t>(i)].type, zone_, builder.column(i)));
        ++i;
      }
      builder.FinishRow(columns::kNoTime, KindOf(row));
    }
    return builder.Take();
  }

  Status MakeTable() {
    THALWEG_ASSIGN(SpelledType type, ParseSpelledType(Text(json_["source_type"])));
    std::string declared;
    for (const types::Field& field : type.type.children())
      declared += fmt::format("{}{} {}", declared.empty() ? "" : ", ", field.name, field.type.ToString());
    THALWEG_TRY(engine_.Run(
        fmt::format("CREATE TABLE t ({}) WITH ('connector' = 'test', 'changelog-mode' = 'I,UB,UA,D')", declared)));
    THALWEG_ASSIGN(columns::Batch rows, RowsOf(json_["source"], type.type.children()));
    engine_.Fill("t", std::move(rows));
    return {};
  }

  std::string CheckError(const Status& status) const {
    if (status.ok()) return "no error";
    for (element text : json_["expected"].get_array())
      if (status.message().find(std::string_view(text)) == std::string::npos) return status.message();
    return "";
  }

  std::string Compare(const std::vector<columns::Batch>& batches) {
    auto wanted = ParseSpelledType(Text(json_["result_type"]));
    if (!wanted.ok()) return wanted.status().message();
    std::vector<types::Field> fields;
    for (int i = 0; i < engine_.schema().size(); ++i) {
      const DataType got = WithoutLengths(engine_.schema().field(i).type).WithNullable(true);
      const types::Field& field = wanted->type.children().at(static_cast<size_t>(i));
      if (!(got == WithoutLengths(field.type).WithNullable(true))) return "type " + got.ToString();
      fields.push_back({field.name, got});
    }
    auto expected = RowsOf(json_["expected"], fields);
    if (!expected.ok()) return expected.status().message();
    std::multiset<std::string> left;
    for (const columns::Batch& batch : batches) {
      for (int32_t row = 0; row < batch.rows(); ++row) {
        const std::string text = columns::RowText(batch, row);
        if (text[0] == '+')
          left.insert(text.substr(2));
        else if (auto found = left.find(text.substr(2)); found != left.end())
          left.erase(found);
        else
          return "takes back what is not there: " + text;
      }
    }
    std::multiset<std::string> right;
    for (int32_t row = 0; row < expected->rows(); ++row) right.insert(columns::RowText(*expected, row).substr(2));
    return left == right ? "" : fmt::format("got {}, expected {}", fmt::join(left, " "), fmt::join(right, " "));
  }

  element json_;
  SelectRows engine_;
  expr::Zone zone_;
};

TEST(FlinkScalarCorpus, AggregatesLeaveTheFinalStateOfFlink) {
  Tally tally("aggregate_specs.jsonl");
  simdjson::dom::parser parser;
  int number = 0;
  for (const std::string& line : LinesOf("aggregate_specs.jsonl")) {
    if (++number; tally.Dropped(number)) continue;
    element json;
    ASSERT_EQ(parser.parse(line).get(json), simdjson::SUCCESS) << number;
    if (!bool(json["complete"])) continue;
    tally.Count(number, Text(json["sql"]), AggregateSpec(json).Run());
  }
}

}  // namespace
}  // namespace thalweg::testing
