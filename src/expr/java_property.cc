// \p{...} and \d, \w and the like of Java's patterns.
#include <algorithm>
#include <cctype>
#include <string>

#include <fmt/format.h>

#include "base/ascii.h"
#include "expr/java_class.h"
#include "expr/unicode_blocks.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace thalweg::expr {
namespace {

using std::string_view;

struct NamedItems {
  string_view name;
  string_view items;  // of PCRE2's brackets; with ^ in front: all but these
};

/// The first of the table with this name.
template <size_t N>
const NamedItems* FindNamed(const NamedItems (&table)[N], string_view name) {
  const auto* found = std::find_if(std::begin(table), std::end(table), [&](const auto& e) { return e.name == name; });
  return found == std::end(table) ? nullptr : found;
}

JavaSet SetOf(const NamedItems& named) {
  if (named.items.starts_with('^')) return JavaSet(named.items.substr(1)).Negated();
  return JavaSet(named.items);
}

// \p{Alpha} and its kin: ASCII.
constexpr NamedItems kPosix[] = {{"Lower", "a-z"},
                                 {"Upper", "A-Z"},
                                 {"ASCII", "\\x00-\\x7F"},
                                 {"Alpha", "a-zA-Z"},
                                 {"Digit", "0-9"},
                                 {"Alnum", "a-zA-Z0-9"},
                                 {"Punct", "\\x21-\\x2F\\x3A-\\x40\\x5B-\\x60\\x7B-\\x7E"},
                                 {"Graph", "\\x21-\\x7E"},
                                 {"Print", "\\x20-\\x7E"},
                                 {"Blank", "\\x20\\t"},
                                 {"Cntrl", "\\x00-\\x1F\\x7F"},
                                 {"XDigit", "0-9a-fA-F"},
                                 {"Space", "\\x20\\t\\n\\x0B\\f\\r"}};

constexpr string_view kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200C}\\x{200D}",
                      kWhiteSpace = "\\p{Z}\\x09-\\x0D\\x{85}",
                      kIgnorable = "\\x00-\\x08\\x0E-\\x1B\\x7F-\\x{9F}\\p{Cf}",
                      kLetters = "\\p{L}\\p{Nl}\\p{Sc}\\p{Pc}";

// \p{IsAlphabetic}: in any case of letters.
constexpr NamedItems kBinary[] = {{"ALPHABETIC", "\\p{Alphabetic}"},
                                  {"LETTER", "\\p{L}"},
                                  {"IDEOGRAPHIC", "\\p{Ideographic}"},
                                  {"LOWERCASE", "\\p{Lowercase}"},
                                  {"UPPERCASE", "\\p{Uppercase}"},
                                  {"TITLECASE", "\\p{Lt}"},
                                  {"WHITE_SPACE", kWhiteSpace},
                                  {"WHITESPACE", kWhiteSpace},
                                  {"CONTROL", "\\p{Cc}"},
                                  {"PUNCTUATION", "\\p{P}"},
                                  {"HEX_DIGIT", "\\p{Nd}A-Fa-f\\x{FF21}-\\x{FF26}\\x{FF41}-\\x{FF46}"},
                                  {"HEXDIGIT", "\\p{Nd}A-Fa-f\\x{FF21}-\\x{FF26}\\x{FF41}-\\x{FF46}"},
                                  {"ASSIGNED", "\\P{Cn}"},
                                  {"NONCHARACTER_CODE_POINT", "\\p{Noncharacter_Code_Point}"},
                                  {"NONCHARACTERCODEPOINT", "\\p{Noncharacter_Code_Point}"},
                                  {"DIGIT", "\\p{Nd}"},
                                  {"ALNUM", "\\p{Alphabetic}\\p{Nd}"},
                                  {"BLANK", "\\p{Zs}\\t"},
                                  {"GRAPH", "^\\p{Z}\\p{Cc}\\p{Cs}\\p{Cn}"},
                                  {"PRINT", "^\\p{Zl}\\p{Zp}\\p{Cc}\\p{Cs}\\p{Cn}"},
                                  {"WORD", kWord},
                                  {"JOIN_CONTROL", "\\x{200C}\\x{200D}"},
                                  {"JOINCONTROL", "\\x{200C}\\x{200D}"}};

// \p{Alpha} and its kin under the flag U: the property of this name.
constexpr NamedItems kUnicodePosix[] = {{"ALPHA", "ALPHABETIC"},  {"LOWER", "LOWERCASE"},   {"UPPER", "UPPERCASE"},
                                        {"SPACE", "WHITE_SPACE"}, {"PUNCT", "PUNCTUATION"}, {"XDIGIT", "HEX_DIGIT"},
                                        {"ALNUM", "ALNUM"},       {"CNTRL", "CONTROL"},     {"DIGIT", "DIGIT"},
                                        {"BLANK", "BLANK"},       {"GRAPH", "GRAPH"},       {"PRINT", "PRINT"}};

// Methods of java.lang.Character.
constexpr NamedItems kJava[] = {
    {"javaLowerCase", "\\p{Lowercase}"},
    {"javaUpperCase", "\\p{Uppercase}"},
    {"javaAlphabetic", "\\p{Alphabetic}"},
    {"javaIdeographic", "\\p{Ideographic}"},
    {"javaTitleCase", "\\p{Lt}"},
    {"javaDigit", "\\p{Nd}"},
    {"javaDefined", "\\P{Cn}"},
    {"javaLetter", "\\p{L}"},
    {"javaLetterOrDigit", "\\p{L}\\p{Nd}"},
    {"javaJavaIdentifierStart", kLetters},
    {"javaJavaIdentifierPart",
     "\\p{L}\\p{Nl}\\p{Sc}\\p{Pc}\\p{Nd}\\p{Mc}\\p{Mn}\\x00-\\x08\\x0E-\\x1B\\x7F-\\x{9F}\\p{Cf}"},
    {"javaUnicodeIdentifierStart", "\\p{L}\\p{Nl}\\x{2118}\\x{212E}\\x{309B}\\x{309C}\\x{1885}\\x{1886}"},
    {"javaUnicodeIdentifierPart",
     "\\p{L}\\p{Nl}\\p{Pc}\\p{Nd}\\p{Mc}\\p{Mn}\\x00-\\x08\\x0E-\\x1B\\x7F-\\x{9F}\\p{Cf}\\x{2118}\\x{212E}\\x{309B}"
     "\\x{309C}\\x{1885}\\x{1886}\\x{B7}\\x{387}\\x{1369}-\\x{1371}\\x{19DA}"},
    {"javaIdentifierIgnorable", kIgnorable},
    {"javaSpaceChar", "\\p{Z}"},
    {"javaWhitespace",
     "\\x09-\\x0D\\x1C-\\x20\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200A}\\x{2028}\\x{2029}\\x{205F}\\x{3000}"},
    {"javaISOControl", "\\x00-\\x1F\\x7F-\\x{9F}"},
    {"javaMirrored", "\\p{Bidi_Mirrored}"}};

constexpr NamedItems kOtherCategories[] = {
    {"LC", "\\p{Lu}\\p{Ll}\\p{Lt}"}, {"LD", "\\p{L}\\p{Nd}"}, {"L1", "\\x00-\\x{FF}"}, {"all", "\\x00-\\x{10FFFF}"}};

constexpr string_view kCategories[] = {"Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "Zs",
                                       "Zl", "Zp", "Cc", "Cf", "Co", "Cs", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc",
                                       "Sk", "So", "Pi", "Pf", "L",  "M",  "N",  "Z",  "C",  "P",  "S"};

bool IsOneOf(string_view name, std::initializer_list<string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What Java calls a property: a category, a class of ASCII, a method.
std::optional<JavaSet> CategorySet(string_view name, bool ignore_case) {
  // Java takes a letter of one case for a letter with a case.
  if (ignore_case && IsOneOf(name, {"Lu", "Ll", "Lt", "javaLowerCase", "javaUpperCase", "javaTitleCase"}))
    return JavaSet(name.starts_with("java") ? "\\p{Lowercase}\\p{Uppercase}\\p{Lt}" : "\\p{Lu}\\p{Ll}\\p{Lt}");
  if (ignore_case && IsOneOf(name, {"Lower", "Upper"})) return JavaSet("a-zA-Z");
  if (std::find(std::begin(kCategories), std::end(kCategories), name) != std::end(kCategories))
    return JavaSet(fmt::format("\\p{{{}}}", name));
  if (const NamedItems* named = FindNamed(kOtherCategories, name)) return SetOf(*named);
  if (const NamedItems* named = FindNamed(kPosix, name)) return SetOf(*named);
  if (const NamedItems* named = FindNamed(kJava, name)) return SetOf(*named);
  return std::nullopt;
}

std::optional<JavaSet> BinarySet(string_view name, bool ignore_case) {
  const std::string upper = AsciiUpper(name);
  if (ignore_case && IsOneOf(upper, {"LOWERCASE", "UPPERCASE", "TITLECASE"}))
    return JavaSet("\\p{Lowercase}\\p{Uppercase}\\p{Lt}");
  const NamedItems* named = FindNamed(kBinary, upper);
  return named ? std::optional(SetOf(*named)) : std::nullopt;
}

/// PCRE2 knows Java's scripts, by name and by the four letters of ISO 15924.
std::optional<JavaSet> ScriptSet(string_view name) {
  if (!std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalpha(c) || c == '_'; }))
    return std::nullopt;
  const std::string items = fmt::format("\\p{{sc:{}}}", name);
  int error = 0;
  size_t at = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(items.data()), items.size(), PCRE2_UTF, &error, &at, nullptr);
  if (!code) return std::nullopt;
  pcre2_code_free(code);
  return JavaSet(items);
}

std::optional<JavaSet> BlockSet(string_view name) {
  const auto block = UnicodeBlock(name);
  if (!block) return std::nullopt;
  JavaSet set;
  set.AddRange(block->first, block->second, {});
  return set;
}

}  // namespace

std::optional<JavaSet> JavaProperty(string_view name, const JavaFlags& flags) {
  if (const size_t equals = name.find('='); equals != string_view::npos) {
    const std::string key = AsciiUpper(name.substr(0, equals));
    const string_view value = name.substr(equals + 1);
    if (key == "SC" || key == "SCRIPT") return ScriptSet(value);
    if (key == "BLK" || key == "BLOCK") return BlockSet(value);
    if (key == "GC" || key == "GENERAL_CATEGORY") return CategorySet(value, flags.ignore_case);
    return std::nullopt;
  }
  if (name.starts_with("In")) return BlockSet(name.substr(2));
  if (name.starts_with("Is")) {
    const string_view short_name = name.substr(2);
    if (auto set = BinarySet(short_name, flags.ignore_case)) return set;
    if (auto set = CategorySet(short_name, flags.ignore_case)) return set;
    return ScriptSet(short_name);
  }
  if (flags.unicode_classes)
    if (const NamedItems* posix = FindNamed(kUnicodePosix, AsciiUpper(name)))
      return BinarySet(posix->items, flags.ignore_case);
  return CategorySet(name, flags.ignore_case);
}

std::optional<JavaSet> JavaClassEscape(uint32_t letter, const JavaFlags& flags) {
  const bool unicode = flags.unicode_classes;
  switch (letter) {
    case 'd': return JavaSet(unicode ? "\\p{Nd}" : "0-9");
    case 'h': return JavaSet("\\h");
    case 's': return JavaSet(unicode ? kWhiteSpace : "\\x20\\t\\n\\x0B\\f\\r");
    case 'v': return JavaSet("\\v");
    case 'w': return JavaSet(unicode ? kWord : "a-zA-Z0-9_");
    case 'D':
    case 'H':
    case 'S':
    case 'V':
    case 'W': return JavaClassEscape(letter + ('a' - 'A'), flags)->Negated();
    default: return std::nullopt;
  }
}

}  // namespace thalweg::expr
