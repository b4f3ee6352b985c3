#include "base/fields.h"

namespace thalweg {

bool FieldReader::Next() {
  if (!status_.ok() || in_.AtEnd()) return false;
  const std::string_view rest = in_.Rest();
  const uint64_t before = tag_;
  tag_ = in_.Varint();
  value_ = in_.String();
  if (in_.failed()) {
    tag_ = before;
    Fault("a field runs past the end");
    return false;
  }
  raw_ = rest.substr(0, rest.size() - in_.remaining());
  if (tag_ < before || tag_ == 0) {
    Fault("fields are not in the order of their tags");
    return false;
  }
  return true;
}

uint64_t FieldReader::Number(uint64_t max) {
  ByteReader in(value_);
  const uint64_t value = in.Varint();
  if (!in.failed() && in.AtEnd() && value <= max) return value;
  Fault("a number does not fill its field or is out of range");
  return 0;
}

int64_t FieldReader::Signed() {
  ByteReader in(value_);
  const int64_t value = in.SignedVarint();
  if (!in.failed() && in.AtEnd()) return value;
  Fault("a number does not fill its field");
  return 0;
}

uint64_t FieldReader::Fixed64() {
  ByteReader in(value_);
  const uint64_t value = in.U64();
  if (!in.failed() && in.AtEnd()) return value;
  Fault("a fixed number is not of 8 bytes");
  return 0;
}

void FieldReader::Fault(std::string_view why) {
  if (status_.ok()) status_ = ExternalError("Malformed {}: {} (at field {})", what_, why, tag_);
}

}  // namespace thalweg
