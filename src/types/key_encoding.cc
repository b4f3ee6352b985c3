#include "types/key_encoding.h"

namespace thalweg::types {

namespace internal {

void AppendSortedKeys(std::vector<std::string>& entries, std::string& out) {
  std::sort(entries.begin(), entries.end());
  for (const std::string& entry : entries) {
    out.push_back(kKeyPresent);
    out += entry;
  }
  out.push_back(kKeyNull);
}

}  // namespace internal

void AppendKeyDecimal(__int128 unscaled, std::string& out) {
  auto bits = static_cast<unsigned __int128>(unscaled);
  internal::AppendKeyBits(internal::SortableBits(static_cast<int64_t>(bits >> 64)), out);
  uint64_t low = internal::BigEndian(static_cast<uint64_t>(bits));
  out.append(reinterpret_cast<const char*>(&low), sizeof(low));
}

void AppendKeyString(std::string_view value, std::string& out) {
  out.push_back(kKeyPresent);
  while (const void* zero = value.empty() ? nullptr : std::memchr(value.data(), 0, value.size())) {
    size_t until = static_cast<size_t>(static_cast<const char*>(zero) - value.data()) + 1;
    out.append(value.data(), until).push_back('\xff');
    value.remove_prefix(until);
  }
  out.append(value).append(2, '\0');
}

void AppendKeyTimestamp(const TimestampValue& value, std::string& out) {
  AppendKeyInteger(value.millis, out);
  uint32_t nanos = internal::BigEndian(value.nanos);
  out.append(reinterpret_cast<const char*>(&nanos), sizeof(nanos));
}

bool KeyReader::Present() {
  auto tag = Bits<uint8_t>();
  if (tag > 1) Fail();
  return tag == kKeyPresent;
}

bool KeyReader::More() { return Present(); }

__int128 KeyReader::Decimal() {
  auto high = static_cast<__int128>(Integer<int64_t>());
  auto low = Bits<uint64_t>();
  return static_cast<__int128>((static_cast<unsigned __int128>(high) << 64) | low);
}

void KeyReader::String(std::string& out) {
  while (true) {
    size_t zero = bytes_.find('\0');
    if (zero == std::string_view::npos || zero + 1 >= bytes_.size()) return Fail();
    out.append(bytes_.substr(0, zero));
    char mark = bytes_[zero + 1];
    bytes_.remove_prefix(zero + 2);
    if (mark == '\0') return;
    if (mark != '\xff') return Fail();
    out.push_back('\0');
  }
}

TimestampValue KeyReader::Timestamp() {
  TimestampValue value;
  value.millis = Integer<int64_t>();
  value.nanos = Bits<uint32_t>();
  return value;
}

Status KeyReader::status() const {
  if (!failed_) return {};
  return ExternalError("Malformed or truncated key bytes");
}

}  // namespace thalweg::types
