#include "base/check.h"
#include "expr/json_document.h"
#include "expr/json_path.h"
#include "testing/fuzz.h"

namespace thalweg::expr {
namespace {

std::vector<std::string> JsonSamples() {
  return {R"({"a":[1.50,-0,1e2,123456789012345678901234567890],"b":{"c":null}})",
          R"(["\u00e9\n\"","\ud83d\ude00","\ud83d",true,false,""])", "lax $.a['b c'][0,-1][1:3][*].*..c",
          "strict $..['a']", "$[:2]"};
}

}  // namespace

// Any text is a document or none, and a path or an error. What is printed of a document reads back as itself.
FUZZ_TARGET(JsonDocument, JsonSamples()) {
  JsonDocument document;
  const Result<JsonPath> path = JsonPath::Compile(input);
  if (path.ok()) {
    THALWEG_CHECK(document.Parse(R"({"a":{"b c":[[1,2,3],{"c":[4]}]}})"));
    (void)path->Find(document.root());
  }
  if (!document.Parse(input)) return;
  std::string printed, again;
  AppendJson(document.root(), printed);
  JsonDocument second;
  THALWEG_CHECK(second.Parse(printed), "{}", printed);
  AppendJson(second.root(), again);
  THALWEG_CHECK(printed == again, "{} is not {}", printed, again);
}

}  // namespace thalweg::expr
