#include "expr/json_path.h"

#include <map>

#include "expr/json_text.h"
#include "types/scalar_text.h"
#include "types/text.h"

namespace thalweg::expr {

using simdjson::dom::element;
using simdjson::dom::element_type;

namespace {

bool NameChar(char c) { return c != '.' && c != '[' && c != ' ' && c != '(' && c != '?' && c != '@'; }

Status Malformed(std::string_view text, size_t at) { return UserError("Malformed JSON path at {}: '{}'", at, text); }

}  // namespace

Result<JsonPath> JsonPath::Compile(std::string_view text) {
  JsonPath path;
  std::string_view rest = types::Trim(text);
  for (std::string_view mode : {"lax ", "strict "})
    if (rest.starts_with(mode)) {
      path.lax_ = mode == "lax ";
      rest = types::Trim(rest.substr(mode.size()));
      break;
    }
  auto here = [&] { return text.size() - rest.size(); };
  if (!rest.starts_with("$")) return Malformed(text, here());
  rest.remove_prefix(1);
  while (!rest.empty()) {
    Step step{Step::Kind::kName, "", 0};
    if (rest.starts_with(".") && !rest.starts_with("..")) {
      rest.remove_prefix(1);
      size_t n = 0;
      while (n < rest.size() && NameChar(rest[n])) ++n;
      if (n == 0) return Malformed(text, here());
      step.name = rest.substr(0, n);
      if (step.name == "*") step.kind = Step::Kind::kAll;
      rest.remove_prefix(n);
    } else if (rest.starts_with("[")) {
      const size_t close = rest.find(']');
      if (close == std::string_view::npos) return Malformed(text, here());
      std::string_view inside = types::Trim(rest.substr(1, close - 1));
      if (inside == "*") {
        step.kind = Step::Kind::kAll;
      } else if (inside.size() >= 2 && (inside.front() == '\'' || inside.front() == '"') &&
                 inside.back() == inside.front()) {
        step.name = inside.substr(1, inside.size() - 2);
      } else if (types::ParseInt64(inside, &step.index)) {
        step.kind = Step::Kind::kIndex;
      } else {
        return Malformed(text, here());
      }
      rest.remove_prefix(close + 1);
    } else {
      return Malformed(text, here());
    }
    path.indefinite_ = path.indefinite_ || step.kind == Step::Kind::kAll;
    path.steps_.push_back(std::move(step));
  }
  return path;
}

JsonPath::Found JsonPath::Find(element document) const {
  Found found;
  found.values = {document};
  for (const Step& step : steps_) {
    std::vector<element> next;
    for (element value : found.values) {
      element part;
      if (step.kind == Step::Kind::kName && value.is_object()) {
        if (value.get_object().at_key(step.name).get(part) == simdjson::SUCCESS) next.push_back(part);
      } else if (step.kind == Step::Kind::kIndex && value.is_array()) {
        simdjson::dom::array array = value.get_array();
        const auto size = static_cast<int64_t>(array.size());
        const int64_t index = step.index < 0 ? size + step.index : step.index;
        if (index >= 0 && index < size && array.at(static_cast<size_t>(index)).get(part) == simdjson::SUCCESS)
          next.push_back(part);
      } else if (step.kind == Step::Kind::kAll && value.is_array()) {
        for (element each : value.get_array()) next.push_back(each);
      } else if (step.kind == Step::Kind::kAll && value.is_object()) {
        for (auto member : value.get_object()) next.push_back(member.value);
      }
    }
    found.values = std::move(next);
  }
  found.missing = found.values.empty() && !indefinite_;
  return found;
}

std::optional<std::string> JsonScalarText(element value) {
  std::string text;
  switch (value.type()) {
    case element_type::STRING: return std::string(std::string_view(value));
    case element_type::INT64: types::AppendInt(int64_t(value), &text); return text;
    case element_type::UINT64: return fmt::format("{}", uint64_t(value));
    case element_type::DOUBLE: types::AppendDoubleText(double(value), text); return text;
    case element_type::BOOL: return bool(value) ? "true" : "false";
    case element_type::NULL_VALUE: return "null";
    default: return std::nullopt;
  }
}

void AppendJson(element value, std::string& out) {
  if (value.is_object()) {
    std::map<std::string_view, element> members;
    for (auto member : value.get_object()) members[member.key] = member.value;
    out += '{';
    bool first = true;
    for (const auto& [name, member] : members) {
      if (!first) out += ',';
      first = false;
      AppendJsonString(name, out);
      out += ':';
      AppendJson(member, out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    bool first = true;
    for (element part : value.get_array()) {
      if (!first) out += ',';
      first = false;
      AppendJson(part, out);
    }
    out += ']';
  } else if (value.is_string()) {
    AppendJsonString(std::string_view(value), out);
  } else {
    out += *JsonScalarText(value);
  }
}

}  // namespace thalweg::expr
