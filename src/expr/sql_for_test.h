// For tests: SQL text of scalar expressions to expressions, enough for the cases of tests/corpus. The engine's own parser is src/sql.
#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "expr/functions.h"
#include "expr/time_text.h"
#include "types/scalar_text.h"

namespace thalweg::expr {

class TestSql {
 public:
  struct Type {
    types::DataType type;
    bool fixed = false;  // CHAR(n), BINARY(n)
  };

  TestSql(std::string_view text, std::vector<Expression> columns) : text_(text), columns_(std::move(columns)) {}

  Result<Expression> Parse() {
    THALWEG_ASSIGN(Expression e, Or());
    Blanks();
    if (at_ != text_.size()) return Syntax("end");
    return e;
  }
  static Result<Type> ParseType(std::string_view text) {
    TestSql sql(text, {});
    THALWEG_ASSIGN(Type type, sql.TypeName());
    sql.Blanks();
    if (sql.at_ != text.size()) return sql.Syntax("end of type");
    return type;
  }

 private:
  using Arguments = std::vector<Expression>;

  Status Syntax(std::string_view wanted) const {
    return UserError("Syntax: {} expected at '{}'", wanted, text_.substr(at_));
  }
  void Blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  static bool WordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; }
  std::string PeekWord() {
    Blanks();
    std::string word;
    for (size_t i = at_; i < text_.size() && WordChar(text_[i]); ++i)
      word += static_cast<char>(std::toupper(static_cast<unsigned char>(text_[i])));
    return word;
  }
  bool Word(std::string_view word) {
    if (PeekWord() != word) return false;
    at_ += word.size();
    return true;
  }
  bool Words(std::initializer_list<std::string_view> words) {
    const size_t start = at_;
    for (std::string_view word : words)
      if (!Word(word)) {
        at_ = start;
        return false;
      }
    return true;
  }
  bool Sign(std::string_view sign) {
    Blanks();
    if (text_.substr(at_, sign.size()) != sign) return false;
    at_ += sign.size();
    return true;
  }
  Status Expect(std::string_view sign) { return Sign(sign) ? Status() : Syntax(sign); }
  Status ExpectWord(std::string_view word) { return Word(word) ? Status() : Syntax(word); }

  Result<Expression> Or() {
    THALWEG_ASSIGN(Expression left, And());
    while (Word("OR")) {
      THALWEG_ASSIGN(Expression right, And());
      THALWEG_ASSIGN(left, Resolve("OR", {left, right}));
    }
    return left;
  }
  Result<Expression> And() {
    THALWEG_ASSIGN(Expression left, Not());
    while (Word("AND")) {
      THALWEG_ASSIGN(Expression right, Not());
      THALWEG_ASSIGN(left, Resolve("AND", {left, right}));
    }
    return left;
  }
  Result<Expression> Not() {
    if (!Word("NOT")) return Predicate();
    THALWEG_ASSIGN(Expression e, Not());
    return Resolve("NOT", {e});
  }

  Result<Expression> Predicate() {
    THALWEG_ASSIGN(Expression left, Sum());
    for (;;) {
      std::string name;
      for (std::string_view sign : {"<>", "<=", ">=", "!=", "=", "<", ">"})
        if (name.empty() && Sign(sign)) name = sign == "!=" ? "<>" : sign;
      if (!name.empty()) {
        THALWEG_ASSIGN(Expression right, Sum());
        THALWEG_ASSIGN(left, Resolve(name, {left, right}));
      } else if (Word("IS")) {
        THALWEG_ASSIGN(left, Is(left));
      } else if (PeekWord() == "NOT" || PeekWord() == "LIKE" || PeekWord() == "SIMILAR" || PeekWord() == "IN" ||
                 PeekWord() == "BETWEEN") {
        const size_t start = at_;
        const bool negated = Word("NOT");
        Result<Expression> e = Tested(left);
        if (!e.ok()) {
          at_ = start;
          return e;
        }
        left = *e;
        if (negated) {
          THALWEG_ASSIGN(left, Resolve("NOT", {left}));
        }
      } else if (Word("OVERLAPS")) {
        THALWEG_ASSIGN(Expression right, Sum());
        Arguments all = left.arguments();
        all.insert(all.end(), right.arguments().begin(), right.arguments().end());
        THALWEG_ASSIGN(left, Resolve("OVERLAPS", all));
      } else {
        return left;
      }
    }
  }

  Result<Expression> Is(const Expression& e) {
    std::string name = Word("NOT") ? "IS NOT " : "IS ";
    if (Words({"DISTINCT", "FROM"})) {
      THALWEG_ASSIGN(Expression right, Sum());
      return Resolve(name + "DISTINCT FROM", {e, right});
    }
    if (Word("JSON")) {
      name += "JSON";
      for (std::string_view kind : {"VALUE", "SCALAR", "ARRAY", "OBJECT"})
        if (Word(kind)) name += " " + std::string(kind);
      return Resolve(name, {e});
    }
    for (std::string_view what : {"NULL", "TRUE", "FALSE", "UNKNOWN"})
      if (Word(what)) return Resolve(name + std::string(what), {e});
    return Syntax("NULL, TRUE, FALSE, UNKNOWN");
  }

  Result<Expression> Tested(const Expression& e) {
    if (Words({"SIMILAR", "TO"}) || Word("LIKE")) {
      const bool similar =
          std::string_view(text_.data(), at_).ends_with("TO") || std::string_view(text_.data(), at_).ends_with("to");
      THALWEG_ASSIGN(Expression pattern, Sum());
      Arguments arguments = {e, pattern};
      if (Word("ESCAPE")) {
        THALWEG_ASSIGN(Expression escape, Sum());
        arguments.push_back(escape);
      }
      return Resolve(similar ? "SIMILAR TO" : "LIKE", arguments);
    }
    if (Word("IN")) {
      THALWEG_TRY(Expect("("));
      Arguments arguments = {e};
      THALWEG_TRY(List(")", arguments));
      return Resolve("IN", arguments);
    }
    THALWEG_TRY(ExpectWord("BETWEEN"));
    THALWEG_ASSIGN(Expression low, Sum());
    THALWEG_TRY(ExpectWord("AND"));
    THALWEG_ASSIGN(Expression high, Sum());
    THALWEG_ASSIGN(Expression above, Resolve(">=", {e, low}));
    THALWEG_ASSIGN(Expression below, Resolve("<=", {e, high}));
    return Resolve("AND", {above, below});
  }

  Result<Expression> Sum() {
    THALWEG_ASSIGN(Expression left, Product());
    for (;;) {
      std::string name = Sign("||") ? "||" : Sign("+") ? "+" : Sign("-") ? "-" : "";
      if (name.empty()) return left;
      THALWEG_ASSIGN(Expression right, Product());
      THALWEG_ASSIGN(left, Resolve(name, {left, right}));
    }
  }
  Result<Expression> Product() {
    THALWEG_ASSIGN(Expression left, Unary());
    for (;;) {
      std::string name = Sign("*") ? "*" : Sign("/") ? "/" : Sign("%") ? "%" : "";
      if (name.empty()) return left;
      THALWEG_ASSIGN(Expression right, Unary());
      THALWEG_ASSIGN(left, Resolve(name, {left, right}));
    }
  }
  Result<Expression> Unary() {
    if (Sign("-")) {
      THALWEG_ASSIGN(Expression e, Unary());
      return Resolve("-", {e});
    }
    if (Sign("+")) return Unary();
    THALWEG_ASSIGN(Expression e, Primary());
    for (;;) {
      if (Sign("[")) {
        THALWEG_ASSIGN(Expression index, Or());
        THALWEG_TRY(Expect("]"));
        THALWEG_ASSIGN(e, Resolve("ITEM", {e, index}));
      } else if (Sign(".")) {
        const std::string name = Identifier();
        THALWEG_ASSIGN(e, Resolve("FIELD", {e, Expression::Literal(Value::String(name))}));
      } else {
        return e;
      }
    }
  }

  std::string Identifier() {
    Blanks();
    if (Sign("`")) {
      const size_t end = text_.find('`', at_);
      std::string name(text_.substr(at_, end - at_));
      at_ = end + 1;
      return name;
    }
    const size_t size = PeekWord().size();
    std::string name(text_.substr(at_, size));
    at_ += size;
    return name;
  }

  Status List(std::string_view close, Arguments& arguments) {
    if (Sign(close)) return {};
    do {
      THALWEG_ASSIGN(Expression e, Or());
      arguments.push_back(e);
    } while (Sign(","));
    return Expect(close);
  }

  Result<std::string> String() {
    THALWEG_TRY(Expect("'"));
    std::string value;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\'') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
          ++at_;
        } else {
          ++at_;
          return value;
        }
      }
      value += text_[at_];
    }
    return Syntax("'");
  }

  Result<Expression> Primary() {
    Blanks();
    if (at_ >= text_.size()) return Syntax("an expression");
    if (text_[at_] == '\'') {
      THALWEG_ASSIGN(std::string value, String());
      return Expression::Literal(Value::String(value));
    }
    if ((text_[at_] == 'x' || text_[at_] == 'X') && at_ + 1 < text_.size() && text_[at_ + 1] == '\'') return Hex();
    if (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.') return Number();
    if (Sign("(")) return Parenthesis();
    if (text_[at_] == '`') return Column(Identifier());
    return Named();
  }

  Result<Expression> Hex() {
    ++at_;
    THALWEG_ASSIGN(std::string digits, String());
    std::string bytes;
    for (size_t i = 0; i + 1 < digits.size(); i += 2)
      bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    return Expression::Literal(Value::Binary(bytes));
  }

  Result<Expression> Number() {
    const size_t start = at_;
    bool exponent = false, point = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '.')
        point = true;
      else if ((c == 'e' || c == 'E'))
        exponent = true;
      else if ((c == '+' || c == '-') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E'))
        continue;
      else if (!std::isdigit(static_cast<unsigned char>(c)))
        break;
    }
    const std::string digits(text_.substr(start, at_ - start));
    if (exponent) return Expression::Literal(Value::Double(std::stod(digits)));
    int64_t whole;
    if (!point && types::ParseInt64(digits, &whole)) {
      if (whole == static_cast<int32_t>(whole)) return Expression::Literal(Value::Int(static_cast<int32_t>(whole)));
      return Expression::Literal(Value::BigInt(whole));
    }
    const size_t dot = std::min(digits.find('.'), digits.size());
    const int scale = dot == digits.size() ? 0 : static_cast<int>(digits.size() - dot - 1);
    const int precision = std::max(1, static_cast<int>(digits.size()) - (dot < digits.size() ? 1 : 0));
    types::Int128 value;
    if (precision > 38 || types::ParseDecimal(digits, precision, scale, &value) != types::DecimalParse::kOk)
      return Syntax("a number");
    return Expression::Literal(Value::Decimal(value, std::max(precision, scale), scale));
  }

  Result<Expression> Parenthesis() {
    Arguments parts;
    THALWEG_TRY(List(")", parts));
    if (parts.size() == 1) return parts[0];
    return Resolve("ROW", parts);
  }

  Result<Expression> Column(const std::string& name) {
    if (name.size() >= 2 && name[0] == 'f') {
      const size_t index = static_cast<size_t>(std::atoi(name.c_str() + 1));
      if (index < columns_.size()) return columns_[index];
    }
    return UserError("No column {}", name);
  }

  Result<Expression> Case() {
    Arguments arguments;
    std::optional<Expression> subject;
    if (PeekWord() != "WHEN") {
      THALWEG_ASSIGN(subject, Or());
    }
    while (Word("WHEN")) {
      THALWEG_ASSIGN(Expression condition, Or());
      if (subject) {
        THALWEG_ASSIGN(condition, Resolve("=", {*subject, condition}));
      }
      arguments.push_back(condition);
      THALWEG_TRY(ExpectWord("THEN"));
      THALWEG_ASSIGN(Expression value, Or());
      arguments.push_back(value);
    }
    Expression otherwise;
    if (Word("ELSE")) {
      THALWEG_ASSIGN(otherwise, Or());
    }
    arguments.push_back(otherwise);
    THALWEG_TRY(ExpectWord("END"));
    return Resolve("CASE", arguments);
  }

  Result<Expression> Interval() {
    const bool negative = Sign("-");
    THALWEG_ASSIGN(std::string text, String());
    const std::string unit = Identifier();
    if (Word("TO")) return Syntax("a single unit");
    int64_t count = std::atoll(text.c_str()) * (negative ? -1 : 1);
    std::string upper;
    for (char c : unit) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (Sign("(")) {
      (void)Identifier();
      THALWEG_TRY(Expect(")"));
    }
    if (upper == "YEAR") return Expression::Literal(Value::IntervalMonths(static_cast<int32_t>(count * 12)));
    if (upper == "QUARTER") return Expression::Literal(Value::IntervalMonths(static_cast<int32_t>(count * 3)));
    if (upper == "MONTH") return Expression::Literal(Value::IntervalMonths(static_cast<int32_t>(count)));
    const int64_t unit_ms = upper == "WEEK"     ? 604'800'000
                            : upper == "DAY"    ? 86'400'000
                            : upper == "HOUR"   ? 3'600'000
                            : upper == "MINUTE" ? 60'000
                                                : 1000;
    return Expression::Literal(Value::IntervalMillis(
        static_cast<int64_t>(std::atof(text.c_str()) * static_cast<double>(unit_ms)) * (negative ? -1 : 1)));
  }

  Result<Expression> Cast(bool try_cast) {
    THALWEG_TRY(Expect("("));
    THALWEG_ASSIGN(Expression e, Or());
    THALWEG_TRY(ExpectWord("AS"));
    THALWEG_ASSIGN(Type type, TypeName());
    THALWEG_TRY(Expect(")"));
    return expr::Cast(e, type.type, {.try_cast = try_cast, .fixed_length = type.fixed});
  }

  Result<Expression> Temporal(std::string_view kind) {
    THALWEG_ASSIGN(std::string text, String());
    if (kind == "DATE") {
      std::optional<int32_t> days = ParseSqlDate(text);
      return days ? Result<Expression>(Expression::Literal(Value::Date(*days))) : Syntax("a date");
    }
    if (kind == "TIME") {
      std::optional<int32_t> millis = ParseSqlTime(text);
      return millis ? Result<Expression>(Expression::Literal(Value::Time(*millis))) : Syntax("a time");
    }
    std::optional<types::TimestampValue> value = ParseSqlTimestamp(text);
    if (!value) return Syntax("a timestamp");
    const size_t point = text.find('.');
    const int precision = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
    return Expression::Literal(Value::Timestamp(*value, precision));
  }

  Expression Unit() {
    std::string unit = PeekWord();
    at_ += unit.size();
    return Expression::Literal(Value::String(unit));
  }

  Result<Expression> Named() {
    const size_t start = at_;
    const std::string name = PeekWord();
    if (name.empty()) return Syntax("an expression");
    const std::string spelled = Identifier();
    Blanks();
    const bool quoted = at_ < text_.size() && text_[at_] == '\'';
    if (quoted && (name == "DATE" || name == "TIME" || name == "TIMESTAMP")) return Temporal(name);
    if (name == "INTERVAL") return Interval();
    if (name == "CASE") return Case();
    if (name == "CAST" || name == "TRY_CAST") return Cast(name == "TRY_CAST");
    if (name == "TRUE" || name == "FALSE") return Expression::Literal(Value::Boolean(name == "TRUE"));
    if (name == "NULL") return Expression();
    if (name == "UNKNOWN") return Expression::Literal(Value::Null(types::DataType(types::TypeId::kBoolean)));
    if ((name == "ARRAY" || name == "MAP") && Sign("[")) {
      Arguments arguments;
      THALWEG_TRY(List("]", arguments));
      return Resolve(name, arguments);
    }
    if (Sign("(")) return CallOf(name);
    if (Registry::BuiltIn().Find(name)) return Resolve(name, {});
    at_ = start + spelled.size();
    return Column(spelled);
  }

  Result<Expression> CallOf(const std::string& name) {
    Arguments arguments;
    if (name == "EXTRACT") {
      arguments.push_back(Unit());
      THALWEG_TRY(ExpectWord("FROM"));
    } else if (name == "TIMESTAMPADD" || name == "TIMESTAMPDIFF") {
      arguments.push_back(Unit());
      THALWEG_TRY(Expect(","));
    } else if (name == "TRIM") {
      return Trim();
    }
    if (name == "JSON_OBJECT") (void)Word("KEY");
    if (name == "JSON_OBJECT" || name == "JSON_ARRAY") {
      const bool null = Words({"NULL", "ON", "NULL"}), absent = !null && Words({"ABSENT", "ON", "NULL"});
      if (null || absent)
        arguments.push_back(Expression::Literal(Value::String(null ? "NULL ON NULL" : "ABSENT ON NULL")));
    }
    if (Sign(")")) return Resolve(name, arguments);
    for (;;) {
      THALWEG_ASSIGN(Expression e, name == "POSITION" ? Sum() : Or());
      arguments.push_back(e);
      if (Word("KEY")) continue;
      if (Sign(",")) {
        if (name == "JSON_OBJECT") (void)Word("KEY");
        continue;
      }
      if (Word("FROM") || Word("FOR") || Word("IN") || Word("PLACING") || Word("VALUE")) continue;
      if ((name == "CEIL" || name == "FLOOR" || name == "CEILING") && Word("TO")) arguments.push_back(Unit());
      if (name.starts_with("JSON_")) THALWEG_TRY(JsonOptions(name, arguments));
      THALWEG_TRY(Expect(")"));
      if (name == "JSON_QUERY" && std::exchange(returns_array_, false)) return Resolve("JSON_QUERY_ARRAY", arguments);
      return Resolve(name, arguments);
    }
  }

  /// RETURNING is heard by CallOf; the clauses become the three words of json_query.cc.
  Status QueryOptions(Arguments& arguments) {
    std::string clauses[3] = {"WITHOUT", "NULL", "NULL"};
    if (Word("RETURNING")) {
      THALWEG_ASSIGN(Type type, TypeName());
      returns_array_ = type.type.id() == types::TypeId::kArray;
    }
    bool any = false;
    while (!PeekWord().empty()) {
      any = true;
      if (Word("WITHOUT") || Word("WITH")) {
        const bool unconditional = Word("UNCONDITIONAL"), conditional = Word("CONDITIONAL");
        (void)Word("ARRAY");
        THALWEG_TRY(ExpectWord("WRAPPER"));
        clauses[0] = unconditional ? "UNCONDITIONAL" : conditional ? "CONDITIONAL" : "WITHOUT";
        continue;
      }
      std::string word;
      for (std::string_view known : {"NULL", "ERROR"})
        if (Word(known)) word = known;
      if (Word("EMPTY")) word = Word("ARRAY") ? "EMPTY ARRAY" : Word("OBJECT") ? "EMPTY OBJECT" : "";
      THALWEG_TRY(ExpectWord("ON"));
      clauses[Word("EMPTY") ? 1 : 2] = word;
      (void)Word("ERROR");
    }
    if (any)
      for (const std::string& clause : clauses) arguments.push_back(Expression::Literal(Value::String(clause)));
    return {};
  }

  /// The clauses behind the arguments of a JSON function, in the places where json.cc has them.
  Status JsonOptions(const std::string& name, Arguments& arguments) {
    auto text = [](std::string_view word) { return Expression::Literal(Value::String(word)); };
    if (Words({"NULL", "ON", "NULL"})) arguments.insert(arguments.begin(), text("NULL ON NULL"));
    if (Words({"ABSENT", "ON", "NULL"})) arguments.insert(arguments.begin(), text("ABSENT ON NULL"));
    if (name == "JSON_EXISTS")
      for (std::string_view word : {"TRUE", "FALSE", "UNKNOWN", "ERROR"})
        if (Words({word, "ON", "ERROR"})) arguments.push_back(text(word));
    if (name == "JSON_QUERY") return QueryOptions(arguments);
    if (name != "JSON_VALUE" || PeekWord().empty()) return {};
    Expression null = Expression::Literal(Value::Null(types::DataType(types::TypeId::kString)));
    Arguments clauses = {text("NULL"), null, text("NULL"), null};
    while (!PeekWord().empty()) {
      std::string word = PeekWord();
      Expression value = null;
      at_ += word.size();
      if (word == "DEFAULT") {
        THALWEG_ASSIGN(value, Sum());
      }
      THALWEG_TRY(ExpectWord("ON"));
      const size_t place = Word("EMPTY") ? 0 : 2;
      if (place == 2) THALWEG_TRY(ExpectWord("ERROR"));
      clauses[place] = text(word);
      clauses[place + 1] = value;
    }
    arguments.insert(arguments.end(), clauses.begin(), clauses.end());
    return {};
  }

  Result<Expression> Trim() {
    std::string side = "BOTH";
    for (std::string_view word : {"BOTH", "LEADING", "TRAILING"})
      if (Word(word)) side = word;
    Expression blank = Expression::Literal(Value::String(" "));
    THALWEG_ASSIGN(Expression e, PeekWord() == "FROM" ? Result<Expression>(blank) : Or());
    if (Word("FROM")) {
      blank = e;
      THALWEG_ASSIGN(e, Or());
    }
    THALWEG_TRY(Expect(")"));
    return Resolve("TRIM", {Expression::Literal(Value::String(side)), blank, e});
  }

  Result<std::vector<int>> Lengths() {
    std::vector<int> lengths;
    if (!Sign("(")) return lengths;
    do {
      lengths.push_back(std::atoi(Identifier().c_str()));
    } while (Sign(","));
    THALWEG_TRY(Expect(")"));
    return lengths;
  }

  Result<Type> TypeName() {
    THALWEG_ASSIGN(Type type, Bare());
    for (;;) {
      if (Words({"NOT", "NULL"}))
        type.type = type.type.WithNullable(false);
      else if (Word("NULL"))
        type.type = type.type.WithNullable(true);
      else if (Word("ARRAY"))
        type = {types::DataType::Array(type.type)};
      else if (Word("MULTISET"))
        type = {types::DataType::Multiset(type.type)};
      else
        return type;
    }
  }

  Result<Type> Bare() {
    using types::DataType;
    using types::TypeId;
    std::string name = Identifier();
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (name == "ARRAY" || name == "MAP" || name == "MULTISET") {
      THALWEG_TRY(Expect("<"));
      THALWEG_ASSIGN(Type first, TypeName());
      if (name == "MAP") {
        THALWEG_TRY(Expect(","));
        THALWEG_ASSIGN(Type second, TypeName());
        THALWEG_TRY(Expect(">"));
        return Type{DataType::Map(first.type, second.type)};
      }
      THALWEG_TRY(Expect(">"));
      return Type{name == "ARRAY" ? DataType::Array(first.type) : DataType::Multiset(first.type)};
    }
    if (name == "ROW") return RowType();
    if (name == "INTERVAL") {
      const std::string unit = PeekWord();
      (void)Identifier();
      THALWEG_TRY(Lengths().status());
      if (Word("TO")) {
        (void)Identifier();
        THALWEG_TRY(Lengths().status());
      }
      return Type{DataType(unit == "YEAR" || unit == "MONTH" ? TypeId::kIntervalYearMonth : TypeId::kIntervalDayTime)};
    }
    THALWEG_ASSIGN(std::vector<int> lengths, Lengths());
    const int length = lengths.empty() ? 0 : lengths[0];
    if (name == "DECIMAL" || name == "NUMERIC" || name == "DEC")
      return Type{DataType::Decimal(length ? length : 10, lengths.size() > 1 ? lengths[1] : 0)};
    if (name == "CHAR") return Type{DataType::VarChar(length ? length : 1), true};
    if (name == "VARCHAR") return Type{length ? DataType::VarChar(length) : DataType(TypeId::kString)};
    if (name == "STRING") return Type{DataType(TypeId::kString)};
    if (name == "BINARY") return Type{DataType::VarBinary(length ? length : 1), true};
    if (name == "VARBINARY") return Type{length ? DataType::VarBinary(length) : DataType(TypeId::kBinary)};
    if (name == "BYTES") return Type{DataType(TypeId::kBinary)};
    const int precision = lengths.empty() ? 6 : length;
    if (name == "TIMESTAMP_LTZ") return Type{DataType::TimestampLtz(precision)};
    if (name == "TIMESTAMP") {
      if (Words({"WITH", "LOCAL", "TIME", "ZONE"})) return Type{DataType::TimestampLtz(precision)};
      return Type{DataType::Timestamp(precision)};
    }
    if (name == "TIME" && precision != 0 && !lengths.empty()) return UserError("TIME({}) is not supported", precision);
    const std::pair<std::string_view, TypeId> simple[] = {
        {"BOOLEAN", TypeId::kBoolean}, {"TINYINT", TypeId::kTinyInt}, {"SMALLINT", TypeId::kSmallInt},
        {"INT", TypeId::kInt},         {"INTEGER", TypeId::kInt},     {"BIGINT", TypeId::kBigInt},
        {"FLOAT", TypeId::kFloat},     {"DOUBLE", TypeId::kDouble},   {"DATE", TypeId::kDate},
        {"TIME", TypeId::kTime}};
    for (const auto& [known, id] : simple)
      if (name == known) return Type{DataType(id)};
    return UserError("No type {}", name);
  }

  Result<Type> RowType() {
    const std::string close = Sign("<") ? ">" : ")";
    if (close == ")") THALWEG_TRY(Expect("("));
    std::vector<types::Field> fields;
    do {
      const size_t start = at_;
      Result<Type> type = TypeName();
      Blanks();
      std::string name = fmt::format("f{}", fields.size());
      if (!type.ok() || (at_ < text_.size() && text_[at_] != ',' && text_[at_] != close[0])) {
        at_ = start;
        name = Identifier();
        type = TypeName();
      }
      if (!type.ok()) return type.status();
      fields.push_back({name, type->type});
    } while (Sign(","));
    THALWEG_TRY(Expect(close));
    return Type{types::DataType::Row(std::move(fields))};
  }

  std::string_view text_;
  size_t at_ = 0;
  bool returns_array_ = false;
  std::vector<Expression> columns_;
};

}  // namespace thalweg::expr
