// Functions on strings, by code points. Positions count from 1, as in SQL.
#include <algorithm>

#include "expr/families.h"
#include "expr/functions.h"
#include "expr/made_text.h"
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

const DataType kText(TypeId::kString);

/// Simple case mapping of the Latin, Greek and Cyrillic blocks; others stay as they are.
uint32_t ToUpper(uint32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
  if (c == 0xb5) return 0x39c;
  if (c == 0xff) return 0x178;
  if (c >= 0xe0 && c <= 0xfe && c != 0xf7) return c - 32;
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x481) ||
      (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f) || (c >= 0x1e00 && c <= 0x1e95) ||
      (c >= 0x1ea0 && c <= 0x1eff))
    return c == 0x131 ? 'I' : c & ~1U;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) return c % 2 == 0 ? c - 1 : c;
  if (c == 0x3c2) return 0x3a3;
  if (c >= 0x3b1 && c <= 0x3cb) return c - 32;
  if (c >= 0x430 && c <= 0x44f) return c - 32;
  if (c >= 0x450 && c <= 0x45f) return c - 80;
  return c;
}
uint32_t ToLower(uint32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c == 0x178) return 0xff;
  if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x481) ||
      (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f) || (c >= 0x1e00 && c <= 0x1e95) ||
      (c >= 0x1ea0 && c <= 0x1eff))
    return c == 0x130 ? 'i' : c | 1U;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) return c % 2 == 1 ? c + 1 : c;
  if (c >= 0x391 && c <= 0x3ab) return c + 32;
  if (c >= 0x410 && c <= 0x42f) return c + 32;
  if (c >= 0x400 && c <= 0x40f) return c + 80;
  return c;
}

template <typename F>
std::string MapCodePoints(string_view text, F f) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t n = CodePointBytes(text, at);
    const string_view one = text.substr(at, n);
    const uint32_t c = DecodeCodePoint(one), mapped = f(c);
    if (mapped == c)
      out.append(one);
    else
      AppendCodePoint(mapped, out);
    at += n;
  }
  return out;
}

std::string ReplaceAll(string_view text, string_view from, string_view to);

/// The one letter of Latin whose capital is two.
std::string Upper(string_view text) { return ReplaceAll(MapCodePoints(text, ToUpper), "\u00df", "SS"); }

/// Greek's sigma ends a word as another letter than it stands within one: behind a letter, and none follows. Marks do not count.
bool EndsWord(string_view text, size_t sigma) {
  auto ignored = [](uint32_t c) {
    constexpr string_view kMarks = "'.:^`";
    return (c < 0x80 && kMarks.find(static_cast<char>(c)) != string_view::npos) || c == 0xa8 || c == 0xad ||
           c == 0xaf || c == 0xb4 || c == 0xb7 || c == 0xb8 || (c >= 0x2b0 && c <= 0x36f) || c == 0x2018 || c == 0x2019;
  };
  auto is_letter = [](uint32_t c) { return ToUpper(c) != c || ToLower(c) != c; };
  for (size_t at = sigma;;) {
    if (at == 0) return false;
    do --at;
    while (at > 0 && IsContinuation(text[at]));
    const uint32_t c = DecodeCodePoint(text.substr(at, CodePointBytes(text, at)));
    if (ignored(c)) continue;
    if (!is_letter(c)) return false;
    break;
  }
  for (size_t at = sigma + CodePointBytes(text, sigma); at < text.size(); at += CodePointBytes(text, at)) {
    const uint32_t c = DecodeCodePoint(text.substr(at, CodePointBytes(text, at)));
    if (!ignored(c)) return !is_letter(c);
  }
  return true;
}

std::string Lower(string_view text) {
  constexpr string_view kSigma = "\u03a3", kFinal = "\u03c2";
  std::string out = MapCodePoints(text, ToLower);
  if (text.find(kSigma) == string_view::npos) return out;
  // No letter that is mapped changes how many there are.
  size_t at = 0;
  for (size_t i = 0; i < text.size(); i += CodePointBytes(text, i), at += CodePointBytes(out, at))
    if (text.substr(i).starts_with(kSigma) && EndsWord(text, i)) out.replace(at, kFinal.size(), kFinal);
  return out;
}

/// Letters and digits are those of ASCII: any other character begins a word and stays as it is.
std::string InitCap(string_view text) {
  std::string out(text);
  bool start = true;
  for (char& c : out) {
    const bool alphanumeric = types::IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alphanumeric)
      c = static_cast<char>(start ? ToUpper(static_cast<uint32_t>(c)) : ToLower(static_cast<uint32_t>(c)));
    start = !alphanumeric;
  }
  return out;
}

/// SUBSTRING's rules: negative counts from the end, and nothing lies before the first; 0 is 1; nullopt only for a negative length.
std::optional<string_view> Substring(string_view text, int64_t start, std::optional<int64_t> count) {
  if (count && *count < 0) return std::nullopt;
  const int64_t size = CodePoints(text);
  const int64_t from = start > 0 ? start - 1 : start < 0 ? size + start : 0;
  const int64_t end = count ? std::min<int64_t>(size, from + std::min<int64_t>(*count, INT32_MAX)) : size;
  if (from < 0 || from >= size || end <= from) return string_view();
  return SliceCodePoints(text, from, end - from);
}

/// Code points of `set`, each once.
std::vector<string_view> Characters(string_view set) {
  std::vector<string_view> all;
  for (size_t at = 0; at < set.size(); at += all.back().size()) all.push_back(set.substr(at, CodePointBytes(set, at)));
  return all;
}

string_view TrimLeft(string_view text, string_view set) {
  const std::vector<string_view> characters = Characters(set);
  while (!text.empty()) {
    const string_view first = text.substr(0, CodePointBytes(text, 0));
    if (std::find(characters.begin(), characters.end(), first) == characters.end()) break;
    text.remove_prefix(first.size());
  }
  return text;
}
string_view TrimRight(string_view text, string_view set) {
  const std::vector<string_view> characters = Characters(set);
  while (!text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && IsContinuation(text[at])) --at;
    if (std::find(characters.begin(), characters.end(), text.substr(at)) == characters.end()) break;
    text.remove_suffix(text.size() - at);
  }
  return text;
}

/// 1-based position in code points of `needle` at or after code point `from` (0-based); 0 if absent. An empty one is at the first,
/// from wherever it is looked for.
int32_t Position(string_view needle, string_view text, int64_t from = 0) {
  if (needle.empty()) return 1;
  const size_t start = OffsetOf(text, std::max<int64_t>(0, from));
  const size_t found = text.find(needle, start);
  return found == string_view::npos ? 0 : static_cast<int32_t>(CodePoints(text.substr(0, found))) + 1;
}

/// By doubling.
std::string Times(string_view text, size_t count) {
  const size_t size = text.size() * count;
  std::string out;
  out.reserve(size);
  if (count > 0) out = text;
  while (out.size() * 2 <= size && !out.empty()) out.append(out);
  return out.append(out, 0, size - out.size());
}

Result<std::optional<std::string>> Pad(string_view text, int32_t size, string_view pad, bool left) {
  if (size < 0 || pad.empty()) return std::optional<std::string>();
  const int64_t have = CodePoints(text);
  if (have >= size) return std::optional(std::string(SliceCodePoints(text, 0, size)));
  const int64_t missing = size - have, pad_size = CodePoints(pad);
  THALWEG_TRY(CheckMade(left ? "LPAD" : "RPAD",
                        text.size() + pad.size() * static_cast<size_t>((missing + pad_size - 1) / pad_size)));
  std::string padding = Times(pad, static_cast<size_t>(missing / pad_size));
  padding += SliceCodePoints(pad, 0, missing % pad_size);
  return std::optional(left ? padding + std::string(text) : std::string(text) + padding);
}

std::string ReplaceAll(string_view text, string_view from, string_view to) {
  std::string out;
  if (from.empty()) {
    // Java: the replacement before each character and at the end.
    for (string_view c : Characters(text)) out.append(to).append(c);
    return out.append(to);
  }
  for (size_t at = 0;;) {
    const size_t found = text.find(from, at);
    out.append(text.substr(at, found - at));
    if (found == string_view::npos) return out;
    out.append(to);
    at = found + from.size();
  }
}

std::string Reverse(string_view text) {
  std::string out;
  std::vector<string_view> all = Characters(text);
  for (auto c = all.rbegin(); c != all.rend(); ++c) out.append(*c);
  return out;
}

Result<std::optional<std::string>> Replace(string_view text, string_view from, string_view to) {
  size_t most = text.size() + 1;  // places
  if (!from.empty()) {
    most = 0;
    for (size_t at = text.find(from); at != string_view::npos; at = text.find(from, at + from.size())) ++most;
  }
  THALWEG_TRY(CheckMade("REPLACE", text.size() + most * to.size()));
  return std::optional(ReplaceAll(text, from, to));
}

Result<std::optional<std::string>> Repeat(string_view text, int32_t count) {
  if (text.empty() || count <= 0) return std::optional(std::string());
  THALWEG_TRY(CheckMade("REPEAT", text.size() * static_cast<size_t>(count)));
  return std::optional(Times(text, static_cast<size_t>(count)));
}

/// It fails at the limit.
Function Growing(Function function) {
  function.fails = true;
  return function;
}

/// What follows is kept only behind a part that has characters: `count` of 0 or less cuts the text, as Flink does.
std::string Overlay(string_view text, string_view with, int64_t start, int64_t count) {
  const int64_t size = CodePoints(text);
  if (start <= 0 || start > size) return std::string(text);
  std::string out(SliceCodePoints(text, 0, start - 1));
  out.append(with);
  if (count > 0 && start - 1 + count < size) out.append(SliceCodePoints(text, start - 1 + count, size));
  return out;
}

std::string Translate(string_view text, string_view from, string_view to) {
  const std::vector<string_view> keys = Characters(from), values = Characters(to);
  std::string out;
  for (string_view c : Characters(text)) {
    const auto key = std::find(keys.begin(), keys.end(), c);
    if (key == keys.end()) {
      out.append(c);
    } else if (auto i = static_cast<size_t>(key - keys.begin()); i < values.size()) {
      out.append(values[i]);
    }
  }
  return out;
}

/// The pieces between separators, empty ones too. An empty separator stands for each blank, tab and end of a line.
std::optional<string_view> SplitIndex(string_view text, string_view separator, int32_t index) {
  if (index < 0 || text.empty()) return std::nullopt;
  constexpr string_view kWhite(" \t\n\v\f\r\x1c\x1d\x1e\x1f");
  for (size_t at = 0;; --index) {
    const size_t end = separator.empty() ? text.find_first_of(kWhite, at) : text.find(separator, at);
    if (index == 0) return text.substr(at, end - at);
    if (end == string_view::npos) return std::nullopt;
    at = end + std::max<size_t>(1, separator.size());
  }
}

std::string Hex(string_view bytes) {
  std::string out;
  for (char c : bytes) out += fmt::format("{:02X}", static_cast<unsigned char>(c));
  return out;
}

std::optional<std::string> Unhex(string_view text) {
  std::string out;
  auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  size_t at = 0;
  if (text.size() % 2 == 1) {
    if (digit(text[0]) < 0) return std::nullopt;
    out += '\0';  // an odd digit in front counts for nothing, but has to be one
    at = 1;
  }
  for (; at < text.size(); at += 2) {
    const int high = digit(text[at]), low = digit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

/// CONCAT_WS skips NULLs; NULL only if the separator is.
Result<Vector> RunConcatWs(Call& call) {
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  std::string text;
  for (int32_t row = 0; row < call.rows(); ++row) {
    const Vector& separator = call.argument(0);
    if (separator.IsNull(row)) {
      out.AppendNull();
      continue;
    }
    text.clear();
    bool first = true;
    for (int i = 1; i < call.arguments(); ++i) {
      const Vector& part = call.argument(i);
      if (part.IsNull(row)) continue;
      if (!first) text.append(separator.column.String(separator.at(row)));
      first = false;
      text.append(part.column.String(part.at(row)));
    }
    out.AppendString(text);
  }
  return Vector{out.Take()};
}

Result<Vector> RunConcat(Call& call) {
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  std::string text;
  for (int32_t row = 0; row < call.rows(); ++row) {
    text.clear();
    bool null = false;
    for (int i = 0; i < call.arguments() && !null; ++i) {
      const Vector& part = call.argument(i);
      null = part.IsNull(row);
      if (!null) text.append(part.column.String(part.at(row)));
    }
    if (null)
      out.AppendNull();
    else
      out.AppendString(text);
  }
  return Vector{out.Take()};
}

/// A NULL set of characters is an empty one.
Result<Vector> RunTranslate(Call& call) {
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  auto at = [&](int argument, int32_t row) {
    const Vector& vector = call.argument(argument);
    return vector.IsNull(row) ? string_view() : vector.column.String(vector.at(row));
  };
  for (int32_t row = 0; row < call.rows(); ++row) {
    if (call.argument(0).IsNull(row))
      out.AppendNull();
    else
      out.AppendString(Translate(at(0, row), at(1, row), at(2, row)));
  }
  return Vector{out.Take()};
}

/// NULL beyond the list and where the item is.
Result<Vector> RunElt(Call& call) {
  columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
  for (int32_t row = 0; row < call.rows(); ++row) {
    const Vector& index = call.argument(0);
    const int64_t at = index.IsNull(row) ? 0 : index.column.data<int64_t>()[index.at(row)];
    const Vector* item = at >= 1 && at < call.arguments() ? &call.argument(static_cast<int>(at)) : nullptr;
    if (!item || item->IsNull(row))
      out.AppendNull();
    else
      out.AppendString(item->column.String(item->at(row)));
  }
  return Vector{out.Take()};
}

template <typename F>
Function Text1(std::string name, ResultType result, F f) {
  return Define(std::move(name), {{{Param::kString}}}, std::move(result), RowKernel<string_view>(f));
}
template <typename F>
Function Text2(std::string name, ResultType result, F f) {
  return Define(std::move(name), {{{Param::kString, Param::kString}}}, std::move(result),
                RowKernel<string_view, string_view>(f));
}

/// A function whose kernel depends on how many arguments there are.
Function ByCount(std::string name, Signature signature, ResultType result,
                 std::vector<std::pair<size_t, Kernel>> kernels) {
  Binder bind = [kernels](const Expression& call) -> Result<Kernel> {
    for (const auto& [count, kernel] : kernels)
      if (call.arguments().size() == count) return kernel;
    return InternalError("No kernel for {} arguments", call.arguments().size());
  };
  return Define(std::move(name), {std::move(signature)}, std::move(result), std::move(bind));
}

void AddTrims(Registry& registry) {
  auto both = [](string_view text, string_view set) { return TrimRight(TrimLeft(text, set), set); };
  registry.Add(ByCount("BTRIM", {{Param::kString}, {Param::kString}}, Returns(kText),
                       {{1, RowKernel<string_view>([both](string_view t) { return both(t, " "); })},
                        {2, RowKernel<string_view, string_view>(both)}}));
  registry.Add(ByCount("LTRIM", {{Param::kString}, {Param::kString}}, Returns(kText),
                       {{1, RowKernel<string_view>([](string_view t) { return TrimLeft(t, " "); })},
                        {2, RowKernel<string_view, string_view>(TrimLeft)}}));
  registry.Add(ByCount("RTRIM", {{Param::kString}, {Param::kString}}, Returns(kText),
                       {{1, RowKernel<string_view>([](string_view t) { return TrimRight(t, " "); })},
                        {2, RowKernel<string_view, string_view>(TrimRight)}}));
  // TRIM('BOTH', characters, text): the side is a word of the syntax.
  registry.Add(
      Define("TRIM", {{{Param::kString, Param::kString, Param::kString}}}, Returns(kText),
             RowKernel<string_view, string_view, string_view>([](string_view side, string_view set, string_view text) {
               if (side != "TRAILING") text = TrimLeft(text, set);
               return side == "LEADING" ? text : TrimRight(text, set);
             })));
}

void AddParts(Registry& registry) {
  for (const char* name : {"SUBSTRING", "SUBSTR"})
    registry.Add(ByCount(name, {{Param::kString, Param::kBigInt}, {Param::kBigInt}}, Returns(kText),
                         {{2, RowKernel<string_view, int64_t>(
                                  [](string_view t, int64_t from) { return *Substring(t, from, std::nullopt); })},
                          {3, RowKernel<string_view, int64_t, int64_t>([](string_view t, int64_t from, int64_t count) {
                             return Substring(t, from, count);
                           })}}));
  registry.Add(Define("LEFT", {{{Param::kString, Param::kInt}}}, Returns(kText),
                      RowKernel<string_view, int32_t>(
                          [](string_view t, int32_t n) { return n <= 0 ? string_view() : SliceCodePoints(t, 0, n); })));
  registry.Add(Define("RIGHT", {{{Param::kString, Param::kInt}}}, Returns(kText),
                      RowKernel<string_view, int32_t>([](string_view t, int32_t n) {
                        if (n <= 0) return string_view();
                        return t.substr(OffsetOf(t, std::max<int64_t>(0, CodePoints(t) - n)));
                      })));
  registry.Add(ByCount(
      "OVERLAY", {{Param::kString, Param::kString, Param::kInt}, {Param::kInt}}, Returns(kText),
      {{3, RowKernel<string_view, string_view, int32_t>(
               [](string_view t, string_view with, int32_t from) { return Overlay(t, with, from, CodePoints(with)); })},
       {4, RowKernel<string_view, string_view, int32_t, int32_t>(
               [](string_view t, string_view with, int32_t from, int32_t n) { return Overlay(t, with, from, n); })}}));
  // The separator may be the code of one character.
  registry.Add(Define(
      "SPLIT_INDEX", {{{Param::kString, Param::kString, Param::kInt}}, {{Param::kString, Param::kInt, Param::kInt}}},
      ReturnsNullable(kText), [](const Expression& call) -> Result<Kernel> {
        if (call.arguments()[1].type().id() == TypeId::kString)
          return RowKernel<string_view, string_view, int32_t>(SplitIndex);
        return RowKernel<string_view, int32_t, int32_t>([](string_view text, int32_t code, int32_t index) {
          std::string separator;
          if (code > 0 && code <= 255) AppendCodePoint(static_cast<uint32_t>(code), separator);
          auto part = separator.empty() ? std::nullopt : SplitIndex(text, separator, index);
          return part ? std::optional(std::string(*part)) : std::nullopt;
        });
      }));
  for (const char* name : {"LPAD", "RPAD"}) {
    const bool left = name[0] == 'L';
    registry.Add(
        Growing(Define(name, {{{Param::kString, Param::kInt, Param::kString}}}, ReturnsNullable(kText),
                       GrowingKernel<string_view, int32_t, string_view>(
                           name, [left](string_view t, int32_t n, string_view pad) { return Pad(t, n, pad, left); }))));
  }
}

/// The 1-based position of the `nth` place where `needle` stands, counted from `from` on; from the end backwards if that is negative.
Result<int32_t> Instr(string_view text, string_view needle, int32_t from, int32_t nth) {
  if (nth <= 0) return UserError("INSTR: the number of the place must be positive, not {}", nth);
  if (from == 0) return 0;
  if (from < 0) {
    const std::string reversed = Reverse(text);
    THALWEG_ASSIGN(const int32_t at, Instr(reversed, Reverse(needle), -from, nth));
    if (at == 0) return 0;
    return static_cast<int32_t>(CodePoints(text) + 2 - at - CodePoints(needle));
  }
  int32_t at = from - 1;
  for (; nth > 0; --nth) {
    at = Position(needle, text, at);
    if (at == 0) return 0;
  }
  return at;
}

void AddInstr(Registry& registry) {
  auto at = [](string_view text, string_view needle, int32_t from) { return Instr(text, needle, from, 1); };
  Function instr =
      ByCount("INSTR", {{Param::kString, Param::kString}, {Param::kInt, Param::kInt}}, Returns(TypeId::kInt),
              {{2, RowKernel<string_view, string_view>(
                       [](string_view text, string_view needle) { return Position(needle, text); })},
               {3, RowKernel<string_view, string_view, int32_t>(at)},
               {4, RowKernel<string_view, string_view, int32_t, int32_t>(Instr)}});
  instr.fails = true;
  registry.Add(std::move(instr));
}

void AddSearches(Registry& registry) {
  registry.Add(ByCount("POSITION", {{Param::kString, Param::kString}}, Returns(TypeId::kInt),
                       {{2, RowKernel<string_view, string_view>(
                                [](string_view needle, string_view text) { return Position(needle, text); })}}));
  registry.Add(
      ByCount("LOCATE", {{Param::kString, Param::kString}, {Param::kInt}}, Returns(TypeId::kInt),
              {{2, RowKernel<string_view, string_view>(
                       [](string_view needle, string_view text) { return Position(needle, text); })},
               {3, RowKernel<string_view, string_view, int32_t>([](string_view needle, string_view text, int32_t from) {
                  return Position(needle, text, int64_t{from} - 1);
                })}}));
  AddInstr(registry);
  for (const char* name : {"STARTSWITH", "ENDSWITH"}) {
    const bool start = name[0] == 'S';
    auto f = [start](string_view text, string_view part) {
      return start ? text.starts_with(part) : text.ends_with(part);
    };
    registry.Add(Define(name, {{{Param::kString, Param::kString}}, {{Param::kBinary, Param::kBinary}}},
                        Returns(TypeId::kBoolean), RowKernel<string_view, string_view>(f)));
  }
}

void AddEncodings(Registry& registry) {
  registry.Add(
      Define("TO_BASE64", {{{Param::kStringOrBinary}}}, Returns(kText), RowKernel<string_view>([](string_view t) {
               std::string out;
               types::AppendBase64(t, &out);
               return out;
             })));
  Function from_base64 = Define("FROM_BASE64", {{{Param::kStringOrBinary}}}, ReturnsNullable(kText),
                                RowKernel<string_view>([](string_view t) -> Result<std::string> {
                                  std::string out, padded(t);
                                  // The padding may be left out as a whole.
                                  if (t.size() % 4 >= 2 && !t.ends_with('=')) padded.append(4 - t.size() % 4, '=');
                                  if (!types::ParseBase64(padded, &out))
                                    return UserError("FROM_BASE64: not base64: '{}'", types::Escaped(t));
                                  return out;
                                }));
  from_base64.fails = true;
  registry.Add(std::move(from_base64));
  registry.Add(Text1("ASCII", Returns(TypeId::kInt),
                     [](string_view t) -> int32_t { return t.empty() ? 0 : static_cast<signed char>(t[0]); }));
  registry.Add(Define("CHR", {{{Param::kBigInt}}}, ReturnsNullable(kText), RowKernel<int64_t>([](int64_t c) {
                        std::string out;
                        if (c >= 0) AppendCodePoint(static_cast<uint32_t>(c & 0xff), out);
                        return out;
                      })));
  registry.Add(Define(
      "HEX", {{{Param::kString}}, {{Param::kBigInt}}}, Returns(kText), [](const Expression& call) -> Result<Kernel> {
        if (call.arguments()[0].type().id() == TypeId::kString) return RowKernel<string_view>(Hex);
        return RowKernel<int64_t>([](int64_t v) { return fmt::format("{:X}", static_cast<uint64_t>(v)); });
      }));
  registry.Add(Text1("UNHEX", ReturnsNullable(DataType(TypeId::kBinary)), Unhex));
}

}  // namespace

void AddStrings(Registry& registry) {
  for (const char* name : {"CHAR_LENGTH", "CHARACTER_LENGTH"})
    registry.Add(Text1(name, Returns(TypeId::kInt), [](string_view t) { return static_cast<int32_t>(CodePoints(t)); }));
  registry.Add(Text1("UPPER", Returns(kText), Upper));
  registry.Add(Text1("LOWER", Returns(kText), Lower));
  registry.Add(Text1("INITCAP", Returns(kText), InitCap));
  registry.Add(Text1("REVERSE", Returns(kText), Reverse));
  registry.Add(Growing(Define("REPEAT", {{{Param::kString, Param::kInt}}}, Returns(kText),
                              GrowingKernel<string_view, int32_t>("REPEAT", Repeat))));
  registry.Add(Growing(Define("REPLACE", {{{Param::kString, Param::kString, Param::kString}}}, Returns(kText),
                              GrowingKernel<string_view, string_view, string_view>("REPLACE", Replace))));
  registry.Add(Define(
      "TRANSLATE", {{{Param::kString, Param::kString, Param::kString}}},
      [](const std::vector<Expression>& a) { return kText.WithNullable(a[0].type().nullable()); },
      Kernel(RunTranslate)));
  registry.Add(Define("CONCAT", {{{Param::kString}, {}, true}}, Returns(kText), Kernel(RunConcat)));
  registry.Add(Define(
      "||", {{{Param::kString, Param::kString}}, {{Param::kBinary, Param::kBinary}}},
      [](const std::vector<Expression>& a) { return Strict(DataType(a[0].type().id()), a); }, Kernel(RunConcat)));
  registry.Add(Define(
      "CONCAT_WS", {{{Param::kString, Param::kString}, {}, true}},
      [](const std::vector<Expression>& a) {
        return Strict(kText, a);
      },  // of texts too, though a NULL of them is left out
      Kernel(RunConcatWs)));
  registry.Add(Define(
      "ELT", {{{Param::kBigInt, Param::kString}, {}, true}, {{Param::kBigInt, Param::kBinary}, {}, true}},
      [](const std::vector<Expression>& a) { return DataType(a[1].type().id()); }, Kernel(RunElt)));
  AddTrims(registry);
  AddParts(registry);
  AddSearches(registry);
  AddEncodings(registry);
}

}  // namespace thalweg::expr
