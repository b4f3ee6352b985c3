#include "expr/json_path.h"

#include <algorithm>

#include "types/scalar_text.h"
#include "types/text.h"

namespace thalweg::expr {

namespace {

bool BeginsWithMode(std::string_view text, std::string_view mode) {
  if (text.size() <= mode.size()) return false;
  for (size_t i = 0; i < mode.size(); ++i)
    if ((text[i] | 0x20) != mode[i]) return false;
  const char behind = text[mode.size()];
  return behind == ' ' || behind == '\t' || behind == '\n' || behind == '\r';
}

}  // namespace

/// Reads a path from the front.
class JsonPathReader {
 public:
  explicit JsonPathReader(std::string_view text) : text_(text), rest_(types::Trim(text)) {}

  Result<JsonPath> Read() {
    TakeMode();
    if (rest_.empty()) return Malformed("is empty");
    if (rest_.starts_with('@')) return Unsupported("@");
    // A name alone is one of the document.
    if (!rest_.starts_with('$'))
      THALWEG_TRY(ReadName(false));
    else
      rest_.remove_prefix(1);
    while (!rest_.empty()) THALWEG_TRY(ReadStep());
    for (const Step& step : path_.steps_) path_.indefinite_ = path_.indefinite_ || !JsonPath::Definite(step);
    return std::move(path_);
  }

 private:
  using Step = JsonPath::Step;

  Status Malformed(std::string_view what) const {
    return UserError("JSON path '{}' {} at {}", text_, what, text_.size() - rest_.size() + 1);
  }
  Status Unsupported(std::string_view part) const {
    return UserError("Not supported in a JSON path: {} in '{}'", part, text_);
  }

  // "lax " or "strict ", in any case.
  void TakeMode() {
    for (std::string_view mode : {"lax", "strict"}) {
      if (!BeginsWithMode(rest_, mode)) continue;
      path_.lax_ = mode == "lax";
      rest_ = types::Trim(rest_.substr(mode.size()));
      return;
    }
  }

  Status ReadStep() {
    const bool deep = rest_.starts_with("..");
    if (rest_.starts_with('.')) {
      rest_.remove_prefix(deep ? 2 : 1);
      if (rest_.empty()) return Malformed("ends with a point");
      if (!rest_.starts_with('[')) return ReadName(deep);
    }
    if (rest_.starts_with('[')) return ReadBracket(deep);
    return Malformed("has no step");
  }

  Status ReadName(bool deep) {
    const size_t end = std::min(rest_.find_first_of(".[( "), rest_.size());
    Step step{.deep = deep, .name = std::string(rest_.substr(0, end))};
    if (end < rest_.size() && rest_[end] == '(') return Unsupported(fmt::format("the function {}()", step.name));
    if (end < rest_.size() && rest_[end] == ' ') return Malformed("has a blank: write ['a name with blanks'],");
    if (end == 0) return Malformed("has no name");
    if (step.name == "*") step.kind = Step::Kind::kAll;
    rest_.remove_prefix(end);
    path_.steps_.push_back(std::move(step));
    return {};
  }

  Status ReadBracket(bool deep) {
    rest_ = types::Trim(rest_.substr(1));
    Step step{.deep = deep};
    if (rest_.starts_with('?')) return Unsupported("a filter [?(...)]");
    if (rest_.starts_with('(')) return Unsupported("an expression [(...)]");
    if (rest_.starts_with('*')) {
      step.kind = Step::Kind::kAll;
      rest_.remove_prefix(1);
    } else if (rest_.starts_with('\'') || rest_.starts_with('"')) {
      THALWEG_TRY(ReadQuoted(step.name));
    } else {
      if (deep) return Unsupported("..[place]");
      THALWEG_TRY(ReadPlaces(step));
    }
    rest_ = types::Trim(rest_);
    if (rest_.starts_with(',') && step.kind == Step::Kind::kName) return Unsupported("several names ['a','b']");
    if (!rest_.starts_with(']')) return Malformed("has no ]");
    rest_.remove_prefix(1);
    path_.steps_.push_back(std::move(step));
    return {};
  }

  Status ReadQuoted(std::string& name) {
    const char quote = rest_.front();
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == quote) {
        rest_.remove_prefix(i + 1);
        return {};
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      name += rest_[i];
    }
    return Malformed("has an open quote");
  }

  // "0", "-1", "0,2", "1:3", "1:", ":2"
  Status ReadPlaces(Step& step) {
    const size_t close = rest_.find(']');
    if (close == std::string_view::npos) return Malformed("has no ]");
    std::string_view inside = rest_.substr(0, close);
    if (const size_t colon = inside.find(':'); colon != std::string_view::npos) {
      step.kind = Step::Kind::kRange;
      if (inside.find(':', colon + 1) != std::string_view::npos) return Unsupported("a range with steps [a:b:c]");
      if (!ReadBound(inside.substr(0, colon), step.from) || !ReadBound(inside.substr(colon + 1), step.to))
        return Malformed("has no range of places");
      if (!step.from && !step.to) return Malformed("has a range without bounds");
    } else {
      step.kind = Step::Kind::kPlaces;
      for (bool more = true; more;) {
        const size_t comma = std::min(inside.find(','), inside.size());
        std::optional<int64_t> place;
        if (!ReadBound(inside.substr(0, comma), place) || !place) return Malformed("has no place in an array");
        step.places.push_back(*place);
        more = comma < inside.size();
        inside.remove_prefix(std::min(comma + 1, inside.size()));
      }
    }
    rest_.remove_prefix(close);
    return {};
  }

  // True if there is no number, either.
  static bool ReadBound(std::string_view text, std::optional<int64_t>& bound) {
    text = types::Trim(text);
    if (text.empty()) return true;
    int64_t value;
    if (!types::ParseInt64(text, &value)) return false;
    bound = value;
    return true;
  }

  std::string_view text_, rest_;
  JsonPath path_;
};

Result<JsonPath> JsonPath::Compile(std::string_view text) { return JsonPathReader(text).Read(); }

bool JsonPath::Definite(const Step& step) {
  return !step.deep &&
         (step.kind == Step::Kind::kName || (step.kind == Step::Kind::kPlaces && step.places.size() == 1));
}

void JsonPath::Take(const Step& step, JsonValue value, std::vector<JsonValue>& found) {
  JsonValue member = value;
  if (step.kind == Step::Kind::kName) {
    if (value.Find(step.name, &member)) found.push_back(member);
    return;
  }
  if (step.kind != Step::Kind::kAll && !value.is_array()) return;
  std::vector<JsonValue> parts = value.parts();
  const auto size = static_cast<int64_t>(parts.size());
  auto from_end = [size](int64_t place) { return place < 0 ? std::max<int64_t>(place, -size - 1) + size : place; };
  if (step.kind == Step::Kind::kAll) {
    found.insert(found.end(), parts.begin(), parts.end());
  } else if (step.kind == Step::Kind::kPlaces) {
    for (const int64_t place : step.places)
      if (const int64_t at = from_end(place); at >= 0 && at < size) found.push_back(parts[static_cast<size_t>(at)]);
  } else {
    const int64_t first = std::clamp<int64_t>(from_end(step.from.value_or(0)), 0, size);
    const int64_t end = std::clamp<int64_t>(from_end(step.to.value_or(size)), first, size);
    found.insert(found.end(), parts.begin() + first, parts.begin() + end);
  }
}

void JsonPath::TakeDeep(const Step& step, JsonValue value, std::vector<JsonValue>& found) {
  Take(step, value, found);
  for (const JsonValue part : value.parts()) TakeDeep(step, part, found);
}

// Whether the step can be made at all; where the path ends a name may be missing, as may a place anywhere.
bool JsonPath::Fits(const Step& step, JsonValue value, bool last) {
  JsonValue member = value;
  switch (step.kind) {
    case Step::Kind::kName: return value.is_object() && (last || value.Find(step.name, &member));
    case Step::Kind::kAll: return true;
    default: return value.is_array();
  }
}

JsonPath::Found JsonPath::Find(JsonValue document) const {
  Found found;
  found.values = {document};
  bool definite = true;  // so far
  for (const Step& step : steps_) {
    const bool last = &step == &steps_.back();
    if (definite && !step.deep && !found.values.empty() && !Fits(step, found.values[0], last)) {
      found.missing = true;
      found.values.clear();
      return found;
    }
    std::vector<JsonValue> next;
    for (const JsonValue value : found.values) step.deep ? TakeDeep(step, value, next) : Take(step, value, next);
    found.values = std::move(next);
    definite = definite && Definite(step);
  }
  found.missing = found.values.empty() && !indefinite_;
  return found;
}

Status CheckJsonPath(const std::vector<Expression>& arguments) {
  const Expression& path = arguments[1];
  if (!path.is_literal() || path.is_null_literal()) return {};
  return JsonPath::Compile(path.value().string()).status();
}

}  // namespace thalweg::expr
