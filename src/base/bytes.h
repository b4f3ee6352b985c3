// Bytes out and in: the one writer and the one reader behind every format of ours on disk and on the wire.
// Rule: little-endian, unaligned, varints are LEB128; the reader never reads past its end, whatever the bytes say.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/status.h"

namespace thalweg {

/// Appends to a string that it owns.
class ByteWriter {
 public:
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  void Fixed(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void U8(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void U16(uint16_t value) { Fixed(value); }
  void U32(uint32_t value) { Fixed(value); }
  void U64(uint64_t value) { Fixed(value); }
  void I64(int64_t value) { Fixed(value); }
  void Bool(bool value) { U8(value ? 1 : 0); }
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }
  /// Zigzag varint.
  void SignedVarint(int64_t value) { Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63)); }
  /// Varint length, then the bytes.
  void String(std::string_view value) {
    Varint(value.size());
    bytes_.append(value);
  }
  void Raw(std::string_view value) { bytes_.append(value); }

  size_t size() const { return bytes_.size(); }
  std::string_view view() const { return bytes_; }
  std::string& bytes() { return bytes_; }
  std::string Take() { return std::move(bytes_); }
  void Clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

/// Reads from bytes it does not own. After a failed read the reader stays failed and every further read gives zero or empty,
/// so a decoder may read a whole record and ask once: `TRY(reader.status())`.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
    requires std::is_trivially_copyable_v<T>
  T Fixed() {
    T value{};
    std::string_view raw = Raw(sizeof(T));
    if (raw.size() == sizeof(T)) std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }
  uint8_t U8() { return Fixed<uint8_t>(); }
  uint16_t U16() { return Fixed<uint16_t>(); }
  uint32_t U32() { return Fixed<uint32_t>(); }
  uint64_t U64() { return Fixed<uint64_t>(); }
  int64_t I64() { return Fixed<int64_t>(); }
  bool Bool() { return U8() != 0; }
  uint64_t Varint();
  int64_t SignedVarint() {
    uint64_t raw = Varint();
    return static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
  }
  std::string_view String() { return Raw(Varint()); }
  /// Exactly `size` bytes, or an empty view and a failed reader.
  std::string_view Raw(uint64_t size) {
    if (size > bytes_.size() - position_) {
      failed_ = true;
      position_ = bytes_.size();
      return {};
    }
    std::string_view view = bytes_.substr(position_, size);
    position_ += size;
    return view;
  }

  bool failed() const { return failed_; }
  /// Marks the input as malformed (a decoder that found a bad tag).
  void Fail() {
    failed_ = true;
    position_ = bytes_.size();
  }
  size_t remaining() const { return bytes_.size() - position_; }
  /// What is not read yet.
  std::string_view Rest() const { return bytes_.substr(position_); }
  size_t position() const { return position_; }
  bool AtEnd() const { return remaining() == 0; }
  /// Error if any read ran past the end or met a malformed varint.
  Status status() const;

 private:
  std::string_view bytes_;
  size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace thalweg
