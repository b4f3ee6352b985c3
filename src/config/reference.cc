#include "config/reference.h"

#include <algorithm>

#include "config/keys.h"
#include "config/options.h"

namespace thalweg::config {

namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

The keys are Flink's, and so are the values: durations (`5 s`, `100 ms`, `1 min`, `PT1M30S`; a bare number is milliseconds), memory
sizes (`64 mb`, `4 gb`; a bare number is bytes), `true` or `false`, lists (`a;b`), maps (`k:v,k2:v2`). Quotes (`'` or `"`) keep a
separator inside a part, a doubled quote is one quote.

Keys come from a YAML file, nested or flat (`--config FILE`), and from `-D key=value`, which goes before the file. An unknown key is an
error that names a known one if one is near. An older name of a key works, with a warning; if a file gives both, the current name counts.
A key of Flink's that is not listed here is accepted if its value is of its type, and has no effect; a warning says so (except for keys
that only concern the JVM, YARN or the like).

<!-- Made by config/reference.cc. A test compares it. -->
)";

std::string Row(const HonouredOption& option, const KeyInfo& info) {
  std::string type(info.type);
  for (size_t bar = type.find('|'); bar != std::string::npos; bar = type.find('|', bar + 2))
    type.replace(bar, 1, "\\|");
  std::string fallback = info.default_value ? fmt::format("`{}`", *info.default_value) : "";
  std::string older;
  if (!info.deprecated_keys.empty()) older = fmt::format(" Older names: `{}`.", info.deprecated_keys);
  return fmt::format("| `{}` | {} | {} | {}{} |\n", option.key, type, fallback, option.description, older);
}

}  // namespace

std::string RenderReference() {
  std::string page(kIntroduction);
  for (bool own : {false, true}) {
    page += own ? "\n## Keys of Thalweg\n\n" : "\n## Keys of Flink\n\n";
    page += "| key | type | default | meaning |\n|---|---|---|---|\n";
    for (const HonouredOption& option : HonouredOptions()) {
      if (option.key.starts_with("thalweg.") == own) page += Row(option, *FindKey(option.key));
    }
  }
  return page;
}

}  // namespace thalweg::config
