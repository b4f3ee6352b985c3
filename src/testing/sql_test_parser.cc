#include <algorithm>
#include <charconv>

#include "base/edit_distance.h"
#include "config/configuration.h"
#include "expr/evaluator.h"
#include "expr/functions.h"
#include "testing/sql_test.h"
#include "types/scalar_text.h"

namespace thalweg::testing {
namespace {

constexpr std::string_view kCaseMark = "=== ", kStepMark = "--- ";

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

Status At(int line, const Status& why) { return UserError("line {}: {}", line, why.message()); }

/// The word at the front, and the rest.
std::pair<std::string, std::string> FirstWord(std::string_view text) {
  const size_t space = std::min(text.find(' '), text.size());
  return {std::string(text.substr(0, space)), std::string(Trimmed(text.substr(space)))};
}

/// "2024-01-01 00:00:01", or milliseconds.
Result<int64_t> ParseTestTime(const std::string& text) {
  int64_t number = 0;
  if (types::ParseInt64(text, &number)) return number;
  THALWEG_ASSIGN(expr::Expression cast,
                 expr::Cast(expr::Expression::Literal(expr::Value::String(text)), types::DataType::Timestamp(3)));
  columns::BufferPool pool;
  auto value = expr::EvaluateConstant(cast, {.pool = pool});
  if (!value.ok()) return UserError("Not a time (2024-01-31 23:59:59, or milliseconds): '{}'", text);
  columns::ColumnBuilder out(types::DataType::Timestamp(3), pool, 1);
  value->AppendTo(out);
  return out.Take().data<int64_t>()[0];
}

struct StepName {
  std::string_view name;
  SqlTestStep::Kind kind;
};
constexpr StepName kSteps[] = {{"input", SqlTestStep::Kind::kInput},     {"watermark", SqlTestStep::Kind::kWatermark},
                               {"end", SqlTestStep::Kind::kEnd},         {"time", SqlTestStep::Kind::kTime},
                               {"restart", SqlTestStep::Kind::kRestart}, {"expect", SqlTestStep::Kind::kExpect},
                               {"table", SqlTestStep::Kind::kTable},     {"error", SqlTestStep::Kind::kError}};

Result<SqlTestStep::Kind> KindOfStep(const std::string& name) {
  NearestWord nearest(name);
  std::vector<std::string_view> names;
  for (const StepName& step : kSteps) {
    if (step.name == name) return step.kind;
    nearest.Consider(step.name);
    names.push_back(step.name);
  }
  return UserError("Unknown step '{}'{} There are: {}", name, nearest.word().empty() ? "." : nearest.Suggestion(),
                   fmt::join(names, ", "));
}

/// "10 s": from now on; "2024-01-01 00:00:00": until then.
Status ReadTime(const std::string& text, SqlTestStep& step) {
  if (auto duration = config::ParseValue<config::Duration>(text);
      text.find(':') == std::string::npos && duration.ok()) {
    step.relative = true;
    step.time_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*duration).count();
    return {};
  }
  THALWEG_ASSIGN(step.time_ms, ParseTestTime(text));
  return {};
}

Result<SqlTestStep> ReadStep(std::string_view text) {
  SqlTestStep step;
  auto [name, rest] = FirstWord(Trimmed(text));
  THALWEG_ASSIGN(step.kind, KindOfStep(name));
  using Kind = SqlTestStep::Kind;
  if (step.kind == Kind::kTime) {
    THALWEG_TRY(ReadTime(rest, step));
    return step;
  }
  auto [word, behind] = FirstWord(rest);
  if (step.kind == Kind::kExpect && word == "ordered") {
    step.kind = Kind::kExpectOrdered;
    std::tie(word, behind) = FirstWord(behind);
  }
  step.table = word;
  if (step.kind == Kind::kWatermark) {
    THALWEG_ASSIGN(step.time_ms, ParseTestTime(behind));
    behind.clear();
  }
  if ((step.kind == Kind::kInput || step.kind == Kind::kWatermark) && step.table.empty())
    return UserError("Step '{}' needs the name of a table", name);
  const bool nameless = step.kind == Kind::kRestart || step.kind == Kind::kError;
  if (!behind.empty() || (nameless && !step.table.empty()))
    return UserError("Step '{}' has too many words: '{}'", name, rest);
  return step;
}

bool TakesLines(SqlTestStep::Kind kind) {
  using Kind = SqlTestStep::Kind;
  return kind == Kind::kInput || kind == Kind::kExpect || kind == Kind::kExpectOrdered || kind == Kind::kTable ||
         kind == Kind::kError;
}

class SqlTestReader {
 public:
  Status Take(int number, std::string_view line) {
    if (line.starts_with(kCaseMark)) {
      tests_.push_back({.name = std::string(Trimmed(line.substr(kCaseMark.size()))), .line = number});
      return {};
    }
    if (line.starts_with(kStepMark)) return TakeStep(number, line.substr(kStepMark.size()));
    const std::string_view content = Trimmed(line);
    if (tests_.empty()) {
      if (content.empty() || content.starts_with("#")) return {};
      return UserError("Before the first case ('=== its name'): '{}'", content);
    }
    SqlTestCase& test = tests_.back();
    if (test.steps.empty()) {
      if (test.sql_line == 0) test.sql_line = number;
      test.sql.append(line).append("\n");
      return {};
    }
    if (content.empty() || content.starts_with("#")) return {};
    if (!TakesLines(test.steps.back().kind)) return UserError("The step above takes no lines: '{}'", content);
    test.steps.back().lines.push_back({number, std::string(content)});
    return {};
  }
  Result<std::vector<SqlTestCase>> End() {
    for (const SqlTestCase& test : tests_)
      if (test.steps.empty()) return UserError("line {}: Case without steps expects nothing: {}", test.line, test.name);
    return std::move(tests_);
  }

 private:
  Status TakeStep(int number, std::string_view text) {
    if (tests_.empty()) return UserError("Step before the first case ('=== its name')");
    THALWEG_ASSIGN(SqlTestStep step, ReadStep(text));
    step.line = number;
    tests_.back().steps.push_back(std::move(step));
    return {};
  }

  std::vector<SqlTestCase> tests_;
};

}  // namespace

Result<std::vector<SqlTestCase>> ParseSqlTests(std::string_view text) {
  SqlTestReader reader;
  int number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    ++number;
    if (Status status = reader.Take(number, text.substr(0, end)); !status.ok()) return At(number, status);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.End();
}

}  // namespace thalweg::testing
