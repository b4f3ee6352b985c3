// ENCODE and DECODE: text as bytes of a character set, by Java's names. What a set has no bytes for is '?'; bytes that are no text U+FFFD.
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/utf8.h"

namespace thalweg::expr {

using std::string_view;
using types::TypeId;

namespace {

enum class Charset : uint8_t { kAscii, kLatin1, kUtf8, kUtf16, kUtf16Be, kUtf16Le };

Result<Charset> FindCharset(string_view name) {
  std::string upper;
  for (char c : name) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  if (upper == "US-ASCII" || upper == "ASCII") return Charset::kAscii;
  if (upper == "ISO-8859-1" || upper == "LATIN1") return Charset::kLatin1;
  if (upper == "UTF-8" || upper == "UTF8") return Charset::kUtf8;
  if (upper == "UTF-16") return Charset::kUtf16;
  if (upper == "UTF-16BE") return Charset::kUtf16Be;
  if (upper == "UTF-16LE") return Charset::kUtf16Le;
  return UserError("Unknown character set '{}'; there are US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE, UTF-16",
                   name);
}

void AppendUnit(uint32_t unit, bool little, std::string& out) {
  const auto high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xff);
  out += little ? low : high;
  out += little ? high : low;
}

void AppendUtf16(uint32_t c, bool little, std::string& out) {
  if (c < 0x10000) return AppendUnit(c, little, out);
  AppendUnit(0xd800 + ((c - 0x10000) >> 10), little, out);
  AppendUnit(0xdc00 + ((c - 0x10000) & 0x3ff), little, out);
}

Result<std::string> EncodeText(string_view text, string_view name) {
  THALWEG_ASSIGN(const Charset charset, FindCharset(name));
  if (charset == Charset::kUtf8) return std::string(text);
  std::string out;
  if (charset == Charset::kUtf16) out = "\xfe\xff";
  for (size_t at = 0; at < text.size(); at += CodePointBytes(text, at)) {
    const uint32_t c = DecodeCodePoint(text.substr(at));
    if (charset == Charset::kAscii || charset == Charset::kLatin1)
      out += c < (charset == Charset::kAscii ? 0x80U : 0x100U) ? static_cast<char>(c) : '?';
    else
      AppendUtf16(c, charset == Charset::kUtf16Le, out);
  }
  return out;
}

std::string DecodeUtf16(string_view bytes, bool little) {
  std::string out;
  auto unit = [&](size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]), second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<uint32_t>(little ? second << 8 | first : first << 8 | second);
  };
  size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) {
    uint32_t c = unit(at);
    const bool high = c >= 0xd800 && c < 0xdc00;
    if (high && at + 3 < bytes.size() && unit(at + 2) >= 0xdc00 && unit(at + 2) < 0xe000) {
      c = 0x10000 + ((c - 0xd800) << 10) + (unit(at + 2) - 0xdc00);
      at += 2;
    } else if (c >= 0xd800 && c < 0xe000) {
      c = 0xfffd;
    }
    AppendCodePoint(c, out);
  }
  if (at < bytes.size()) AppendCodePoint(0xfffd, out);
  return out;
}

Result<std::string> DecodeText(string_view bytes, string_view name) {
  THALWEG_ASSIGN(const Charset charset, FindCharset(name));
  if (charset == Charset::kUtf8) return ValidUtf8(bytes);
  if (charset == Charset::kUtf16) {
    const bool little = bytes.starts_with("\xff\xfe");
    if (little || bytes.starts_with("\xfe\xff")) bytes.remove_prefix(2);
    return DecodeUtf16(bytes, little);
  }
  if (charset == Charset::kUtf16Be || charset == Charset::kUtf16Le)
    return DecodeUtf16(bytes, charset == Charset::kUtf16Le);
  std::string out;
  for (char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    AppendCodePoint(charset == Charset::kAscii && c >= 0x80 ? 0xfffd : c, out);
  }
  return out;
}

}  // namespace

void AddCharsets(Registry& registry) {
  Function encode = Define("ENCODE", {{{Param::kString, Param::kString}}}, Returns(TypeId::kBinary),
                           RowKernel<string_view, string_view>(EncodeText));
  Function decode = Define("DECODE", {{{Param::kBinary, Param::kString}}}, Returns(TypeId::kString),
                           RowKernel<string_view, string_view>(DecodeText));
  encode.fails = decode.fails = true;
  registry.Add(std::move(encode));
  registry.Add(std::move(decode));
}

}  // namespace thalweg::expr
