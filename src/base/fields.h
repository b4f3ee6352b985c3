// Records that outlive their version: a struct is a sequence of fields (tag varint, length varint, bytes), its own first, then
// those of a newer version, which an older one keeps and writes back.
// Rule: tags ascend (a repeated field repeats its tag) and a field at its default is left out, so equal records have equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace thalweg {

/// Writes the fields of one struct, in ascending order of tags. Zero, false and empty are left out, except by Nested.
class FieldWriter {
 public:
  void Bytes(uint32_t tag, std::string_view value) {
    if (!value.empty()) Nested(tag, value);
  }
  void Number(uint32_t tag, uint64_t value) {
    if (value == 0) return;
    ByteWriter number;
    number.Varint(value);
    Nested(tag, number.view());
  }
  /// Zigzag.
  void Signed(uint32_t tag, int64_t value) {
    if (value == 0) return;
    ByteWriter number;
    number.SignedVarint(value);
    Nested(tag, number.view());
  }
  /// Eight bytes, for hashes.
  void Fixed64(uint32_t tag, uint64_t value) {
    if (value == 0) return;
    ByteWriter number;
    number.U64(value);
    Nested(tag, number.view());
  }
  void Bool(uint32_t tag, bool value) { Number(tag, value ? 1 : 0); }
  /// Always written: an element of a repeated field, or a struct whose presence says something.
  void Nested(uint32_t tag, std::string_view value) {
    out_.Varint(tag);
    out_.String(value);
  }
  /// Fields that FieldReader::Keep collected; after all others.
  void Unknown(std::string_view fields) { out_.Raw(fields); }
  std::string Take() { return out_.Take(); }

 private:
  ByteWriter out_;
};

/// Reads the fields of one struct:
///   FieldReader in(bytes);
///   while (in.Next()) switch (in.tag()) { case 1: x = in.Number(); break; ... default: in.Keep(&unknown); }
///   THALWEG_TRY(in.status());
/// Does not own the bytes. After the first fault Next is false and status() names it.
class FieldReader {
 public:
  /// `what`: for messages ("checkpoint manifest"); must outlive the reader.
  FieldReader(std::string_view bytes, std::string_view what) : in_(bytes), what_(what) {}

  /// Moves to the next field; false at the end and after a fault.
  bool Next();
  uint64_t tag() const { return tag_; }

  // The value of the current field. A value that does not fill the field, or is out of range, is a fault.
  std::string_view Bytes() const { return value_; }
  std::string String() const { return std::string(value_); }
  uint64_t Number(uint64_t max = UINT64_MAX);
  int64_t Signed();
  uint64_t Fixed64();
  bool Bool() { return Number(1) != 0; }
  /// 0..INT32_MAX.
  int32_t Int32() { return static_cast<int32_t>(Number(INT32_MAX)); }
  /// An enum whose greatest value is `last`.
  template <typename E>
  E Enum(E last) {
    return static_cast<E>(Number(static_cast<uint64_t>(last)));
  }

  /// Appends the current field as it stands to `unknown`.
  void Keep(std::string* unknown) const { unknown->append(raw_); }

  /// Takes over a fault of a nested decoder.
  void Take(const Status& status) {
    if (status_.ok()) status_ = status;
  }
  /// For nested structs: the value, or its default and a fault here.
  template <typename T>
  T Take(Result<T> result) {
    if (result.ok()) return std::move(result).value();
    Take(result.status());
    return T{};
  }
  const Status& status() const { return status_; }

 private:
  void Fault(std::string_view why);

  ByteReader in_;
  std::string_view what_;
  uint64_t tag_ = 0;
  std::string_view value_;
  std::string_view raw_;
  Status status_;
};

}  // namespace thalweg
