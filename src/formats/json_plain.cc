#include "formats/json_plain.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "formats/json_scan.h"
#include "formats/scalar_text.h"
#include "formats/text.h"

namespace thalweg::formats {

using columns::ColumnBuilder;
using types::DataType;
using types::TypeId;

namespace {

static_assert(kDecodePadding >= 4 * kScanBlock);

constexpr int kMaxSkipDepth = 32;  // of values that are passed over; deeper ones are for simdjson
constexpr ptrdiff_t kMaxInt64Digits = 19;
constexpr uint64_t kPowersOfTen[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool StartsWith(const char* at, const char (&word)[5]) { return std::memcmp(at, word, 4) == 0; }

/// Whether a name in a record is this one exactly if the bytes are the same.
bool IsPlainName(const std::string& name) {
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }) &&
         simdjson::validate_utf8(name.data(), name.size());
}

void AppendUtf8(uint32_t code, std::string* out) {
  auto put = [&](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

/// Of four hexadecimal digits.
bool ParseHex4(const char* at, uint32_t* value) {
  auto [end, error] = std::from_chars(at, at + 4, *value, 16);
  return error == std::errc() && end == at + 4 && *at != '-';
}

// mantissa * 10^exponent where both and the result of one operation are exact (Clinger 1990).
bool ExactDouble(uint64_t mantissa, int64_t exponent, double* value) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (mantissa > (1ULL << 53) || exponent < -22 || exponent > 22) return false;
  *value = static_cast<double>(mantissa);
  *value = exponent < 0 ? *value / kPowers[-exponent] : *value * kPowers[exponent];
  return true;
}

}  // namespace

PlainJson::Kind PlainJson::KindOf(const DataType& type) {
  switch (type.id()) {
    case TypeId::kString: return Kind::kString;
    case TypeId::kBigInt: return Kind::kBigInt;
    case TypeId::kTinyInt:
    case TypeId::kSmallInt:
    case TypeId::kInt:
    case TypeId::kIntervalYearMonth:
    case TypeId::kIntervalDayTime: return Kind::kInteger;
    case TypeId::kDouble: return Kind::kDouble;
    case TypeId::kBoolean: return Kind::kBoolean;
    case TypeId::kFloat:
    case TypeId::kDecimal: return Kind::kNumber;
    case TypeId::kBinary:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return Kind::kText;
    case TypeId::kRow: return Kind::kRow;
    case TypeId::kArray: return Kind::kArray;
    case TypeId::kMap:
    case TypeId::kMultiset: return Kind::kMap;
    default: return Kind::kOther;
  }
}

PlainJson::PlainJson(const types::Schema& schema, const JsonOptions& options)
    : timestamp_format_(options.timestamp_format),
      missing_fails_(options.fail_on_missing_field && !options.ignore_parse_errors) {
  Bind(schema.fields(), &top_);
}

PlainJson::Value PlainJson::Bind(const DataType& type) {
  Value value{KindOf(type), type.nullable(), nullptr, nullptr};
  if (value.kind == Kind::kRow) Bind(type.children(), (value.fields = std::make_unique<Fields>()).get());
  if (value.kind == Kind::kArray) value.element = std::make_unique<Value>(Bind(type.children()[0].type));
  if (value.kind == Kind::kMap) value.element = std::make_unique<Value>(Bind(columns::ChildColumnTypes(type)[1]));
  return value;
}

void PlainJson::Bind(const std::vector<types::Field>& from, Fields* to) {
  for (const types::Field& from_field : from) {
    size_t index = to->fields.size();
    Field& field = to->fields.emplace_back();
    field.value = Bind(from_field.type);
    field.next = (index + 1) % from.size();
    field.token = '"' + from_field.name + "\":";
    size_t known = std::min(field.token.size(), sizeof(field.word));
    std::memcpy(field.word, field.token.data(), known);
    std::memset(field.mask, 0xff, known);
    usable_ = usable_ && IsPlainName(from_field.name) && to->by_name.emplace(from_field.name, index).second;
  }
}

bool PlainJson::Decode(std::string_view record, columns::BatchBuilder& out) {
  if (!usable_ || record.empty()) return false;
  end_ = record.data() + record.size();
  const char* at =
      Object(Blanks(record.data()), top_, [&](size_t i) -> ColumnBuilder& { return out.column(static_cast<int>(i)); });
  if (!at || Blanks(at) != end_) return false;
  out.FinishRow();
  return true;
}

inline const char* PlainJson::Blanks(const char* at) const {
  while (static_cast<unsigned char>(*at) <= ' ' && at < end_ && IsBlank(*at)) [[unlikely]]
    ++at;
  return at;
}

// A text from its opening quote on. `text` lies in the record or, with escapes, in scratch_.
inline const char* PlainJson::Text(const char* at, std::string_view* text) {
  const char* begin = at + 1;
  const char* stop = Scan::Special<true>(begin, end_);
  if (stop < end_ && *stop == '"') [[likely]] {
    *text = {begin, static_cast<size_t>(stop - begin)};
    return stop + 1;
  }
  return RareText(begin, stop, text);
}

template <typename Builders>
const char* PlainJson::Object(const char* at, Fields& fields, const Builders& builder) {
  if (at >= end_ || *at != '{') return nullptr;
  const size_t count = fields.fields.size();
  const int32_t row = count ? builder(fields.first).length() : 0;  // all have the same length
  size_t* hint = &fields.first;
  size_t seen = 0;
  at = Blanks(at + 1);
  if (*at != '}') {
    while (true) {
      if (at >= end_) return nullptr;
      size_t index = *hint;
      const char* behind = count ? ExpectedName(at, fields.fields[index]) : nullptr;
      if (!behind) [[unlikely]] {
        if (!(behind = OtherName(at, fields, &index))) return nullptr;
        if (index < count) *hint = index;
      }
      at = Blanks(behind);
      if (index == count) [[unlikely]] {
        at = Skip(at, kMaxSkipDepth);
      } else {
        ColumnBuilder& out = builder(index);
        if (out.length() != row) [[unlikely]]
          return nullptr;  // the same name again
        at = AnyValue(at, fields.fields[index].value, out);
        hint = &fields.fields[index].next;
        ++seen;
      }
      if (!at) [[unlikely]]
        return nullptr;
      at = Blanks(at);
      if (*at != ',') break;
      at = Blanks(at + 1);
    }
  }
  if (!Closes(at, '}')) return nullptr;
  if (seen < count && !Missing(fields, row, builder)) [[unlikely]]
    return nullptr;
  return at + 1;
}

template <typename Builders>
bool PlainJson::Missing(const Fields& fields, int32_t row, const Builders& builder) const {
  for (size_t i = 0; i < fields.fields.size(); ++i) {
    if (builder(i).length() != row) continue;
    if (missing_fails_ || !fields.fields[i].value.nullable) return false;
    builder(i).AppendNull();
  }
  return true;
}

// The name and the colon behind it, if it is this one.
inline const char* PlainJson::ExpectedName(const char* at, const Field& field) const {
  uint64_t first = (LoadWord(at) ^ field.word[0]) & field.mask[0];
  uint64_t second = (LoadWord(at + 8) ^ field.word[1]) & field.mask[1];
  if (first | second) return nullptr;
  size_t size = field.token.size();
  if (size > sizeof(field.word) &&
      (static_cast<size_t>(end_ - at) < size || std::memcmp(at, field.token.data(), size) != 0))
    return nullptr;
  return at + size;
}

// A name and the colon behind it. `index`: its field, or the number of fields if there is none.
const char* PlainJson::OtherName(const char* at, const Fields& fields, size_t* index) {
  std::string_view name;
  const char* behind;
  if (*at != '"' || !(behind = Text(at, &name)) || name.data() != at + 1) return nullptr;
  auto found = fields.by_name.find(name);
  *index = found == fields.by_name.end() ? fields.fields.size() : found->second;
  behind = Blanks(behind);
  return *behind == ':' ? behind + 1 : nullptr;
}

const char* PlainJson::AnyValue(const char* at, Value& value, ColumnBuilder& out) {
  if (at >= end_) return nullptr;
  if (*at == '"') {
    std::string_view text;
    if (value.kind >= Kind::kRow || !(at = Text(at, &text))) return nullptr;
    if (value.kind == Kind::kString) [[likely]] {
      out.AppendString(text);
      return at;
    }
    return AppendScalarText(text, timestamp_format_, out) ? nullptr : at;
  }
  if (*at == '-' || IsDigit(*at)) return Number(at, value, out);
  switch (*at) {
    case '{':
      if (value.kind == Kind::kMap) return Map(at, value, out);
      if (value.kind != Kind::kRow) return nullptr;
      at = Object(at, *value.fields, [&](size_t i) -> ColumnBuilder& { return out.child(static_cast<int>(i)); });
      if (at) out.CloseRow();
      return at;
    case '[': return value.kind == Kind::kArray ? Array(at, value, out) : nullptr;
    case 'n': return Null(at, value, out);
    default: return Boolean(at, value, out);
  }
}

const char* PlainJson::Null(const char* at, const Value& value, ColumnBuilder& out) {
  if (!StartsWith(at, "null") || !value.nullable) return nullptr;
  out.AppendNull();
  return at + 4;
}

const char* PlainJson::Boolean(const char* at, const Value& value, ColumnBuilder& out) {
  bool flag = StartsWith(at, "true");
  if (!flag && !(*at == 'f' && StartsWith(at + 1, "alse"))) return nullptr;
  if (value.kind == Kind::kBoolean)
    out.AppendBool(flag);
  else if (value.kind == Kind::kString)
    out.AppendString(flag ? "true" : "false");
  else
    return nullptr;
  return at + (flag ? 4 : 5);
}

const char* PlainJson::Number(const char* at, const Value& value, ColumnBuilder& out) {
  switch (value.kind) {
    case Kind::kBigInt:
    case Kind::kInteger: {
      int64_t number;
      if (!(at = Integer(at, &number))) return nullptr;
      if (value.kind == Kind::kBigInt) {
        out.Append(number);
        return at;
      }
      return AppendInteger(number, out) ? at : nullptr;
    }
    case Kind::kDouble: {
      double number;
      if (!(at = Double(at, &number))) return nullptr;
      out.Append(number);
      return at;
    }
    case Kind::kNumber:
    case Kind::kString: {
      const char* behind = NumberToken(at);
      if (!behind || AppendScalarText({at, behind}, timestamp_format_, out)) return nullptr;
      return behind;
    }
    default: return nullptr;
  }
}

const char* PlainJson::Array(const char* at, Value& value, ColumnBuilder& out) {
  at = Blanks(at + 1);
  if (*at != ']') {
    while (true) {
      if (!(at = AnyValue(at, *value.element, out.child(0)))) return nullptr;
      at = Blanks(at);
      if (*at != ',') break;
      at = Blanks(at + 1);
    }
  }
  if (!Closes(at, ']')) return nullptr;
  out.CloseRow();
  return at + 1;
}

const char* PlainJson::Map(const char* at, Value& value, ColumnBuilder& out) {
  std::vector<std::string_view> keys;
  at = Blanks(at + 1);
  if (*at != '}') {
    while (true) {
      std::string_view key;
      if (at >= end_ || *at != '"' || !(at = Text(at, &key)) || key.data() == scratch_.data()) return nullptr;
      keys.push_back(key);
      out.child(0).AppendString(key);
      at = Blanks(at);
      if (*at != ':' || !(at = AnyValue(Blanks(at + 1), *value.element, out.child(1)))) return nullptr;
      at = Blanks(at);
      if (*at != ',') break;
      at = Blanks(at + 1);
    }
  }
  if (!Closes(at, '}')) return nullptr;
  std::sort(keys.begin(), keys.end());
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return nullptr;
  out.CloseRow();
  return at + 1;
}

// Without fraction and exponent.
inline const char* PlainJson::Integer(const char* at, int64_t* value) {
  bool negative = *at == '-';
  const char* first = at + negative;
  const char* p = first;
  uint64_t number = 0;
  while (true) {  // at most 24 bytes, whatever is behind the record
    uint64_t word = LoadWord(p);
    int count = LeadingDigits(word);
    if (count > 0) number = number * kPowersOfTen[count] + DigitsValue(word, count);
    p += count;
    if (count < 8) break;
    if (p - first > kMaxInt64Digits) return nullptr;
  }
  if (p == first || p - first > kMaxInt64Digits || (*first == '0' && p - first > 1) || number > INT64_MAX)
    return nullptr;
  if (*p == '.' || *p == 'e' || *p == 'E') return nullptr;
  *value = negative ? -static_cast<int64_t>(number) : static_cast<int64_t>(number);
  return p;
}

const char* PlainJson::NumberToken(const char* at) const {
  const char* p = at + (*at == '-');
  auto digits = [&] {
    const char* first = p;
    while (p < end_ && IsDigit(*p)) ++p;
    return p - first;
  };
  bool zero = *p == '0';
  ptrdiff_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return nullptr;
  if (*p == '.') {
    ++p;
    if (digits() == 0) return nullptr;
  }
  if (*p == 'e' || *p == 'E') {
    ++p;
    if (*p == '-' || *p == '+') ++p;
    if (digits() == 0) return nullptr;
  }
  return p;
}

const char* PlainJson::Double(const char* at, double* value) const {
  const char* behind = NumberToken(at);
  if (!behind) return nullptr;
  bool negative = *at == '-';
  uint64_t mantissa = 0;
  int64_t exponent = 0;
  const char* p = at + negative;
  bool exact = behind - p <= kMaxInt64Digits;
  for (bool fraction = false; exact && p < behind; ++p) {
    if (*p == '.') {
      fraction = true;
    } else if (IsDigit(*p)) {
      mantissa = mantissa * 10 + static_cast<uint64_t>(*p - '0');
      exponent -= fraction;
    } else {
      exact = false;  // an exponent
    }
  }
  if (exact && ExactDouble(mantissa, exponent, value)) {
    if (negative) *value = -*value;
    return behind;
  }
  auto [end, error] = std::from_chars(at, behind, *value);
  return error == std::errc() && end == behind ? behind : nullptr;
}

// With escapes or bytes beyond ASCII; `at` is the first of them.
const char* PlainJson::RareText(const char* begin, const char* at, std::string_view* text) {
  scratch_.clear();
  bool escaped = false;
  const char* copied = begin;
  while (true) {
    at = Scan::Special<false>(at, end_);
    if (at >= end_ || static_cast<unsigned char>(*at) < 0x20) return nullptr;
    if (*at == '"') break;
    escaped = true;
    scratch_.append(copied, at);
    if (!(at = Escape(at + 1))) return nullptr;
    copied = at;
  }
  // Escapes are ASCII: what is well-formed with them is so without them.
  if (!simdjson::validate_utf8(begin, static_cast<size_t>(at - begin))) return nullptr;
  if (escaped) scratch_.append(copied, at);
  *text = escaped ? std::string_view(scratch_) : std::string_view(begin, static_cast<size_t>(at - begin));
  return at + 1;
}

// Behind a backslash.
const char* PlainJson::Escape(const char* at) {
  switch (*at) {
    case '"':
    case '\\':
    case '/': scratch_.push_back(*at); return at + 1;
    case 'b': scratch_.push_back('\b'); return at + 1;
    case 'f': scratch_.push_back('\f'); return at + 1;
    case 'n': scratch_.push_back('\n'); return at + 1;
    case 'r': scratch_.push_back('\r'); return at + 1;
    case 't': scratch_.push_back('\t'); return at + 1;
    case 'u': {
      uint32_t code, low;
      if (!ParseHex4(at + 1, &code)) return nullptr;
      at += 5;
      if (code >= 0xd800 && code < 0xe000) {
        if (code >= 0xdc00 || at[0] != '\\' || at[1] != 'u' || !ParseHex4(at + 2, &low)) return nullptr;
        if (low < 0xdc00 || low >= 0xe000) return nullptr;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
      }
      AppendUtf8(code, &scratch_);
      return at;
    }
    default: return nullptr;
  }
}

// A value that no one reads.
const char* PlainJson::Skip(const char* at, int depth) {
  if (at >= end_) return nullptr;
  if (*at == '"') {
    std::string_view text;
    return Text(at, &text);
  }
  if (*at == '-' || IsDigit(*at)) return NumberToken(at);
  if (StartsWith(at, "true") || StartsWith(at, "null")) return at + 4;
  if (*at == 'f' && StartsWith(at + 1, "alse")) return at + 5;
  if ((*at != '{' && *at != '[') || depth == 0) return nullptr;
  const bool object = *at == '{';
  const char close = object ? '}' : ']';
  at = Blanks(at + 1);
  while (*at != close) {
    if (object) {
      if (at >= end_ || *at != '"' || !(at = Skip(at, depth))) return nullptr;
      at = Blanks(at);
      if (*at != ':') return nullptr;
      at = Blanks(at + 1);
    }
    if (!(at = Skip(at, depth - 1))) return nullptr;
    at = Blanks(at);
    if (*at != ',') break;
    at = Blanks(at + 1);
    if (*at == close) return nullptr;
  }
  return Closes(at, close) ? at + 1 : nullptr;
}

}  // namespace thalweg::formats
