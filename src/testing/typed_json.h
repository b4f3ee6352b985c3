// For tests: typed values of the corpora's JSON, appended to columns. {"$ts"}, {"$date"}, {"$time"}, {"$dec"}, {"$bytes"}, {"$map"}, {"$row"},
// {"$instant_ms"}, {"$interval"} and plain values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <simdjson.h>

#include "columns/builder.h"
#include "expr/time_text.h"
#include "expr/zone.h"
#include "types/scalar_text.h"

namespace thalweg::testing {

using columns::ColumnBuilder;
using simdjson::dom::element;
using types::DataType;
using types::TimestampValue;
using types::TypeId;

inline std::string Text(element json) { return std::string(std::string_view(json)); }

inline Status Unfit(element json, const DataType& type) {
  return UserError("no value of {}: {}", type.ToString(), simdjson::minify(json));
}

inline std::string Bytes(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

inline Status AppendJson(element json, const DataType& type, const expr::Zone& zone, ColumnBuilder& out);

inline Status AppendParts(element json, const DataType& type, const expr::Zone& zone, ColumnBuilder& out) {
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

inline Status AppendInterval(element json, const DataType& type, ColumnBuilder& out) {
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

inline Status AppendTimestamp(element json, const DataType& type, const expr::Zone& zone, ColumnBuilder& out) {
  auto read = [](element text) {  // ISO 8601
    std::string sql(Text(text));
    if (const size_t mark = sql.find('T'); mark != std::string::npos) sql[mark] = ' ';
    return expr::ParseSqlTimestamp(sql);
  };
  std::optional<TimestampValue> value;
  bool local = true;
  if (json["$instant_ms"].error() == simdjson::SUCCESS) {
    value = TimestampValue{json["$instant_ms"].get_int64()};
    local = false;
  } else if (json["$ts"].error() == simdjson::SUCCESS) {
    value = read(json["$ts"]);
  } else if (json["$local_ts_in_session_tz"].error() == simdjson::SUCCESS) {
    // What the extractor calls the session's zone is the fixed offset -01:20 of Flink's test.
    value = read(json["$local_ts_in_session_tz"]);
    if (value) value->millis += 80 * 60'000;
    local = false;
  }
  if (!value) return Unfit(json, type);
  if (type.id() == TypeId::kTimestampLtz && local) value->millis = zone.ToUtc(value->millis);
  *value = expr::Truncated(*value, type.precision());
  type.precision() <= 3 ? out.Append(value->millis) : out.Append(*value);
  return {};
}

inline Status AppendDecimal(element json, const DataType& type, ColumnBuilder& out) {
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

inline Status AppendJson(element json, const DataType& type, const expr::Zone& zone, ColumnBuilder& out) {
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
      std::optional<int32_t> value = expr::ParseSqlDate(Text(json["$date"]));
      return value ? (out.Append(*value), Status()) : Unfit(json, type);
    }
    case TypeId::kTime: {
      if (json["$time"].error() != simdjson::SUCCESS) return Unfit(json, type);
      std::optional<int32_t> value = expr::ParseSqlTime(Text(json["$time"]));
      return value ? (out.Append(*value), Status()) : Unfit(json, type);
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return AppendTimestamp(json, type, zone, out);
    case TypeId::kIntervalYearMonth:
    case TypeId::kIntervalDayTime: return AppendInterval(json, type, out);
    default: return AppendParts(json, type, zone, out);
  }
}

}  // namespace thalweg::testing
