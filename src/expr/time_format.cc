// Times from and to text by patterns, and from and to seconds of the epoch, in the session's zone.
#include "expr/calendar.h"
#include "expr/date_pattern.h"
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/numeric_cast.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/time_text.h"
#include "expr/type_rules.h"
#include "expr/zone.h"
#include "types/scalar_text.h"

namespace thalweg::expr {

using std::string_view;
using types::DataType;
using types::TimestampValue;
using types::TypeId;

namespace {

constexpr string_view kDefaultPattern = "yyyy-MM-dd HH:mm:ss";

/// The pattern of the rows so far: patterns are nearly always one constant.
class PatternCache {
 public:
  Result<const DatePattern*> Get(string_view text) {
    if (!pattern_ || text_ != text) {
      THALWEG_ASSIGN(DatePattern pattern, DatePattern::Compile(text));
      pattern_ = std::move(pattern);
      text_ = text;
    }
    return &*pattern_;
  }
  /// Rows that follow one another are mostly of one minute, or day.
  Result<string_view> Format(string_view text, TimestampValue local) {
    const DatePattern* before = pattern_ ? &*pattern_ : nullptr;
    const bool same = before && text_ == text;
    THALWEG_ASSIGN(const DatePattern* pattern, Get(text));
    if (!same) span_ms_ = pattern->span_ms();
    const int64_t span = span_ms_ > 0 ? FloorDiv(local.millis, span_ms_) : 0;
    if (!same || span_ms_ == 0 || span != span_) {
      formatted_.clear();
      pattern->Format(local, formatted_);
      span_ = span;
    }
    return string_view(formatted_);
  }

 private:
  int64_t span_ms_ = 0, span_ = 0;  // of what was formatted last
  std::string formatted_;
  std::string text_;
  std::optional<DatePattern> pattern_;
};

/// Calls f(call, row, pattern cache, out) for rows without NULL arguments.
template <typename F>
Kernel PatternKernel(F f) {
  return [f](Call& call) -> Result<Vector> {
    PatternCache cache;
    columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
    for (int32_t row = 0; row < call.rows(); ++row) {
      bool null = false;
      for (int i = 0; i < call.arguments(); ++i) null = null || call.argument(i).IsNull(row);
      if (null)
        out.AppendNull();
      else
        THALWEG_TRY(f(call, row, cache, out));
    }
    return Vector{out.Take()};
  };
}

/// What Flink falls back to where the pattern does not match: java.sql.Timestamp.valueOf, or Date.valueOf of a text without a blank.
std::optional<TimestampValue> ParseJavaSql(string_view text) {
  text = types::Trim(text);
  const size_t dash = text.find('-'), blank = text.find(' ');
  if (dash != 4) return std::nullopt;
  if (blank == string_view::npos) {
    std::optional<int32_t> days = ParseSqlDate(text);
    if (!days || std::count(text.begin(), text.end(), '-') != 2) return std::nullopt;
    return TimestampValue{*days * kMillisOfDay};
  }
  if (std::count(text.begin(), text.end(), ':') != 2) return std::nullopt;
  return ParseSqlTimestamp(text, DayOfMonth::kExact);
}

Result<std::optional<TimestampValue>> ParseAt(Call& call, int32_t row, PatternCache& cache) {
  if (call.arguments() == 1) return ParseSqlTimestamp(TextAt(call, 0, row));
  THALWEG_ASSIGN(const DatePattern* pattern, cache.Get(TextAt(call, 1, row)));
  return pattern->Parse(TextAt(call, 0, row));
}

/// A text is read as java.text's SimpleDateFormat does; what is no time gives NULL.
Status DateFormatOfText(Call& call, int32_t row, PatternCache& cache, columns::ColumnBuilder& out) {
  static const DatePattern kRead = *DatePattern::Compile(kDefaultPattern);
  const std::optional<DatePattern::Parsed> read = kRead.ParsePrefix(TextAt(call, 0, row));
  if (!read) return out.AppendNull(), Status();
  THALWEG_ASSIGN(const string_view text, cache.Format(TextAt(call, 1, row), read->local));
  out.AppendString(text);
  return {};
}

Status DateFormat(Call& call, int32_t row, PatternCache& cache, columns::ColumnBuilder& out) {
  const Vector& time = call.argument(0);
  auto value = ReadAs<TimestampValue>(time.column, time.at(row));
  if (time.column.type.id() == TypeId::kTimestampLtz) value.millis = ZoneOf(call).ToLocal(value.millis);
  THALWEG_ASSIGN(const string_view text, cache.Format(TextAt(call, 1, row), value));
  out.AppendString(text);
  return {};
}

/// A constant pattern is one, for a call whose pattern is the second argument.
Status CheckPattern(const Arguments& arguments) {
  if (arguments.size() < 2 || !arguments[1].is_literal() || arguments[1].is_null_literal()) return {};
  return DatePattern::Compile(arguments[1].value().string()).status();
}

/// A time without a zone has no offset to print.
Status CheckZonelessPattern(const Arguments& arguments) {
  THALWEG_TRY(CheckPattern(arguments));
  if (!arguments[1].is_literal() || arguments[1].is_null_literal()) return {};
  THALWEG_ASSIGN(const DatePattern pattern, DatePattern::Compile(arguments[1].value().string()));
  if (!pattern.has_offset()) return {};
  return UserError("Pattern of DATE_FORMAT has an offset, which no time has that it takes: {}",
                   arguments[1].value().string());
}

Function Checked(Function function, Status (*check)(const Arguments&)) {
  function.check = check;
  return function;
}

/// A string stands for the timestamp it spells.
std::optional<DataType> InferDateFormat(Arguments& arguments) {
  if (arguments.size() != 2) return std::nullopt;
  std::optional<Expression> pattern = Fit(arguments[1], Param::kString);
  if (!pattern || !(IsDatetime(arguments[0].type().id()) || arguments[0].type().id() == TypeId::kString))
    return std::nullopt;
  if (arguments[0].type().id() == TypeId::kTime) return std::nullopt;
  arguments[1] = *pattern;
  if (arguments[0].type().id() == TypeId::kString) return DataType(TypeId::kString);
  if (!IsTimestamp(arguments[0].type().id())) arguments[0] = Coerced(arguments[0], DataType::Timestamp(3));
  return Strict(DataType(TypeId::kString), arguments);
}

Status ToDate(Call& call, int32_t row, PatternCache& cache, columns::ColumnBuilder& out) {
  std::optional<int32_t> days;
  if (call.arguments() == 1) {
    days = ParseSqlDate(TextAt(call, 0, row));
  } else {
    THALWEG_ASSIGN(std::optional<TimestampValue> value, ParseAt(call, row, cache));
    if (value) days = static_cast<int32_t>(FloorDiv(value->millis, kMillisOfDay));
  }
  AppendResult(out, days);
  return {};
}

Status ToTimestamp(Call& call, int32_t row, PatternCache& cache, columns::ColumnBuilder& out) {
  THALWEG_ASSIGN(std::optional<TimestampValue> value, ParseAt(call, row, cache));
  if (!value && call.arguments() == 2) value = ParseJavaSql(TextAt(call, 0, row));
  if (value) value = Truncated(*value, 3);
  AppendResult(out, value);
  return {};
}

/// Four hundred years have always the same days, and zones the same rules in them: times beyond the years that zones are known for
/// are those of an equal year.
constexpr int64_t kCycleMillis = 146'097 * kMillisOfDay;
int64_t CyclesBeyond(int64_t millis) {
  constexpr int64_t kLast = 253'402'300'799'999, kFirst = -62'135'596'800'000;  // years 9999 and 1
  if (millis > kLast) return (millis - kLast + kCycleMillis - 1) / kCycleMillis;
  return millis < kFirst ? -((kFirst - millis + kCycleMillis - 1) / kCycleMillis) : 0;
}

/// As Java's Calendar: of a local time that occurs twice the second is meant, where Zone, and Java's ZoneId, take the first.
int64_t CalendarUtc(const Zone& zone, int64_t local) {
  const int64_t by = CyclesBeyond(local) * kCycleMillis;
  const int64_t first = zone.ToUtc(local - by);
  // The offset after a shift back, if there is one near, gives another instant that has it.
  const int64_t after = zone.OffsetAt(first + kMillisOfDay), second = local - by - after;
  return (second > first && zone.OffsetAt(second) == after ? second : first) + by;
}

Status UnixTimestamp(Call& call, int32_t row, PatternCache& cache, columns::ColumnBuilder& out) {
  THALWEG_ASSIGN(const DatePattern* pattern, cache.Get(call.arguments() == 1 ? kDefaultPattern : TextAt(call, 1, row)));
  const std::optional<DatePattern::Parsed> read = pattern->ParsePrefix(TextAt(call, 0, row));
  if (!read) return out.Append(INT64_MIN), Status();
  out.Append(FloorDiv(
      read->offset_ms ? read->local.millis - *read->offset_ms : CalendarUtc(ZoneOf(call), read->local.millis), 1000));
  return {};
}

Status FromUnixTime(Call& call, int32_t row, PatternCache& cache, columns::ColumnBuilder& out) {
  const Vector& seconds = call.argument(0);
  // As Java's multiplication does, milliseconds that no BIGINT holds wrap.
  const auto at = static_cast<int64_t>(static_cast<uint64_t>(seconds.column.data<int64_t>()[seconds.at(row)]) * 1000);
  THALWEG_ASSIGN(const DatePattern* pattern, cache.Get(call.arguments() == 1 ? kDefaultPattern : TextAt(call, 1, row)));
  std::string text;
  const int64_t offset = ZoneOf(call).OffsetAt(at - CyclesBeyond(at) * kCycleMillis);
  const bool wraps = (offset > 0 && at > INT64_MAX - offset) || (offset < 0 && at < INT64_MIN - offset);
  pattern->Format({wraps ? at : at + offset}, text, offset);
  out.AppendString(text);
  return {};
}

Status ConvertTz(Call& call, int32_t row, PatternCache&, columns::ColumnBuilder& out) {
  const string_view local = TextAt(call, 0, row);
  std::optional<TimestampValue> value;
  if (local.find(' ') != string_view::npos) value = ParseSqlTimestamp(local, DayOfMonth::kExact);
  Result<Zone> from = Zone::FindShort(TextAt(call, 1, row)), to = Zone::FindShort(TextAt(call, 2, row));
  // Flink takes an unknown zone for GMT.
  if (!value) {
    out.AppendNull();
    return {};
  }
  const int64_t utc = CalendarUtc(from.ok() ? *from : Zone(), value->millis);
  std::string text;
  AppendSqlTimestamp({(to.ok() ? *to : Zone()).ToLocal(utc)}, 0, text);
  out.AppendString(text);
  return {};
}

int32_t DigitsOf(const Expression& precision) {
  return precision.is_literal() && !precision.is_null_literal() ? precision.value().number<int32_t>() : 3;
}

Status CheckLtz(const Arguments& arguments) {
  if (arguments[0].type().id() == TypeId::kString) return CheckPattern(arguments);
  const int32_t digits = DigitsOf(arguments[1]);
  if (digits >= 0 && digits <= 9) return {};
  return UserError("The precision of TO_TIMESTAMP_LTZ is 0 (seconds) to 9 (nanoseconds), not {}", digits);
}

/// Digits of a second's fraction that a constant pattern asks for, as Flink counts them: its letters S, no fewer than 3.
int FractionOf(const Expression& pattern) {
  if (!pattern.is_literal() || pattern.is_null_literal()) return 3;
  const std::string_view text = pattern.value().string();
  return std::clamp(static_cast<int>(std::count(text.begin(), text.end(), 'S')), 3, 9);
}

/// TO_TIMESTAMP_LTZ(number [, 0 to 9]): of the epoch, in seconds, milliseconds (3) or less. A constant tells the type, too.
std::optional<DataType> InferLtz(Arguments& arguments) {
  if (arguments.empty() || arguments.size() > 3) return std::nullopt;
  const TypeId id = arguments[0].type().id();
  if (IsNumeric(id)) {
    if (arguments.size() == 3) return std::nullopt;
    if (arguments.size() == 1) arguments.push_back(Expression::Literal(Value::Int(3)));
    std::optional<Expression> precision = Fit(arguments[1], Param::kInt);
    if (!precision) return std::nullopt;
    arguments[1] = *precision;
    arguments[0] = Coerced(arguments[0], DataType(IsApproximate(id) ? TypeId::kDouble : TypeId::kBigInt));
    return DataType::TimestampLtz(std::clamp(DigitsOf(*precision), 3, 9));
  }
  for (Expression& argument : arguments) {
    std::optional<Expression> text = Fit(argument, Param::kString);
    if (!text) return std::nullopt;
    argument = *text;
  }
  return DataType::TimestampLtz(arguments.size() == 1 ? 3 : FractionOf(arguments[1]));
}

Status LtzOfText(Call& call, int32_t row, PatternCache& cache, columns::ColumnBuilder& out) {
  std::optional<TimestampValue> value;
  if (call.arguments() == 1) {
    value = ParseSqlTimestamp(TextAt(call, 0, row));
  } else {
    THALWEG_ASSIGN(const DatePattern* pattern, cache.Get(TextAt(call, 1, row)));
    value = pattern->Parse(TextAt(call, 0, row));
  }
  Zone zone;  // UTC, not the session's
  if (call.arguments() == 3) {
    THALWEG_ASSIGN(zone, Zone::Find(TextAt(call, 2, row)));
  }
  if (value) value = Truncated({zone.ToUtc(value->millis), value->nanos}, call.type().precision());
  AppendResult(out, value);
  return {};
}

Result<Kernel> BindLtz(const Expression& call) {
  const TypeId id = call.arguments()[0].type().id();
  if (id == TypeId::kString) return PatternKernel(LtzOfText);
  auto at = [](__int128 nanos) -> std::optional<TimestampValue> {
    constexpr __int128 kNanosOfMilli = 1'000'000;
    const __int128 millis = nanos / kNanosOfMilli - (nanos % kNanosOfMilli < 0);
    if (millis > 253'402'300'799'999 || millis < -62'167'219'200'000) return std::nullopt;  // years 0000 to 9999
    return TimestampValue{static_cast<int64_t>(millis), static_cast<uint32_t>(nanos - millis * kNanosOfMilli)};
  };
  auto unit = [](int32_t precision) -> Result<__int128> {
    if (precision < 0 || precision > 9)
      return UserError("The precision of TO_TIMESTAMP_LTZ is 0 (seconds) to 9 (nanoseconds), not {}", precision);
    __int128 nanos = 1;
    for (int32_t i = precision; i < 9; ++i) nanos *= 10;
    return nanos;
  };
  using Answer = Result<std::optional<TimestampValue>>;
  if (id == TypeId::kBigInt)
    return RowKernel<int64_t, int32_t>([at, unit](int64_t value, int32_t precision) -> Answer {
      THALWEG_ASSIGN(const __int128 nanos, unit(precision));
      return at(value * nanos);
    });
  // A fraction is one of a second only.
  return RowKernel<double, int32_t>([at, unit](double value, int32_t precision) -> Answer {
    THALWEG_ASSIGN(const __int128 nanos, unit(precision));
    if (precision == 0) return at(static_cast<__int128>(CastNumber<int64_t>(value * 1000)) * 1'000'000);
    return at(CastNumber<int64_t>(value) * nanos);
  });
}

Function Zoned(Function function, bool fails) {
  function.contextual = true;
  function.fails = fails;
  return function;
}

Function Now() {
  Kernel kernel = [](Call& call) -> Result<Vector> {
    columns::ColumnBuilder out(call.type(), call.pool(), 1);
    out.Append(FloorDiv(call.context().NowMs(), 1000));
    return Vector{out.Take(), true};
  };
  Binder bind = [kernel](const Expression& call) -> Result<Kernel> {
    if (call.arguments().empty()) return kernel;
    return PatternKernel(UnixTimestamp);
  };
  return Define("UNIX_TIMESTAMP", {{}, {{Param::kString}, {Param::kString}}}, Returns(TypeId::kBigInt),
                std::move(bind));
}

}  // namespace

void AddTimeFormats(Registry& registry) {
  registry.Add(Checked(Zoned(Define("DATE_FORMAT", {"DATE_FORMAT(<TIMESTAMP or STRING>, <STRING>)"},
                                    Inference(InferDateFormat), Binder([](const Expression& call) -> Result<Kernel> {
                                      const bool text = call.arguments()[0].type().id() == TypeId::kString;
                                      return text ? PatternKernel(DateFormatOfText) : PatternKernel(DateFormat);
                                    })),
                             true),
                       CheckZonelessPattern));
  registry.Add(Checked(Zoned(Define("TO_DATE", {{{Param::kString}, {Param::kString}}}, ReturnsNullable(TypeId::kDate),
                                    PatternKernel(ToDate)),
                             true),
                       CheckPattern));
  registry.Add(Checked(Zoned(Define("TO_TIMESTAMP", {{{Param::kString}, {Param::kString}}},
                                    ReturnsNullable(DataType::Timestamp(3)), PatternKernel(ToTimestamp)),
                             true),
                       CheckPattern));
  Function ltz =
      Zoned(Define("TO_TIMESTAMP_LTZ",
                   {"TO_TIMESTAMP_LTZ(<NUMERIC> [, <INT>])", "TO_TIMESTAMP_LTZ(<STRING> [, <STRING> [, <STRING>]])"},
                   Inference(InferLtz), Binder(BindLtz)),
            true);
  ltz.check = CheckLtz;
  registry.Add(std::move(ltz));
  registry.Add(Checked(Zoned(Define("FROM_UNIXTIME", {{{Param::kBigInt}, {Param::kString}}},
                                    ReturnsNullable(TypeId::kString), PatternKernel(FromUnixTime)),
                             true),
                       CheckPattern));
  registry.Add(Zoned(Define("CONVERT_TZ", {{{Param::kString, Param::kString, Param::kString}}},
                            ReturnsNullable(TypeId::kString), PatternKernel(ConvertTz)),
                     false));
  Function unix_timestamp = Zoned(Now(), true);
  unix_timestamp.deterministic = false;  // without arguments
  unix_timestamp.stable = true;
  unix_timestamp.check = CheckPattern;
  registry.Add(std::move(unix_timestamp));
}

}  // namespace thalweg::expr
