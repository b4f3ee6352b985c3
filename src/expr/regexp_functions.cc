// REGEXP and REGEXP_*: a pattern that is malformed gives FALSE or NULL, as in Flink.
#include "expr/families.h"
#include "expr/functions.h"
#include "expr/java_pattern.h"
#include "expr/made_text.h"
#include "expr/regex.h"
#include "expr/rows.h"
#include "expr/signature.h"
#include "expr/utf8.h"

namespace thalweg::expr {

using std::string_view;
using types::DataType;
using types::TypeId;

namespace {

/// f(text, regex, out, call, row) for rows of present arguments; `malformed(out)` for a pattern that is none.
template <typename F, typename M>
Kernel RegexKernel(F f, M malformed) {
  // The cache is the kernel's, so the pattern is compiled once a job if it is constant.
  return [f, malformed, cache = RegexCache()](Call& call) mutable -> Result<Vector> {
    columns::ColumnBuilder out(call.type().WithNullable(true), call.pool(), call.rows());
    for (int32_t row = 0; row < call.rows(); ++row) {
      bool null = false;
      for (int i = 0; i < call.arguments(); ++i) null = null || call.argument(i).IsNull(row);
      if (null) {
        out.AppendNull();
        continue;
      }
      const Vector& text = call.argument(0);
      const Vector& pattern = call.argument(1);
      const Result<const Regex*> regex = cache.Get(pattern.column.String(pattern.at(row)));
      if (IsUnsupportedPattern(regex.status())) return regex.status();
      if (regex.ok())
        THALWEG_TRY(f(text.column.String(text.at(row)), **regex, out, call, row));
      else
        malformed(out);
    }
    return Vector{out.Take()};
  };
}

void Null(columns::ColumnBuilder& out) { out.AppendNull(); }

/// Where the search goes on behind a match; an empty match moves by a code point.
size_t Behind(string_view text, const Regex::Group& whole) {
  if (whole.end > whole.begin) return whole.end;
  return whole.end < text.size() ? whole.end + CodePointBytes(text, whole.end) : text.size() + 1;
}

int32_t IntAt(const Call& call, int argument, int32_t row) {
  const Vector& vector = call.argument(argument);
  return vector.column.data<int32_t>()[vector.at(row)];
}

/// An empty pattern finds nothing.
Status Regexp(string_view text, const Regex& regex, columns::ColumnBuilder& out, Call& call, int32_t row) {
  const Vector& pattern = call.argument(1);
  if (pattern.column.String(pattern.at(row)).empty()) return out.AppendBool(false), Status();
  THALWEG_ASSIGN(auto match, regex.Find(text));
  out.AppendBool(!match.empty());
  return {};
}

Status Extract(string_view text, const Regex& regex, columns::ColumnBuilder& out, Call& call, int32_t row) {
  const int32_t group = call.arguments() == 3 ? IntAt(call, 2, row) : 0;
  THALWEG_ASSIGN(auto match, regex.Find(text));
  if (match.empty() || group < 0 || group > regex.groups() || !match[static_cast<size_t>(group)].present()) {
    out.AppendNull();
  } else {
    const Regex::Group& found = match[static_cast<size_t>(group)];
    out.AppendString(text.substr(found.begin, found.end - found.begin));
  }
  return {};
}

Status ExtractAll(string_view text, const Regex& regex, columns::ColumnBuilder& out, Call& call, int32_t row) {
  const int32_t group = call.arguments() == 3 ? IntAt(call, 2, row) : 1;
  if (group < 0 || group > regex.groups()) {
    out.AppendNull();
    return {};
  }
  for (size_t at = 0; at <= text.size();) {
    THALWEG_ASSIGN(auto match, regex.Find(text, at));
    if (match.empty()) break;
    const Regex::Group& found = match[static_cast<size_t>(group)];
    if (found.present())
      out.child(0).AppendString(text.substr(found.begin, found.end - found.begin));
    else
      out.child(0).AppendNull();
    at = Behind(text, match[0]);
  }
  out.CloseRow();
  return {};
}

Status Count(string_view text, const Regex& regex, columns::ColumnBuilder& out, Call&, int32_t) {
  int32_t count = 0;
  for (size_t at = 0; at <= text.size();) {
    THALWEG_ASSIGN(auto match, regex.Find(text, at));
    if (match.empty()) break;
    ++count;
    at = Behind(text, match[0]);
  }
  out.Append(count);
  return {};
}

Status FindRegexp(string_view text, const Regex& regex, columns::ColumnBuilder& out, Call&, int32_t) {
  THALWEG_ASSIGN(auto match, regex.Find(text));
  out.Append(match.empty() ? 0 : static_cast<int32_t>(CodePoints(text.substr(0, match[0].begin))) + 1);
  return {};
}

Status Substr(string_view text, const Regex& regex, columns::ColumnBuilder& out, Call&, int32_t) {
  THALWEG_ASSIGN(auto match, regex.Find(text));
  if (match.empty())
    out.AppendNull();
  else
    out.AppendString(text.substr(match[0].begin, match[0].end - match[0].begin));
  return {};
}

Status ReplaceRegexp(string_view text, const Regex& regex, columns::ColumnBuilder& out, Call& call, int32_t row) {
  const Vector& with = call.argument(2);
  const string_view replacement = with.column.String(with.at(row));
  std::string result;
  size_t copied = 0;
  for (size_t at = 0; at <= text.size();) {
    THALWEG_ASSIGN(auto match, regex.Find(text, at));
    if (match.empty()) break;
    result.append(text.substr(copied, match[0].begin - copied)).append(replacement);
    THALWEG_TRY(CheckMade("REGEXP_REPLACE", result.size()));
    copied = match[0].end;
    at = Behind(text, match[0]);
  }
  out.AppendString(result.append(text.substr(copied)));
  return {};
}

/// Each kernel has its own cache: one a compiled expression.
template <typename F, typename M>
Function OfPattern(std::string name, Signature signature, ResultType result, F f, M malformed) {
  Function function =
      Define(std::move(name), {std::move(signature)}, std::move(result),
             Binder([f, malformed](const Expression&) -> Result<Kernel> { return RegexKernel(f, malformed); }));
  function.fails = true;  // at the limit of steps, and for what is not supported
  return function;
}

}  // namespace

void AddRegexps(Registry& registry) {
  const DataType text(TypeId::kString);
  const Signature two{{Param::kString, Param::kString}};
  const Signature group{{Param::kString, Param::kString}, {Param::kInt}};
  registry.Add(OfPattern("REGEXP", two, Returns(TypeId::kBoolean), Regexp,
                         [](columns::ColumnBuilder& out) { out.AppendBool(false); }));
  registry.Add(OfPattern("REGEXP_EXTRACT", group, ReturnsNullable(text), Extract, Null));
  registry.Add(OfPattern("REGEXP_EXTRACT_ALL", group, ReturnsNullable(DataType::Array(text)), ExtractAll, Null));
  registry.Add(OfPattern("REGEXP_COUNT", two, ReturnsNullable(TypeId::kInt), Count, Null));
  registry.Add(OfPattern("REGEXP_INSTR", two, ReturnsNullable(TypeId::kInt), FindRegexp, Null));
  registry.Add(OfPattern("REGEXP_SUBSTR", two, ReturnsNullable(text), Substr, Null));
  registry.Add(OfPattern("REGEXP_REPLACE", {{Param::kString, Param::kString, Param::kString}}, ReturnsNullable(text),
                         ReplaceRegexp, Null));
}

}  // namespace thalweg::expr
