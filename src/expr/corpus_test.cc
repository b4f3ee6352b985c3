// The typed function and cast cases of tests/corpus/flink-scalar: each holds, or its line stands in skips.tsv with a reason.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <map>

#include "columns/format.h"
#include "expr/comparison.h"
#include "expr/evaluator.h"
#include "expr/functions.h"
#include "expr/sql_for_test.h"
#include "expr/type_rules.h"
#include "expr/zone.h"
#include "testing/source_folder.h"
#include "types/scalar_text.h"

namespace thalweg::expr {
namespace {

using columns::ColumnBuilder;
using simdjson::dom::element;
using types::DataType;
using types::TimestampValue;
using types::TypeId;

std::string Text(element json) { return std::string(std::string_view(json)); }

Status Unfit(element json, const DataType& type) {
  return UserError("no value of {}: {}", type.ToString(), simdjson::minify(json));
}

std::string Bytes(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

Status AppendJson(element json, const DataType& type, const Zone& zone, ColumnBuilder& out);

Status AppendParts(element json, const DataType& type, const Zone& zone, ColumnBuilder& out) {
  if (type.id() == TypeId::kArray && json.is_array()) {
    for (element part : json.get_array()) THALWEG_TRY(AppendJson(part, type.children()[0].type, zone, out.child(0)));
  } else if (type.id() == TypeId::kMap && json["$map"].error() == simdjson::SUCCESS) {
    for (element entry : json["$map"].get_array())
      for (size_t i = 0; i < 2; ++i)
        THALWEG_TRY(AppendJson(entry.at(i), type.children()[i].type, zone, out.child(static_cast<int>(i))));
  } else if (type.id() == TypeId::kRow && json["$row"].error() == simdjson::SUCCESS) {
    size_t i = 0;
    if (json["$row"].get_array().size() != type.children().size()) return Unfit(json, type);
    for (element part : json["$row"].get_array()) {
      THALWEG_TRY(AppendJson(part, type.children()[i].type, zone, out.child(static_cast<int>(i))));
      ++i;
    }
  } else {
    return Unfit(json, type);
  }
  out.CloseRow();
  return {};
}

Status AppendInterval(element json, const DataType& type, ColumnBuilder& out) {
  if (json.is_int64()) {
    const int64_t value = json.get_int64();
    type.id() == TypeId::kIntervalYearMonth ? out.Append(static_cast<int32_t>(value)) : out.Append(value);
    return {};
  }
  std::string kind = Text(json["$interval"]);
  std::vector<int64_t> args;
  for (element arg : json["args"].get_array()) args.push_back(arg.get_int64());
  if (kind == "Period.of") return out.Append(static_cast<int32_t>(args[0] * 12 + args[1])), Status();
  if (kind == "Period.ofMonths") return out.Append(static_cast<int32_t>(args[0])), Status();
  if (kind == "Period.ofYears") return out.Append(static_cast<int32_t>(args[0] * 12)), Status();
  const std::map<std::string, int64_t> units = {{"Duration.ofDays", 86'400'000},
                                                {"Duration.ofHours", 3'600'000},
                                                {"Duration.ofMinutes", 60'000},
                                                {"Duration.ofSeconds", 1000},
                                                {"Duration.ofMillis", 1}};
  if (!units.contains(kind) || type.id() != TypeId::kIntervalDayTime) return Unfit(json, type);
  out.Append(args[0] * units.at(kind));
  return {};
}

Status AppendTimestamp(element json, const DataType& type, const Zone& zone, ColumnBuilder& out) {
  std::optional<TimestampValue> value;
  bool local = true;
  if (json["$instant_ms"].error() == simdjson::SUCCESS) {
    value = TimestampValue{json["$instant_ms"].get_int64()};
    local = false;
  } else if (json["$ts"].error() == simdjson::SUCCESS) {
    value = ParseSqlTimestamp(Text(json["$ts"]));
  } else if (json["$local_ts_in_session_tz"].error() == simdjson::SUCCESS) {
    // What the extractor calls the session's zone is the fixed offset -01:20 of Flink's test.
    value = ParseSqlTimestamp(Text(json["$local_ts_in_session_tz"]));
    if (value) value->millis += 80 * 60'000;
    local = false;
  }
  if (!value) return Unfit(json, type);
  if (type.id() == TypeId::kTimestampLtz && local) value->millis = zone.ToUtc(value->millis);
  *value = Truncated(*value, type.precision());
  type.precision() <= 3 ? out.Append(value->millis) : out.Append(*value);
  return {};
}

Status AppendDecimal(element json, const DataType& type, ColumnBuilder& out) {
  std::string text;
  if (json["$dec"].error() == simdjson::SUCCESS)
    text = Text(json["$dec"]);
  else if (json["$dec_unscaled"].error() == simdjson::SUCCESS)
    types::AppendDecimal(int64_t(json["$dec_unscaled"].at(0)), static_cast<int>(int64_t(json["$dec_unscaled"].at(1))),
                         &text);
  else if (json.is_number())
    text = simdjson::minify(json);
  types::Int128 value;
  if (types::ParseDecimal(text, type.precision(), type.scale(), &value) != types::DecimalParse::kOk)
    return Unfit(json, type);
  out.Append(value);
  return {};
}

Status AppendJson(element json, const DataType& type, const Zone& zone, ColumnBuilder& out) {
  if (json.is_null()) return out.AppendNull(), Status();
  const bool whole = json.is_int64(), number = json.is_number();
  const int64_t integer = whole ? int64_t(json) : 0;
  switch (type.id()) {
    case TypeId::kBoolean:
      if (!json.is_bool()) return Unfit(json, type);
      return out.AppendBool(bool(json)), Status();
    case TypeId::kTinyInt: return whole ? (out.Append(static_cast<int8_t>(integer)), Status()) : Unfit(json, type);
    case TypeId::kSmallInt: return whole ? (out.Append(static_cast<int16_t>(integer)), Status()) : Unfit(json, type);
    case TypeId::kInt: return whole ? (out.Append(static_cast<int32_t>(integer)), Status()) : Unfit(json, type);
    case TypeId::kBigInt: return whole ? (out.Append(integer), Status()) : Unfit(json, type);
    case TypeId::kFloat:
    case TypeId::kDouble: {
      double value;
      if (number)
        value = json.is_int64() ? static_cast<double>(integer) : double(json);
      else if (!json.is_string() || !types::ParseDouble(Text(json), &value))
        return Unfit(json, type);
      type.id() == TypeId::kFloat ? out.Append(static_cast<float>(value)) : out.Append(value);
      return {};
    }
    case TypeId::kDecimal: return AppendDecimal(json, type, out);
    case TypeId::kString:
      if (!json.is_string()) return Unfit(json, type);
      return out.AppendString(Text(json)), Status();
    case TypeId::kBinary:
      if (json["$bytes"].error() != simdjson::SUCCESS) return Unfit(json, type);
      return out.AppendString(Bytes(Text(json["$bytes"]))), Status();
    case TypeId::kDate: {
      if (json["$date"].error() != simdjson::SUCCESS) return Unfit(json, type);
      std::optional<int32_t> value = ParseSqlDate(Text(json["$date"]));
      return value ? (out.Append(*value), Status()) : Unfit(json, type);
    }
    case TypeId::kTime: {
      if (json["$time"].error() != simdjson::SUCCESS) return Unfit(json, type);
      std::optional<int32_t> value = ParseSqlTime(Text(json["$time"]));
      return value ? (out.Append(*value), Status()) : Unfit(json, type);
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return AppendTimestamp(json, type, zone, out);
    case TypeId::kIntervalYearMonth:
    case TypeId::kIntervalDayTime: return AppendInterval(json, type, out);
    default: return AppendParts(json, type, zone, out);
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

class Case {
 public:
  Case(element json, const Context& context) : json_(json), context_(context) {}

  /// Empty if the case holds, else what was wrong.
  std::string Run() {
    const std::string kind = Text(json_["kind"]);
    Status inputs = ReadInputs();
    if (!inputs.ok()) return inputs.message();
    const std::string sql = Text(json_["sql"]);
    Result<Expression> expression = TestSql(sql, columns_).Parse();
    if (kind == "validation_error") {
      // A constant that no row could accept is found when the expression is compiled.
      if (expression.ok() && !Evaluator::Compile({*expression}).ok()) return "";
      if (expression.ok()) return "resolved to " + expression->ToString();
      return expression.status().message().starts_with("Unknown function") ? expression.status().message() : "";
    }
    if (!expression.ok()) return expression.status().message();
    Result<Evaluator> evaluator = Evaluator::Compile({*expression});
    if (!evaluator.ok()) return evaluator.status().message();
    Result<columns::Column> column = evaluator->Evaluate(batch_, context_);
    if (kind == "runtime_error") return column.ok() ? "no error" : "";
    if (!column.ok()) return column.status().message();
    return Compare(expression->type(), *column, kind == "result");
  }

 private:
  Status ReadInputs() {
    batch_ = columns::Batch(context_.pool, 1);
    size_t i = 0;
    for (element name : json_["types"].get_array()) {
      Result<TestSql::Type> type = TestSql::ParseType(Text(name));
      if (!type.ok()) {
        // Only a case that reads the column needs its type.
        if (Text(json_["sql"]).find(fmt::format("f{}", i)) != std::string::npos) return type.status();
        type = TestSql::Type{DataType(TypeId::kInt)};
        AddColumn(Value::Null(DataType(TypeId::kInt)));
      } else {
        columns::ColumnBuilder out(type->type, context_.pool, 1);
        element field;
        if (json_["fields"].at(i).get(field)) return UserError("no field {}", i);
        Status status = AppendJson(field, type->type, *context_.zone, out);
        if (!status.ok()) {
          if (Text(json_["sql"]).find(fmt::format("f{}", i)) != std::string::npos) return status;
          AddColumn(Value::Null(type->type));
        } else {
          Pad(*type, out);
        }
      }
      ++i;
    }
    return {};
  }

  void AddColumn(const Value& value) {
    columns_.push_back(Expression::Input(batch_.num_columns(), value.type()));
    batch_.AddColumn(value.column());
  }

  void Pad(const TestSql::Type& type, columns::ColumnBuilder& out) {
    columns::Column column = out.Take();
    Expression input = Expression::Input(batch_.num_columns(), type.type);
    if (type.fixed || (type.type.is_variable() && type.type.precision() > 0)) {
      // As the column would hold it: padded or cut.
      DataType open(type.type.id(), type.type.nullable());
      column.type = open;
      Result<Expression> cast =
          Cast(Expression::Literal(Value::FromCell(column, 0)), type.type, {.fixed_length = type.fixed});
      column = EvaluateConstant(*cast, context_)->column();
      column.type = type.type;
    }
    columns_.push_back(input);
    batch_.AddColumn(std::move(column));
  }

  std::string Compare(const DataType& type, const columns::Column& column, bool value) {
    element type_name;
    if (json_["type"].get(type_name) == simdjson::SUCCESS && type_name.is_string()) {
      Result<TestSql::Type> expected = TestSql::ParseType(Text(type_name));
      if (!expected.ok()) return expected.status().message();
      const std::string wanted = WithoutLengths(expected->type).ToString(), got = WithoutLengths(type).ToString();
      if (wanted != got) return fmt::format("type {}, expected {}", got, wanted);
    }
    if (!value) return "";
    columns::ColumnBuilder out(type.WithNullable(true), context_.pool, 1);
    Status status = AppendJson(json_["expected"], type, *context_.zone, out);
    if (!status.ok()) return status.message();
    columns::Column expected = out.Take();
    if (CellsEqual(column, 0, expected, 0)) return "";
    std::string text = "got ";
    columns::AppendCellText(column, 0, text);
    text += ", expected ";
    columns::AppendCellText(expected, 0, text);
    return text;
  }

  element json_;
  const Context& context_;
  columns::Batch batch_;
  std::vector<Expression> columns_;
};

std::map<int, std::string> ReadLines(const std::string& name) {
  std::map<int, std::string> lines;
  std::ifstream file(SourceFolder() + "/tests/corpus/flink-scalar/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t tab = line.find('\t');
    lines[std::stoi(line.substr(0, tab))] = line.substr(tab + 1);
  }
  return lines;
}

TEST(FlinkScalarCorpus, FunctionsAndCastsGiveTheTypesAndValuesOfFlink) {
  const std::map<int, std::string> dropped = ReadLines("dropped.tsv"), skips = ReadLines("skips.tsv");
  std::ifstream file(SourceFolder() + "/tests/corpus/flink-scalar/builtin_function_specs.jsonl");
  ASSERT_TRUE(file.is_open());
  columns::BufferPool pool;
  Random random(1);
  const Zone zone = *Zone::Find("Asia/Shanghai");
  const Context context{.pool = pool, .zone = &zone, .random = &random};
  simdjson::dom::parser parser;
  int total = 0, passed = 0, number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (dropped.contains(number)) continue;
    element json;
    const bool read = parser.parse(line).get(json) == simdjson::SUCCESS;
    if (read && !bool(json["complete"])) continue;
    ++total;
    const std::string wrong = read ? Case(json, context).Run() : "not JSON";
    if (wrong.empty()) ++passed;
    if (skips.contains(number)) {
      EXPECT_FALSE(wrong.empty()) << "line " << number << " holds: take it out of skips.tsv";
    } else {
      EXPECT_TRUE(wrong.empty()) << "line\t" << number << "\t"
                                 << (read ? Text(json["kind"]) + "\t" + Text(json["sql"]) : "?\t?") << "\t" << wrong;
    }
  }
  printf("flink-scalar/builtin_function_specs.jsonl: %d of %d hold, %zu skipped\n", passed, total, skips.size());
}

}  // namespace
}  // namespace thalweg::expr
