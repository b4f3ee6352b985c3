// Strings that spell other things: tests of their characters, addresses, URLs, the name of a type.
#include <charconv>

#include "expr/families.h"
#include "expr/functions.h"
#include "expr/regex.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/type_rules.h"
#include "expr/utf8.h"
#include "types/scalar_text.h"

namespace thalweg::expr {

using std::string_view;
using types::DataType;
using types::TypeId;

namespace {

bool AsciiLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// TRUE or FALSE, of NULL FALSE. Of a number only its type counts, be it NULL: `of_number` tells.
template <typename P>
Function CharacterTest(std::string name, P test, bool (*of_number)(TypeId)) {
  Kernel kernel = [test, of_number](Call& call) -> Result<Vector> {
    const Vector& text = call.argument(0);
    columns::ColumnBuilder out(call.type(), call.pool(), call.rows());
    const TypeId type = text.column.type.id();
    for (int32_t row = 0; row < call.rows(); ++row)
      out.AppendBool(IsNumeric(type) ? of_number(type) : !text.IsNull(row) && test(text.column.String(text.at(row))));
    return Vector{out.Take()};
  };
  return Define(
      std::move(name), {{{Param::kString}}, {{Param::kNumber}}},
      [](const std::vector<Expression>&) { return DataType(TypeId::kBoolean, false); }, std::move(kernel));
}

/// "a", "a.b", "a.b.c", "a.b.c.d": the last part fills what is left.
std::optional<int64_t> InetAton(string_view text) {
  std::vector<int64_t> parts;
  for (size_t at = 0;; ++at) {
    size_t end = std::min(text.find('.', at), text.size());
    int64_t value = 0;
    if (end == at || end - at > 10) return std::nullopt;
    for (size_t i = at; i < end; ++i) {
      if (!types::IsDigit(text[i])) return std::nullopt;
      value = value * 10 + (text[i] - '0');
    }
    parts.push_back(value);
    at = end;
    if (at == text.size()) break;
  }
  if (parts.size() > 4) return std::nullopt;
  int64_t address = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] > 255) return std::nullopt;
    address |= parts[i] << (i + 1 == parts.size() ? 0 : 24 - 8 * static_cast<int>(i));
  }
  return address;
}

std::optional<std::string> InetNtoa(int64_t address) {
  if (address < 0 || address > 0xffffffff) return std::nullopt;
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

std::string UrlEncode(string_view text) {
  std::string out;
  for (char c : text) {
    if (AsciiLetter(c) || types::IsDigit(c) || c == '.' || c == '-' || c == '*' || c == '_')
      out += c;
    else if (c == ' ')
      out += '+';
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::optional<std::string> UrlDecode(string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return ValidUtf8(out);
}

/// The absolute value of Java's String.hashCode: over units of UTF-16.
int32_t HashCode(string_view text) {
  uint32_t hash = 0;
  for (size_t at = 0; at < text.size(); at += CodePointBytes(text, at)) {
    uint32_t c = DecodeCodePoint(text.substr(at));
    if (c >= 0x10000) {
      hash = hash * 31 + (0xd800 + ((c - 0x10000) >> 10));
      c = 0xdc00 + ((c - 0x10000) & 0x3ff);
    }
    hash = hash * 31 + c;
  }
  const auto value = static_cast<int32_t>(hash);
  return value < 0 && value != INT32_MIN ? -value : value;
}

std::optional<DataType> InferTypeOf(std::vector<Expression>& arguments) {
  if (arguments.size() != 1) return std::nullopt;
  return DataType(TypeId::kString);
}

Kernel TypeOf() {
  return [](Call& call) -> Result<Vector> {
    columns::ColumnBuilder out(call.type(), call.pool(), 1);
    out.AppendString(call.expression().arguments()[0].type().ToString());
    return Vector{out.Take(), true};
  };
}

}  // namespace

void AddTextForms(Registry& registry) {
  auto matches = [](const char* pattern) {
    return [regex = *Regex::Compile(pattern)](string_view t) {
      auto match = regex.Find(t);
      return match.ok() && !match->empty();
    };
  };
  registry.Add(CharacterTest("IS_DIGIT", matches("^\\p{Nd}+\\z"), IsInteger));
  registry.Add(CharacterTest("IS_ALPHA", matches("^\\p{L}+\\z"), [](TypeId) { return false; }));
  registry.Add(Define("HASH_CODE", {{{Param::kString}}}, Returns(TypeId::kInt), RowKernel<string_view>(HashCode)));
  // What Integer.parseInt or Double.parseDouble of Java take.
  registry.Add(CharacterTest("IS_DECIMAL",
                             matches("^[+-]?\\p{Nd}+\\z|"
                                     "^[\\x00-\\x20]*[+-]?(?:NaN|Infinity|"
                                     "(?:(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?|"
                                     "0[xX](?:[0-9a-fA-F]+\\.?|[0-9a-fA-F]*\\.[0-9a-fA-F]+)[pP][+-]?[0-9]+)[fFdD]?)"
                                     "[\\x00-\\x20]*\\z"),
                             [](TypeId type) { return IsInteger(type) || IsApproximate(type); }));
  registry.Add(
      Define("INET_ATON", {{{Param::kString}}}, ReturnsNullable(TypeId::kBigInt), RowKernel<string_view>(InetAton)));
  registry.Add(
      Define("INET_NTOA", {{{Param::kBigInt}}}, ReturnsNullable(TypeId::kString), RowKernel<int64_t>(InetNtoa)));
  registry.Add(
      Define("URL_ENCODE", {{{Param::kString}}}, ReturnsNullable(TypeId::kString), RowKernel<string_view>(UrlEncode)));
  registry.Add(
      Define("URL_DECODE", {{{Param::kString}}}, ReturnsNullable(TypeId::kString), RowKernel<string_view>(UrlDecode)));
  registry.Add(Define("TYPEOF", {"TYPEOF(<ANY>)"}, Inference(InferTypeOf),
                      Binder([](const Expression&) -> Result<Kernel> { return TypeOf(); })));
}

}  // namespace thalweg::expr
