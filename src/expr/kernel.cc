#include "expr/kernel.h"

#include <cstring>

#include "expr/zone.h"

namespace thalweg::expr {

using columns::BufferRef;
using columns::Column;

Vector NullVector(const types::DataType& type, columns::BufferPool& pool) {
  columns::ColumnBuilder out(type.WithNullable(true), pool, 1);
  out.AppendNull();
  return {out.Take(), true};
}

namespace {

void AndBits(uint8_t* to, const uint8_t* from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) to[i] &= from[i];
}

}  // namespace

const Zone& ZoneOf(const Call& call) {
  static const Zone kUtc;
  return call.context().zone ? *call.context().zone : kUtc;
}

BufferRef CombinedValidity(const Call& call) {
  const size_t bytes = static_cast<size_t>(call.rows() + 7) / 8;
  BufferRef only;
  BufferRef combined;
  for (int i = 0; i < call.arguments(); ++i) {
    const Vector& argument = call.argument(i);
    if (!argument.column.validity) continue;
    if (argument.constant) {
      if (!argument.IsNull(0)) continue;
      combined = call.pool().Allocate(bytes);
      std::memset(combined.mutable_data(), 0, bytes);
      return combined;
    }
    if (!only) {
      only = argument.column.validity;
      continue;
    }
    if (!combined) {
      combined = call.pool().Allocate(bytes);
      std::memcpy(combined.mutable_data(), only.data(), bytes);
    }
    AndBits(combined.mutable_data<uint8_t>(), argument.column.validity.data<uint8_t>(), bytes);
  }
  return combined ? combined : only;
}

Vector MergeParts(const types::DataType& type, int32_t n, const std::vector<Part>& parts, columns::BufferPool& pool) {
  columns::ColumnBuilder all(type.WithNullable(true), pool, n);
  std::vector<int32_t> place(static_cast<size_t>(n));
  std::vector<int32_t> zeros;
  for (const Part& part : parts) {
    auto count = static_cast<int32_t>(part.rows.size());
    for (int32_t i = 0; i < count; ++i)
      place[static_cast<size_t>(part.rows[static_cast<size_t>(i)])] = all.length() + i;
    if (part.values.constant) zeros.assign(part.rows.size(), 0);
    all.AppendRows(part.values.column, part.values.constant ? zeros.data() : nullptr, count);
  }
  Column joined = all.Take();
  if (parts.size() <= 1) return {std::move(joined)};
  columns::ColumnBuilder ordered(type.WithNullable(true), pool, n);
  ordered.AppendRows(joined, place.data(), n);
  return {ordered.Take()};
}

}  // namespace thalweg::expr
