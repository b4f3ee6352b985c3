// THALWEG_RECORD(Order, id, amount, ts): one line that gives a struct its schema, its codec and its text.
// Rule: it stands at namespace scope, in the struct's own namespace, after the struct, before its first use. 1 to 32 fields.
//
//   struct Order { int64_t id; double amount; types::Timestamp ts; };
//   THALWEG_RECORD(Order, id, amount, ts)
//
// Codec: name "Order{id:i64,amount:f64,ts:ts}"; bytes: varint number of fields, then each field by its own codec. Bytes with fewer
// fields leave the rest at their defaults (fields were added at the end since); bytes with more fields are an error.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "types/codec.h"
#include "types/data_type.h"
#include "types/type_of.h"

namespace thalweg::types {

constexpr size_t kMaxRecordFields = 32;

/// A named member.
template <typename Owner, typename Member>
struct RecordField {
  using Value = Member;
  std::string_view name;
  Member Owner::* member;
};

namespace internal {

template <typename... Fields>
struct RecordFields {
  std::string_view name;
  std::tuple<Fields...> fields;
};

template <typename... Fields>
constexpr RecordFields<Fields...> MakeRecord(std::string_view name, Fields... fields) {
  static_assert(sizeof...(Fields) <= kMaxRecordFields,
                "THALWEG_RECORD takes at most 32 fields: group some into a nested record");
  if (size_t colon = name.rfind(':'); colon != std::string_view::npos) name.remove_prefix(colon + 1);
  return {name, {fields...}};
}

}  // namespace internal

/// A struct named by THALWEG_RECORD.
template <typename T>
concept IsRecord = std::is_class_v<T> && requires(const T* record) { ThalwegRecordOf(record).fields; };

/// What THALWEG_RECORD knows of T. Any thread.
template <IsRecord T>
struct Record {
  static constexpr auto kDescription = ThalwegRecordOf(static_cast<const T*>(nullptr));
  static constexpr size_t kSize = std::tuple_size_v<decltype(kDescription.fields)>;
  template <size_t I>
  using FieldType = typename std::tuple_element_t<I, decltype(kDescription.fields)>::Value;

  static constexpr std::string_view name() { return kDescription.name; }
  static constexpr std::array<std::string_view, kSize> field_names() {
    return std::apply([](const auto&... fields) { return std::array<std::string_view, kSize>{fields.name...}; },
                      kDescription.fields);
  }
  template <size_t I, typename R>
  static constexpr auto& get(R& record) {
    return record.*(std::get<I>(kDescription.fields).member);
  }
  /// One column per field, in the order of the macro.
  static const SchemaPtr& schema() {
    static const SchemaPtr schema = std::make_shared<Schema>(Fields());
    return schema;
  }

 private:
  static std::vector<Field> Fields() {
    std::vector<Field> result;
    std::apply(
        [&](const auto&... fields) {
          (result.push_back({std::string(fields.name), DataTypeOf<typename std::decay_t<decltype(fields)>::Value>()}),
           ...);
        },
        kDescription.fields);
    return result;
  }
};

/// Calls fn(name, member) for each field in order; members are const if the record is.
template <typename R, typename Fn>
  requires IsRecord<std::remove_const_t<R>>
constexpr void ForEachField(R& record, Fn&& fn) {
  std::apply([&](const auto&... fields) { (fn(fields.name, record.*(fields.member)), ...); },
             Record<std::remove_const_t<R>>::kDescription.fields);
}

template <typename T>
struct TypeOf<T, std::enable_if_t<IsRecord<T>>> {
  static DataType Get() { return DataType::Row(Record<T>::schema()->fields(), false); }
};

template <typename T>
struct Codec<T, std::enable_if_t<IsRecord<T>>> {
  static std::string Name() {
    std::string name = std::string(Record<T>::name()) + "{";
    size_t index = 0;
    std::apply(
        [&](const auto&... fields) {
          ((name += (index++ ? "," : "") + std::string(fields.name) + ":" +
                    Codec<typename std::decay_t<decltype(fields)>::Value>::Name()),
           ...);
        },
        Record<T>::kDescription.fields);
    return name + "}";
  }
  static void Encode(const T& value, ByteWriter& out) {
    out.Varint(Record<T>::kSize);
    ForEachField(
        value, [&](std::string_view, const auto& field) { Codec<std::decay_t<decltype(field)>>::Encode(field, out); });
  }
  static void Decode(ByteReader& in, T& value) {
    uint64_t count = in.Varint();
    if (count > Record<T>::kSize) return in.Fail();
    uint64_t index = 0;
    ForEachField(value, [&](std::string_view, auto& field) {
      if (index++ < count) Codec<std::decay_t<decltype(field)>>::Decode(in, field);
    });
  }
};

}  // namespace thalweg::types

#define THALWEG_RECORD_PARENS ()
#define THALWEG_RECORD_EXPAND(...) THALWEG_RECORD_EXPAND3(THALWEG_RECORD_EXPAND3(__VA_ARGS__))
#define THALWEG_RECORD_EXPAND3(...) THALWEG_RECORD_EXPAND2(THALWEG_RECORD_EXPAND2(THALWEG_RECORD_EXPAND2(__VA_ARGS__)))
#define THALWEG_RECORD_EXPAND2(...) THALWEG_RECORD_EXPAND1(THALWEG_RECORD_EXPAND1(THALWEG_RECORD_EXPAND1(__VA_ARGS__)))
#define THALWEG_RECORD_EXPAND1(...) THALWEG_RECORD_EXPAND0(THALWEG_RECORD_EXPAND0(THALWEG_RECORD_EXPAND0(__VA_ARGS__)))
#define THALWEG_RECORD_EXPAND0(...) __VA_ARGS__
#define THALWEG_RECORD_EACH(Type, field, ...) \
  , ::thalweg::types::RecordField{            \
        #field, &Type::field} __VA_OPT__(THALWEG_RECORD_AGAIN THALWEG_RECORD_PARENS(Type, __VA_ARGS__))
#define THALWEG_RECORD_AGAIN() THALWEG_RECORD_EACH

/// See the head of this file.
#define THALWEG_RECORD(Type, ...)                                             \
  [[maybe_unused]] constexpr auto ThalwegRecordOf(const Type*) {              \
    return ::thalweg::types::internal::MakeRecord(                            \
        #Type THALWEG_RECORD_EXPAND(THALWEG_RECORD_EACH(Type, __VA_ARGS__))); \
  }
