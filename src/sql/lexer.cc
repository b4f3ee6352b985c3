#include "sql/lexer.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"
#include "sql/syntax_error.h"

namespace thalweg::sql {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
// Letters outside ASCII may be part of a name, as in Flink.
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
  } else if (code < 0x10000) {
    out += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
            static_cast<char>(0x80 | (code & 0x3F))};
  } else {
    out += {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3F)),
            static_cast<char>(0x80 | (code >> 6 & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> Run() {
    while (SkipBlanksAndComments()) tokens_.push_back(Next());
    tokens_.push_back({TokenKind::kEnd, {at_, at_.offset}, "", ""});
    return std::move(tokens_);
  }

 private:
  char Peek(size_t ahead = 0) const { return at_.offset + ahead < text_.size() ? text_[at_.offset + ahead] : '\0'; }
  bool Starts(std::string_view prefix) const { return text_.substr(at_.offset).starts_with(prefix); }
  bool AtEnd() const { return at_.offset >= text_.size(); }

  void Advance(size_t bytes = 1) {
    for (; bytes > 0 && !AtEnd(); --bytes) {
      char c = text_[at_.offset++];
      if (c == '\n') {
        ++at_.line;
        at_.column = 1;
      } else if ((static_cast<unsigned char>(Peek()) & 0xC0) != 0x80) {
        ++at_.column;
      }
    }
  }

  // False at the end of the text.
  bool SkipBlanksAndComments() {
    while (!AtEnd()) {
      if (IsBlank(Peek())) {
        Advance();
      } else if (Starts("--") || Starts("//")) {
        while (!AtEnd() && Peek() != '\n') Advance();
      } else if (Starts("/*") && !Starts("/*+")) {
        SkipComment();
      } else {
        return true;
      }
    }
    return false;
  }

  void SkipComment() {
    size_t end = text_.find("*/", at_.offset + 2);
    if (end == std::string_view::npos) throw SyntaxError{at_, "this comment is not closed", "a comment ends with */"};
    Advance(end + 2 - at_.offset);
  }

  Token Next() {
    Position begin = at_;
    Token token = Read();
    token.span = {begin, at_.offset};
    return token;
  }

  Token Read() {
    char c = Peek();
    if (c == '\'') return {TokenKind::kString, {}, ReadQuoted('\'', "string"), ""};
    if (c == '`') return ReadName();
    if ((c == 'U' || c == 'u') && Peek(1) == '&' && Peek(2) == '\'') return ReadUnicodeString();
    if ((c == 'X' || c == 'x') && Peek(1) == '\'') return ReadBinaryString();
    if ((c == 'E' || c == 'e') && Peek(1) == '\'') return ReadEscapedString();
    if (const size_t length = CharsetLength(); length > 0) return ReadStringOfCharset(length);
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return ReadNumber();
    if (IsNameStart(c)) return ReadWord();
    return ReadSymbol();
  }

  // The text between two `quote`s; a doubled one stands for itself.
  std::string ReadQuoted(char quote, std::string_view what) {
    Position opened = at_;
    std::string value;
    for (Advance(); !AtEnd(); Advance()) {
      if (Peek() != quote) {
        value += Peek();
      } else if (Peek(1) == quote) {
        value += quote;
        Advance();
      } else {
        Advance();
        return value;
      }
    }
    throw SyntaxError{opened, fmt::format("this {} is not closed", what),
                      fmt::format("a {0} ends with {1}; inside of it {1} is written twice: {1}{1}", what, quote)};
  }

  Token ReadName() {
    Position opened = at_;
    std::string name = ReadQuoted('`', "name");
    if (name.empty()) throw SyntaxError{opened, "a name may not be empty", ""};
    return {TokenKind::kQuotedName, {}, std::move(name), ""};
  }

  Token ReadBinaryString() {
    Position opened = at_;
    Advance();
    std::string digits = ReadQuoted('\'', "binary string");
    for (char c : digits)
      if (!IsHexDigit(c)) throw SyntaxError{opened, "a binary string has hexadecimal digits only: X'CAFE'", ""};
    if (digits.size() % 2 != 0) throw SyntaxError{opened, "a binary string has two hexadecimal digits a byte", ""};
    return {TokenKind::kBinaryString, {}, AsciiUpper(digits), ""};
  }

  // E'a\nb': escapes as in C.
  Token ReadEscapedString() {
    Position opened = at_;
    std::string value;
    for (Advance(2); !AtEnd(); Advance()) {
      if (Peek() == '\'' && Peek(1) != '\'') {
        Advance();
        return {TokenKind::kString, {}, std::move(value), ""};
      }
      if (Peek() == '\'') Advance();
      value += Peek() == '\\' ? ReadEscape() : Peek();
    }
    throw SyntaxError{opened, "this string is not closed", "a string ends with '"};
  }

  // Of "UTF8" in _UTF8'text'; 0: it is no such string.
  size_t CharsetLength() const {
    if (Peek() != '_') return 0;
    size_t length = 0;
    for (char c = Peek(1); IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';)
      c = Peek(1 + ++length);
    return Peek(1 + length) == '\'' ? length : 0;
  }

  // Strings are Unicode, whichever of its encodings the word in front names.
  Token ReadStringOfCharset(size_t length) {
    const Position opened = at_;
    const std::string charset = AsciiUpper(text_.substr(at_.offset + 1, length));
    static constexpr std::array<std::string_view, 8> kUnicode = {"UTF8",    "UTF-8",    "UTF16",    "UTF-16",
                                                                 "UTF16LE", "UTF-16LE", "UTF-16BE", "UTF-32"};
    if (std::find(kUnicode.begin(), kUnicode.end(), charset) == kUnicode.end())
      throw SyntaxError{opened, fmt::format("character set {} is not supported", charset),
                        "strings are Unicode: write _UTF8'...', or the quotes alone"};
    Advance(1 + length);
    return {TokenKind::kString, {}, ReadQuoted('\'', "string"), ""};
  }

  char ReadEscape() {
    Advance();
    switch (Peek()) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'b': return '\b';
      case 'f': return '\f';
      case '\\':
      case '\'': return Peek();
      default:
        throw SyntaxError{at_, "this escape is not known in a string E'...'", "known: \\n \\t \\r \\b \\f \\\\ \\'"};
    }
  }

  Token ReadUnicodeString() {
    Position opened = at_;
    Advance(2);
    std::string raw = ReadQuoted('\'', "string");
    char escape = ReadUescape().value_or('\\');
    std::string value;
    for (size_t i = 0; i < raw.size();) {
      if (raw[i] != escape) {
        value += raw[i++];
      } else if (i + 1 < raw.size() && raw[i + 1] == escape) {
        value += escape;
        i += 2;
      } else {
        i = AppendCodePoint(raw, i + 1, escape, opened, value);
      }
    }
    return {TokenKind::kString, {}, std::move(value), ""};
  }

  // The code point whose escape begins before `i`; two escapes, if they are the halves of a surrogate pair. Returns what follows.
  static size_t AppendCodePoint(std::string_view raw, size_t i, char escape, const Position& opened,
                                std::string& value) {
    uint32_t code = 0;
    i = ReadCode(raw, i, opened, code);
    if (code >= 0xD800 && code < 0xDC00 && i < raw.size() && raw[i] == escape) {
      uint32_t low = 0;
      i = ReadCode(raw, i + 1, opened, low);
      // Not a half: no code point at all.
      code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : code;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
      throw SyntaxError{opened, "an escape in this string is not a character of Unicode", ""};
    }
    AppendUtf8(code, value);
    return i;
  }

  // Four hexadecimal digits at `i`, or + and six. Returns what follows them.
  static size_t ReadCode(std::string_view raw, size_t i, const Position& opened, uint32_t& code) {
    size_t digits = 4;
    if (i < raw.size() && raw[i] == '+') {
      ++i;
      digits = 6;
    }
    for (size_t end = i + digits; i < end; ++i) {
      if (i >= raw.size() || !IsHexDigit(raw[i])) {
        throw SyntaxError{opened, "an escape in a string U&'...' has four hexadecimal digits, or + and six", ""};
      }
      char c = raw[i];
      code = code * 16 + static_cast<uint32_t>(IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return i;
  }

  // UESCAPE '!' after a string U&'...', if there is one.
  std::optional<char> ReadUescape() {
    Position before = at_;
    SkipBlanksAndComments();
    size_t length = 0;
    while (IsNamePart(Peek(length))) ++length;
    if (AsciiUpper(text_.substr(std::min<size_t>(at_.offset, text_.size()), length)) != "UESCAPE") {
      at_ = before;
      return std::nullopt;
    }
    Advance(length);
    SkipBlanksAndComments();
    Position opened = at_;
    std::string character = Peek() == '\'' ? ReadQuoted('\'', "string") : "";
    if (character.size() != 1 || IsHexDigit(character[0]) || character[0] == '+' || IsBlank(character[0])) {
      throw SyntaxError{opened, "UESCAPE takes one character in quotes that is no digit, no letter A to F and no +",
                        ""};
    }
    return character[0];
  }

  Token ReadNumber() {
    size_t begin = at_.offset;
    TokenKind kind = TokenKind::kInteger;
    while (IsDigit(Peek())) Advance();
    // Not in "1..2": two dots are none of a number's.
    if (Peek() == '.' && Peek(1) != '.') {
      kind = TokenKind::kDecimal;
      Advance();
      while (IsDigit(Peek())) Advance();
    }
    size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(1 + sign))) {
      kind = TokenKind::kApproximate;
      Advance(1 + sign);
      while (IsDigit(Peek())) Advance();
    }
    if (IsNameStart(Peek())) {
      throw SyntaxError{at_, "a number ends here, and a name may not begin with a digit",
                        "if it is a name, write it in backquotes"};
    }
    return {kind, {}, std::string(text_.substr(begin, at_.offset - begin)), ""};
  }

  Token ReadWord() {
    size_t begin = at_.offset;
    while (IsNamePart(Peek())) Advance();
    std::string text(text_.substr(begin, at_.offset - begin));
    std::string upper = AsciiUpper(text);
    return {TokenKind::kWord, {}, std::move(text), std::move(upper)};
  }

  Token ReadSymbol() {
    if (Starts("/*+")) {
      in_hint_ = true;
      Advance(3);
      return {TokenKind::kHintBegin, {}, "/*+", "/*+"};
    }
    if (in_hint_ && Starts("*/")) {
      in_hint_ = false;
      Advance(2);
      return {TokenKind::kHintEnd, {}, "*/", "*/"};
    }
    static constexpr std::array<std::string_view, 7> kDouble = {"<>", "!=", "<=", ">=", "||", "=>", "->"};
    for (std::string_view symbol : kDouble)
      if (Starts(symbol)) return Symbol(symbol);
    static constexpr std::string_view kSingle = "(),;.+-*/%=<>:[]{}?|^";
    size_t index = kSingle.find(Peek());
    if (index != std::string_view::npos && Peek() != '\0') return Symbol(kSingle.substr(index, 1));
    throw Unknown();
  }

  Token Symbol(std::string_view symbol) {
    Advance(symbol.size());
    return {TokenKind::kSymbol, {}, std::string(symbol), std::string(symbol)};
  }

  SyntaxError Unknown() const {
    char c = Peek();
    if (c == '"') {
      return {at_, "double quotes are not used in SQL of this dialect",
              "a string stands in single quotes: 'text'; a name in backquotes: `name`"};
    }
    if (c > ' ' && c < 0x7F) return {at_, fmt::format("the character {} has no meaning here", c), ""};
    return {at_, fmt::format("the character with code {} has no meaning here", static_cast<unsigned char>(c)), ""};
  }

  std::string_view text_;
  Position at_;
  bool in_hint_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> Tokenize(std::string_view text) { return Lexer(text).Run(); }

}  // namespace thalweg::sql
