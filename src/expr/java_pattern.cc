#include "expr/java_pattern.h"

#include <algorithm>
#include <map>
#include <vector>

#include "expr/java_class.h"
#include "expr/utf8.h"
#include "types/scalar_text.h"

namespace thalweg::expr {
namespace {

using std::string_view;

constexpr int kMostNested = 200;  // of PCRE2's 250 groups: some atoms of Java are two of its
constexpr string_view kNotSupported = "Regular expression is not supported: ";

// What ends a line, and what ends the input or a line. Java's \r\n is one end of a line.
constexpr string_view kAnyButLineEnds = "[^\\n\\r\\x{85}\\x{2028}\\x{2029}]";
constexpr string_view kLineBegin =
    "(?:(?:\\A|(?<=[\\n\\x{85}\\x{2028}\\x{2029}])|(?<=\\r)(?!\\n))(?!\\z))";  // not behind the last end of a line
constexpr string_view kLineEnd = "(?=[\\r\\x{85}\\x{2028}\\x{2029}]|(?<!\\r)\\n|\\z)";
constexpr string_view kInputEnd = "(?=\\r\\n\\z|[\\r\\x{85}\\x{2028}\\x{2029}]\\z|(?<!\\r)\\n\\z|\\z)";
constexpr string_view kLineBreak = "(?:\\r\\n|[\\n-\\r\\x{85}\\x{2028}\\x{2029}])";

/// Thrown inside the translation, which makes a Status of it at its border.
struct PatternFault {
  size_t at = 0;  // code points
  std::string why;
  bool unsupported = false;
};

/// A code point of a pattern. `quoted`: between \Q and \E, so that it means itself.
struct PatternChar {
  uint32_t c = 0;
  bool quoted = false;
  size_t at = 0;
};

bool IsAsciiLetter(uint32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAsciiDigit(uint32_t c) { return c >= '0' && c <= '9'; }
bool IsPatternBlank(uint32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// The pattern without \Q and \E.
std::vector<PatternChar> PatternChars(string_view pattern) {
  std::vector<PatternChar> all, chars;
  for (size_t at = 0; at < pattern.size(); at += CodePointBytes(pattern, at))
    all.push_back({DecodeCodePoint(pattern.substr(at)), false, all.size()});
  auto is = [&](size_t i, char c) { return i < all.size() && all[i].c == static_cast<uint32_t>(c); };
  bool quoted = false;
  for (size_t i = 0; i < all.size(); ++i) {
    if (is(i, '\\') && is(i + 1, quoted ? 'E' : 'Q')) {
      quoted = !quoted;
      ++i;
      continue;
    }
    all[i].quoted = quoted;
    chars.push_back(all[i]);
    // An escaped backslash escapes nothing.
    if (!quoted && is(i, '\\') && i + 1 < all.size()) chars.push_back(all[++i]);
  }
  return chars;
}

class JavaTranslation {
 public:
  /// `groups`: how many the pattern has, as a first translation has counted.
  JavaTranslation(const std::vector<PatternChar>& chars, int groups) : chars_(chars), all_groups_(groups) {}

  std::string Run() {
    std::string text = Alternatives();
    if (!AtEnd()) Fail("Unmatched closing ')'");
    return text;
  }
  int groups() const { return groups_; }

 private:
  // --- Characters.

  [[noreturn]] void Fail(std::string why) const { throw PatternFault{Here(), std::move(why), false}; }
  [[noreturn]] void Refuse(std::string why) const { throw PatternFault{Here(), std::move(why), true}; }
  size_t Here() const { return at_ < chars_.size() ? chars_[at_].at : chars_.empty() ? 0 : chars_.back().at + 1; }

  /// Blanks and comments, where the flag x says that they mean nothing.
  void SkipComments() {
    if (!flags_.comments) return;
    while (at_ < chars_.size() && !chars_[at_].quoted) {
      const uint32_t c = chars_[at_].c;
      if (IsPatternBlank(c)) {
        ++at_;
      } else if (c == '#') {
        while (at_ < chars_.size() && !EndsComment(chars_[at_].c)) ++at_;
      } else {
        return;
      }
    }
  }
  bool EndsComment(uint32_t c) const {
    return c == '\n' || (!flags_.unix_lines && (c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029));
  }
  bool AtEnd() {
    SkipComments();
    return at_ >= chars_.size();
  }
  bool IsRaw(char c, size_t ahead = 0) const {
    return at_ + ahead < chars_.size() && !chars_[at_ + ahead].quoted &&
           chars_[at_ + ahead].c == static_cast<uint32_t>(c);
  }
  bool Is(char c) {
    SkipComments();
    return IsRaw(c);
  }
  bool Accept(char c) {
    if (!Is(c)) return false;
    ++at_;
    return true;
  }
  bool AcceptRaw(char c) {
    if (!IsRaw(c)) return false;
    ++at_;
    return true;
  }
  PatternChar TakeRaw(std::string_view missing) {
    if (at_ >= chars_.size()) Fail(std::string(missing));
    return chars_[at_++];
  }

  // --- Rules, from the loosest down.

  std::string Alternatives() {
    if (++nested_ > kMostNested) Refuse(fmt::format("groups nested deeper than {}", kMostNested));
    std::string text = Sequence();
    while (Accept('|')) text += "|" + Sequence();
    --nested_;
    return text;
  }

  std::string Sequence() {
    std::string text;
    while (!AtEnd() && !Is('|') && !Is(')')) text += Piece();
    return text;
  }

  std::string Piece() {
    const PatternChar c = TakeRaw("");
    if (c.quoted) return Repeated(Literal(c.c));
    switch (c.c) {
      case '(': return Group();
      case '[': return Repeated(Class().Pattern());
      case '.': return Repeated(AnyChar());
      case '^': return Repeated(flags_.multiline ? LineBegin() : "\\A", true);
      case '$': return Repeated(flags_.multiline ? LineEnd() : InputEnd(), true);
      case '\\': return Escape();
      case '*':
      case '+':
      case '?': --at_; Fail(fmt::format("Dangling meta character '{}'", static_cast<char>(c.c)));
      // So many times nothing, in Java too; what is no count is a fault.
      case '{': --at_; return Repeated("(?:)");
      default: return Repeated(Literal(c.c));
    }
  }

  std::string AnyChar() const {
    return flags_.dot_all ? "(?s:.)" : flags_.unix_lines ? "[^\\n]" : std::string(kAnyButLineEnds);
  }
  std::string LineBegin() const { return flags_.unix_lines ? "(?:(?:\\A|(?<=\\n))(?!\\z))" : std::string(kLineBegin); }
  std::string LineEnd() const { return flags_.unix_lines ? "(?=\\n|\\z)" : std::string(kLineEnd); }
  std::string InputEnd() const { return flags_.unix_lines ? "(?=\\n?\\z)" : std::string(kInputEnd); }

  std::string Literal(uint32_t c) const {
    if (c >= 0xD800 && c < 0xE000) Refuse("half of a surrogate pair");
    if (flags_.ignore_case && (flags_.unicode_case || IsAsciiLetter(c))) {
      JavaSet set;
      set.AddRange(c, c, flags_);
      return set.Pattern();
    }
    std::string text;
    AppendPatternChar(c, text);
    return text;
  }

  /// With what stands behind: *, +?, {2,3}+ and so on. `place`: the atom takes no character.
  std::string Repeated(std::string atom, bool place = false) {
    SkipComments();
    std::string times;
    for (const char c : {'*', '+', '?'})
      if (times.empty() && Accept(c)) times = c;
    if (times.empty() && Is('{')) times = Counted();
    if (times.empty()) return atom;
    if (Accept('?'))
      times += '?';
    else if (Accept('+'))
      times += '+';
    return (place ? "(?:" + atom + ")" : atom) + times;
  }
  std::string Counted() {
    ++at_;
    const std::string least = Digits();
    if (least.empty()) Fail("Illegal repetition");
    std::string most = least;
    if (AcceptRaw(',')) most = Digits();
    if (!AcceptRaw('}')) Fail("Unclosed counted closure");
    int64_t low = 0, high = 0;
    const bool fits = types::ParseInt64(least, &low) && low <= INT32_MAX &&
                      (most.empty() || (types::ParseInt64(most, &high) && high <= INT32_MAX && high >= low));
    if (!fits) Fail("Illegal repetition range");
    return fmt::format("{{{}{}}}", low, most.empty() ? "," : high == low ? "" : fmt::format(",{}", high));
  }
  std::string Digits() {
    std::string digits;
    while (at_ < chars_.size() && !chars_[at_].quoted && IsAsciiDigit(chars_[at_].c))
      digits += static_cast<char>(chars_[at_++].c);
    return digits;
  }

  // --- Groups.

  /// Behind "(".
  std::string Group() {
    const JavaFlags before = flags_;
    if (!AcceptRaw('?')) {
      ++groups_;
      return Body("(", before);
    }
    for (const char* kind : {":", "=", "!", ">", "<=", "<!"}) {
      const size_t length = string_view(kind).size();
      if (IsRaw(kind[0]) && (length == 1 || IsRaw(kind[1], 1))) {
        at_ += length;
        return Body(std::string("(?") + kind, before);
      }
    }
    if (AcceptRaw('<')) {
      const std::string name = GroupName();
      if (!names_.emplace(name, ++groups_).second)
        Fail(fmt::format("Named capturing group <{}> is already defined", name));
      return Body("(", before);
    }
    ReadFlags();
    if (Accept(')')) return "";  // until the end of the group around
    if (!Accept(':')) Fail("Unknown inline modifier");
    return Body("(?:", before);
  }
  /// Flags that change in the group end with it.
  std::string Body(const std::string& open, const JavaFlags& before) {
    std::string text = open + Alternatives() + ")";
    if (!Accept(')')) Fail("Unclosed group");
    flags_ = before;
    return Repeated(std::move(text));
  }

  void ReadFlags() {
    for (bool on = true; at_ < chars_.size() && !chars_[at_].quoted; ++at_) {
      switch (chars_[at_].c) {
        case '-':
          if (!on) return;
          on = false;
          break;
        case 'd': flags_.unix_lines = on; break;
        case 'i': flags_.ignore_case = on; break;
        case 'm': flags_.multiline = on; break;
        case 's': flags_.dot_all = on; break;
        case 'u': flags_.unicode_case = on; break;
        case 'x': flags_.comments = on; break;
        // Unicode's classes bring Unicode's case.
        case 'U': flags_.unicode_classes = flags_.unicode_case = on; break;
        case 'c': break;  // canonical equivalence has no effect inside a pattern
        default: return;
      }
    }
  }

  /// "name>".
  std::string GroupName() {
    std::string name;
    while (at_ < chars_.size() && !chars_[at_].quoted && (IsAsciiLetter(chars_[at_].c) || IsAsciiDigit(chars_[at_].c)))
      name += static_cast<char>(chars_[at_++].c);
    if (name.empty() || IsAsciiDigit(static_cast<uint32_t>(name[0])))
      Fail("capturing group name does not start with a Latin letter");
    if (!AcceptRaw('>')) Fail("named capturing group is missing trailing '>'");
    return name;
  }

  // --- Behind a backslash.

  std::string Escape() {
    const PatternChar c = TakeRaw("Unexpected end behind a backslash");
    switch (c.c) {
      case 'A': return Repeated("\\A", true);
      case 'G': return Repeated("\\G", true);
      case 'z': return Repeated("\\z", true);
      case 'Z': return Repeated(InputEnd(), true);
      case 'b':
        if (IsRaw('{')) Refuse("\\b{...}");
        return Repeated(WordBound(true), true);
      case 'B': return Repeated(WordBound(false), true);
      case 'R': return Repeated(std::string(kLineBreak));
      case 'X': return Repeated("\\X");
      case 'N': Refuse("\\N: name the code point, \\x{...}");
      case 'k': {
        if (!AcceptRaw('<')) Fail("\\k is not followed by '<' for named capturing group");
        const std::string name = GroupName();
        auto found = names_.find(name);
        if (found == names_.end()) Fail(fmt::format("named capturing group <{}> does not exist", name));
        return Repeated(Reference(found->second));
      }
      case 'p':
      case 'P': return Repeated(Property(c.c == 'P').Pattern());
      default: break;
    }
    if (c.c >= '1' && c.c <= '9') return Repeated(Reference(ReferredGroup(static_cast<int>(c.c - '0'))));
    if (auto set = JavaClassEscape(c.c, flags_)) return Repeated(set->Pattern());
    return Repeated(Literal(EscapedChar(c.c)));
  }

  /// Java 17's word: letters and digits of Unicode.
  std::string WordBound(bool bound) const {
    const std::string word =
        flags_.unicode_classes ? JavaClassEscape('w', flags_)->Pattern() : std::string("[\\p{L}\\p{Nd}_]");
    const std::string in = "(?=" + word + ")", out = "(?!" + word + ")", behind = "(?<=" + word + ")",
                      not_behind = "(?<!" + word + ")";
    return bound ? "(?:" + behind + out + "|" + not_behind + in + ")"
                 : "(?:" + behind + in + "|" + not_behind + out + ")";
  }

  /// A group's number takes as many digits as make the number of one that has been opened.
  int ReferredGroup(int number) {
    while (at_ < chars_.size() && !chars_[at_].quoted && IsAsciiDigit(chars_[at_].c)) {
      const int longer = number * 10 + static_cast<int>(chars_[at_].c - '0');
      if (longer > groups_) break;
      number = longer;
      ++at_;
    }
    return number;
  }
  /// One that does not exist never matches.
  std::string Reference(int group) const {
    if (group > all_groups_) return "(?!)";
    return flags_.ignore_case ? fmt::format("(?i:\\g{{{}}})", group) : fmt::format("\\g{{{}}}", group);
  }

  /// Behind \p or \P.
  JavaSet Property(bool negated) {
    std::string name;
    if (AcceptRaw('{')) {
      while (at_ < chars_.size() && chars_[at_].c != '}') AppendCodePoint(chars_[at_++].c, name);
      if (!AcceptRaw('}')) Fail("Unclosed character family");
      if (name.empty()) Fail("Empty character family");
    } else {
      AppendCodePoint(TakeRaw("Unclosed character family").c, name);
    }
    auto set = JavaProperty(name, flags_);
    if (!set) Fail(fmt::format("Unknown character property name {{{}}}", name));
    return negated ? set->Negated() : *std::move(set);
  }

  /// The code point that an escape stands for, in brackets or outside.
  uint32_t EscapedChar(uint32_t c) {
    switch (c) {
      case '0': return Octal();
      case 'a': return 0x07;
      case 'c': return TakeRaw("Illegal control escape sequence").c ^ 64;
      case 'e': return 0x1B;
      case 'f': return '\f';
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case 'u': return Utf16();
      case 'x': return Hexadecimal();
      default: break;
    }
    if (IsAsciiLetter(c) || IsAsciiDigit(c)) {
      --at_;
      Fail("Illegal/unsupported escape sequence");
    }
    return c;
  }
  uint32_t Octal() {
    uint32_t value = 0;
    int digits = 0;
    for (; digits < 3 && at_ < chars_.size() && chars_[at_].c >= '0' && chars_[at_].c <= '7'; ++digits) {
      // At most \0377.
      if (digits == 2 && value > 037) break;
      value = value * 8 + (chars_[at_++].c - '0');
    }
    if (digits == 0) Fail("Illegal octal escape sequence");
    return value;
  }
  /// Value of exactly `digits` hexadecimal digits, or nothing, and then none is taken.
  std::optional<uint32_t> HexDigits(int digits) {
    uint32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const int digit =
          at_ + static_cast<size_t>(i) < chars_.size() ? HexValue(chars_[at_ + static_cast<size_t>(i)].c) : -1;
      if (digit < 0) return std::nullopt;
      value = value * 16 + static_cast<uint32_t>(digit);
    }
    at_ += static_cast<size_t>(digits);
    return value;
  }
  static int HexValue(uint32_t c) {
    if (IsAsciiDigit(c)) return static_cast<int>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? static_cast<int>(c - 'A') + 10 : -1;
  }
  uint32_t Hexadecimal() {
    if (!AcceptRaw('{')) {
      const auto value = HexDigits(2);
      if (!value) Fail("Illegal hexadecimal escape sequence");
      return *value;
    }
    uint32_t value = 0;
    const size_t begin = at_;
    for (; at_ < chars_.size() && HexValue(chars_[at_].c) >= 0; ++at_) {
      value = value * 16 + static_cast<uint32_t>(HexValue(chars_[at_].c));
      if (value > 0x10FFFF) Fail("Hexadecimal codepoint is too big");
    }
    if (at_ == begin || !AcceptRaw('}')) Fail("Unclosed hexadecimal escape sequence");
    return value;
  }
  /// Two halves of a surrogate pair are one code point.
  uint32_t Utf16() {
    const auto first = HexDigits(4);
    if (!first) Fail("Illegal Unicode escape sequence");
    if (*first < 0xD800 || *first >= 0xDC00 || !IsRaw('\\') || !IsRaw('u', 1)) return *first;
    const size_t before = at_;
    at_ += 2;
    const auto second = HexDigits(4);
    if (second && *second >= 0xDC00 && *second < 0xE000)
      return 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
    at_ = before;
    return *first;
  }

  // --- Character classes. Union binds closer than &&, and ^ is of all between the brackets.

  /// Behind "[".
  JavaSet Class() {
    if (++nested_ > kMostNested) Refuse(fmt::format("character classes nested deeper than {}", kMostNested));
    const bool negated = Accept('^');
    std::optional<JavaSet> both;  // of what stood before the last &&
    JavaSet set;
    bool any = false;  // of what counts as an item: a first ] does
    while (true) {
      if (AtEnd()) Fail("Unclosed character class");
      if (any && Accept(']')) break;
      if (Is('&') && IsRaw('&', 1)) {
        at_ += 2;
        Intersect(both, set);
        any = any || both.has_value();
        if (Is(']') && !any) Fail("Bad class syntax");
        continue;
      }
      any = true;
      set.Add(Accept('[') ? Class() : ClassItem());
    }
    Intersect(both, set);
    --nested_;
    if (!both) Fail("Bad class syntax");
    return negated ? both->Negated() : *std::move(both);
  }
  /// Nothing beside && counts for nothing.
  static void Intersect(std::optional<JavaSet>& both, JavaSet& set) {
    if (!set.empty()) both = both ? both->And(set) : set;
    set = JavaSet();
  }

  /// A character, a range, or \d and the like.
  JavaSet ClassItem() {
    JavaSet set;
    PatternChar c = TakeRaw("Unclosed character class");
    if (c.c == '\\' && !c.quoted) {
      const PatternChar escaped = TakeRaw("Unclosed character class");
      if (escaped.c == 'p' || escaped.c == 'P') return Property(escaped.c == 'P');
      // \v begins a range as the character that it once was.
      const bool vertical_tab = escaped.c == 'v' && IsRaw('-') && !IsRaw(']', 1) && !IsRaw('[', 1);
      if (auto known = JavaClassEscape(escaped.c, flags_); known && !vertical_tab) return *std::move(known);
      c.c = vertical_tab ? '\v' : EscapedChar(escaped.c);
    }
    uint32_t last = c.c;
    if (Is('-') && at_ + 1 < chars_.size() && !IsRaw('[', 1) && !IsRaw(']', 1)) {
      ++at_;
      last = RangeEnd();
      if (last < c.c) Fail("Illegal character range");
    }
    if ((c.c >= 0xD800 && c.c < 0xE000) || (last >= 0xD800 && last < 0xE000)) Refuse("half of a surrogate pair");
    set.AddRange(c.c, last, flags_);
    return set;
  }
  uint32_t RangeEnd() {
    SkipComments();
    const PatternChar c = TakeRaw("Unclosed character class");
    if (c.c != '\\' || c.quoted) return c.c;
    const PatternChar escaped = TakeRaw("Unclosed character class");
    if (escaped.c == 'v') return '\v';
    if (escaped.c == 'p' || escaped.c == 'P' || JavaClassEscape(escaped.c, flags_)) Fail("Illegal character range");
    return EscapedChar(escaped.c);
  }

  const std::vector<PatternChar>& chars_;
  const int all_groups_;
  size_t at_ = 0;
  JavaFlags flags_;
  int groups_ = 0;
  int nested_ = 0;
  std::map<std::string, int> names_;
};

}  // namespace

Status UnsupportedPattern(string_view pattern, string_view why) {
  return UserError("{}{} in '{}'", kNotSupported, why, pattern);
}

bool IsUnsupportedPattern(const Status& status) { return !status.ok() && status.message().starts_with(kNotSupported); }

Result<std::string> TranslateJavaPattern(string_view pattern) {
  try {
    const std::vector<PatternChar> chars = PatternChars(pattern);
    JavaTranslation counting(chars, 0);
    counting.Run();
    return JavaTranslation(chars, counting.groups()).Run();
  } catch (const PatternFault& fault) {
    if (fault.unsupported) return UnsupportedPattern(pattern, fault.why);
    return UserError("Malformed regular expression '{}' at {}: {}", pattern, fault.at, fault.why);
  }
}

}  // namespace thalweg::expr
