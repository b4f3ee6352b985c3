// Values as text, as Flink prints them: numbers by Java's rules, strings plain, tuples "(a,0)", records "Order{id=1, amount=2.5}",
// lists "[1, 2]", maps "{a=1, b=2}" in key order, an empty optional "null". For people and tests, never parsed back.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <type_traits>

#include "types/record.h"

namespace thalweg::types {

/// Java's Double.toString: "1.0", "0.001", "1.0E7", "NaN", "-Infinity"; the fewest digits that read back equal.
void AppendDoubleText(double value, std::string& out);
void AppendFloatText(float value, std::string& out);
/// Java's Instant.toString: "2024-01-31T23:59:59.120Z"; the fraction in groups of three digits, none if zero. Any int64.
void AppendInstantText(int64_t millis, uint32_t nanos_of_milli, std::string& out);
/// Java's LocalDateTime.toString: "2024-01-31T23:59"; seconds only if they or the fraction are not zero.
void AppendLocalDateTimeText(int64_t millis, uint32_t nanos_of_milli, std::string& out);
/// "2024-01-31" of days since the epoch.
void AppendDateText(int32_t days, std::string& out);
/// Java's LocalTime.toString of milliseconds of the day: "23:59", "23:59:01.120".
void AppendTimeText(int32_t millis_of_day, std::string& out);

template <typename T>
void AppendText(const T& value, std::string& out);

namespace internal {

template <typename C, typename Fn>
void AppendSequenceText(const C& values, std::string_view open, std::string_view close, std::string& out, Fn&& append) {
  out += open;
  bool first = true;
  for (const auto& element : values) {
    if (!first) out += ", ";
    first = false;
    append(element);
  }
  out += close;
}

template <typename T>
concept TextTuple = requires { std::tuple_size<T>::value; } && !requires(const T& t) { t.begin(); };
template <typename T>
concept TextOptional = std::is_same_v<T, std::optional<typename T::value_type>>;
template <typename T>
concept TextMap = requires(const T& t) {
  typename T::mapped_type;
  t.begin();
};
template <typename T>
concept TextHashed = requires { typename T::hasher; };
template <typename T>
concept TextList = requires(const T& t) {
  t.begin();
  t.end();
};
template <typename T>
concept TextByMember = requires(const T& t) {
  { t.ToString() } -> std::convertible_to<std::string>;
};

template <typename T>
void AppendTupleText(const T& value, std::string& out) {
  out += '(';
  bool first = true;
  std::apply([&](const auto&... parts) { ((out += first ? "" : ",", first = false, AppendText(parts, out)), ...); },
             value);
  out += ')';
}

template <typename T>
void AppendRecordText(const T& value, std::string& out) {
  out.append(Record<T>::name()).push_back('{');
  bool first = true;
  ForEachField(value, [&](std::string_view name, const auto& field) {
    if (!first) out += ", ";
    first = false;
    out.append(name).push_back('=');
    AppendText(field, out);
  });
  out += '}';
}

/// Sets and maps; hashed ones in key order, so that equal values have equal text.
template <typename T>
void AppendContainerText(const T& value, std::string& out) {
  auto entry = [&](const auto& e) {
    if constexpr (TextMap<T>) {
      AppendText(e.first, out);
      out += '=';
      AppendText(e.second, out);
    } else {
      AppendText<std::decay_t<typename T::value_type>>(e, out);
    }
  };
  std::string_view open = TextMap<T> ? "{" : "[", close = TextMap<T> ? "}" : "]";
  if constexpr (TextHashed<T>) {
    std::vector<const typename T::value_type*> sorted;
    for (const auto& e : value) sorted.push_back(&e);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
      if constexpr (TextMap<T>)
        return a->first < b->first;
      else
        return *a < *b;
    });
    AppendSequenceText(sorted, open, close, out, [&](const auto* e) { entry(*e); });
  } else {
    AppendSequenceText(value, open, close, out, entry);
  }
}

template <typename T>
void AppendNumberText(T value, std::string& out) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

}  // namespace internal

/// A type with a member ToString() is shown by it; one that nothing describes by its codec's name in angle brackets.
template <typename T>
void AppendText(const T& value, std::string& out) {
  if constexpr (std::is_same_v<T, bool>)
    out += value ? "true" : "false";
  else if constexpr (std::is_same_v<T, char>)
    out += value;
  else if constexpr (std::is_same_v<T, double>)
    AppendDoubleText(value, out);
  else if constexpr (std::is_same_v<T, float>)
    AppendFloatText(value, out);
  else if constexpr (std::is_enum_v<T>)
    internal::AppendNumberText(static_cast<std::underlying_type_t<T>>(value), out);
  else if constexpr (std::is_integral_v<T>)
    internal::AppendNumberText(value, out);
  else if constexpr (std::is_convertible_v<const T&, std::string_view>)
    out += std::string_view(value);
  else if constexpr (std::is_same_v<T, Timestamp>)
    AppendInstantText(value.millis, 0, out);
  else if constexpr (std::is_same_v<T, SysMillis>)
    AppendInstantText(value.time_since_epoch().count(), 0, out);
  else if constexpr (internal::TextByMember<T>)
    out += value.ToString();
  else if constexpr (IsRecord<T>)
    internal::AppendRecordText(value, out);
  else if constexpr (internal::TextTuple<T>)
    internal::AppendTupleText(value, out);
  else if constexpr (internal::TextList<T>)
    internal::AppendContainerText(value, out);
  else if constexpr (internal::TextOptional<T>) {
    if (value)
      AppendText(*value, out);
    else
      out += "null";
  } else {
    out += "<" + CodecName<T>() + ">";
  }
}

template <typename T>
std::string ToText(const T& value) {
  std::string text;
  AppendText(value, text);
  return text;
}

}  // namespace thalweg::types
