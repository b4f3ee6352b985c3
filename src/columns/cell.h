// A C++ value in a column and back, by types::TypeOf<T>. Used by key columns and by records.
// Rule: AppendCell and ReadCell meet only columns of TypeOf<T>; who binds a column checks that once, not per row.
#pragma once

#include <algorithm>
#include <limits>
#include <string>

#include "columns/builder.h"
#include "types/key_encoding.h"

namespace thalweg::columns {

template <typename T>
void AppendCell(const T& value, ColumnBuilder& out);
/// Fails (user error) on NULL in a type that has none, on a number out of T's range, on malformed bytes of a codec.
template <typename T>
Status ReadCell(const Column& column, int32_t row, T& value);

namespace internal {

/// The integer that stands in a column for an integral T.
template <typename T>
auto StoredInteger(T value) {
  constexpr size_t kBytes = sizeof(T) * (std::is_signed_v<T> ? 1 : 2);
  if constexpr (kBytes == 1)
    return static_cast<int8_t>(value);
  else if constexpr (kBytes == 2)
    return static_cast<int16_t>(value);
  else if constexpr (kBytes == 4)
    return static_cast<int32_t>(value);
  else if constexpr (kBytes == 8)
    return static_cast<int64_t>(value);
  else
    return static_cast<__int128>(value);
}

template <typename T>
void AppendMapCell(const T& value, ColumnBuilder& out) {
  std::vector<const typename T::value_type*> entries;
  for (const auto& entry : value) entries.push_back(&entry);
  if constexpr (requires { typename T::hasher; })
    std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  for (const auto* entry : entries) {
    AppendCell(entry->first, out.child(0));
    AppendCell(entry->second, out.child(1));
  }
  out.CloseRow();
}

template <typename T>
Status ReadIntegerCell(const Column& column, int32_t row, T& value) {
  auto stored = column.data<decltype(StoredInteger(T{}))>()[row];
  if constexpr (std::is_unsigned_v<T>) {
    if (stored < 0 || stored > static_cast<decltype(stored)>(std::numeric_limits<T>::max()))
      return UserError("A number is out of range for an unsigned field of {} bits", sizeof(T) * 8);
  }
  value = static_cast<T>(stored);
  return {};
}

/// For messages: "value of key 'trace'".
template <typename K>
std::string ValueOfKey(const K& key) {
  if constexpr (std::is_convertible_v<const K&, std::string_view>)
    return fmt::format("value of key '{}'", std::string_view(key));
  else if constexpr (std::is_integral_v<K>)
    return fmt::format("value of key {}", key);
  else
    return "value of a key";
}

template <typename T>
Status ReadListCell(const Column& column, int32_t row, T& value) {
  value.clear();
  const auto* offsets = column.offsets.data<int32_t>();
  for (int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if constexpr (types::internal::KeyMap<T>) {
      typename T::key_type key{};
      typename T::mapped_type mapped{};
      THALWEG_TRY(ReadCell(column.children[0], i, key));
      if (Status status = ReadCell(column.children[1], i, mapped); !status.ok())
        return status.WithContext(ValueOfKey(key));
      value.insert_or_assign(std::move(key), std::move(mapped));
    } else {
      typename T::value_type element{};
      THALWEG_TRY(ReadCell(column.children[0], i, element));
      value.push_back(std::move(element));
    }
  }
  return {};
}

/// Of a value that is not NULL.
template <typename T>
Status ReadPresentCell(const Column& column, int32_t row, T& value) {
  if constexpr (types::OpaqueInColumns<T>) {
    ByteReader in(column.String(row));
    types::Codec<T>::Decode(in, value);
    THALWEG_TRY(in.status());
    if (!in.AtEnd()) return UserError("Bytes left over after a value of {}", types::CodecName<T>());
  } else if constexpr (std::is_same_v<T, bool>) {
    value = column.Bool(row);
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    THALWEG_TRY(ReadPresentCell(column, row, number));
    value = static_cast<T>(number);
  } else if constexpr (std::is_floating_point_v<T>) {
    value = column.data<T>()[row];
  } else if constexpr (std::is_integral_v<T>) {
    return ReadIntegerCell(column, row, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = column.String(row);
  } else if constexpr (std::is_same_v<T, types::Timestamp>) {
    value.millis = column.data<int64_t>()[row];
  } else if constexpr (std::is_same_v<T, types::SysMillis>) {
    value = types::SysMillis(std::chrono::milliseconds(column.data<int64_t>()[row]));
  } else if constexpr (types::HasParts<T>) {
    Status status;
    size_t index = 0;
    types::internal::ForEachPart(value, [&](auto& part) {
      if (status.ok()) status = ReadCell(column.children[index++], row, part);
    });
    return status;
  } else {
    return ReadListCell(column, row, value);
  }
  return {};
}

}  // namespace internal

template <typename T>
void AppendCell(const T& value, ColumnBuilder& out) {
  if constexpr (types::OpaqueInColumns<T>)
    out.AppendString(types::EncodeToString(value));
  else if constexpr (std::is_same_v<T, bool>)
    out.AppendBool(value);
  else if constexpr (std::is_enum_v<T>)
    AppendCell(static_cast<std::underlying_type_t<T>>(value), out);
  else if constexpr (std::is_floating_point_v<T>)
    out.Append(value);
  else if constexpr (std::is_integral_v<T>)
    out.Append(internal::StoredInteger(value));
  else if constexpr (std::is_same_v<T, std::string>)
    out.AppendString(value);
  else if constexpr (std::is_same_v<T, types::Timestamp>)
    out.Append(value.millis);
  else if constexpr (std::is_same_v<T, types::SysMillis>)
    out.Append(int64_t{value.time_since_epoch().count()});
  else if constexpr (types::HasParts<T>) {
    int index = 0;
    types::internal::ForEachPart(value, [&](const auto& part) { AppendCell(part, out.child(index++)); });
    out.CloseRow();
  } else if constexpr (types::internal::KeyMap<T>)
    internal::AppendMapCell(value, out);
  else if constexpr (types::internal::KeyList<T>) {
    for (const auto& element : value) AppendCell<typename T::value_type>(element, out.child(0));
    out.CloseRow();
  } else {
    static_assert(types::internal::KeyOptional<T>);
    if (value)
      AppendCell(*value, out);
    else
      out.AppendNull();
  }
}

template <typename T>
Status ReadCell(const Column& column, int32_t row, T& value) {
  if constexpr (!types::OpaqueInColumns<T> && types::internal::KeyOptional<T>) {
    value.reset();
    if (column.IsNull(row)) return {};
    return ReadCell(column, row, value.emplace());
  } else {
    if (column.IsNull(row)) return UserError("NULL where the C++ type takes none: make it std::optional");
    return internal::ReadPresentCell(column, row, value);
  }
}

}  // namespace thalweg::columns
