#include "config/load.h"
#include "testing/fuzz.h"

namespace thalweg::config {
namespace {

FUZZ_TARGET(ConfigYaml, "a: 1\nb.c: 'x'\n",
            "execution:\n  checkpointing: {interval: 5 s}\npipeline.jars:\n  - a\n  - {k: v}\n",
            "a: &x [1, 2]\nb: *x\n# end\n", "a: |\n  text\nb: \"q\\n\"\n---\n") {
  std::vector<std::string> warnings;
  Result<std::vector<Definition>> definitions = ParseYaml(input, "file", &warnings);
  if (!definitions.ok()) {
    THALWEG_CHECK(definitions.status().category() == ErrorCategory::kUser);
    THALWEG_CHECK(definitions.status().message().find("(file") != std::string::npos);
    return;
  }
  for (const Definition& definition : *definitions) THALWEG_CHECK(definition.origin.starts_with("file"));
  if (definitions->size() > 4) return;  // the nearest key of each is dear
  Configuration configuration;
  Status applied = configuration.ApplyLayer(*definitions, &warnings);
  THALWEG_CHECK(applied.ok() || applied.category() == ErrorCategory::kUser);
}

// What parses is written back as text that parses to the same.
FUZZ_TARGET(ConfigValues, "5 s", "PT1M30.5S", "P1DT2H", "64 mb", "a;'b;c';\"d\"", "k:v,'k2:''v,w'''", "-17", "1.5",
            "infinite") {
  Result<Duration> duration = ParseDuration(input);
  THALWEG_CHECK(!duration.ok() ||
                (*duration >= Duration::zero() && *ParseDuration(FormatDuration(*duration)) == *duration));
  Result<MemorySize> size = ParseMemorySize(input);
  THALWEG_CHECK(!size.ok() || *ParseMemorySize(FormatMemorySize(*size)) == *size);
  Result<StringList> list = ParseList(input);
  THALWEG_CHECK(!list.ok() || *ParseList(FormatList(*list)) == *list);
  Result<StringMap> map = ParseMap(input);
  THALWEG_CHECK(!map.ok() || *ParseMap(FormatMap(*map)) == *map);
  (void)ParseInteger(input).ok();
  (void)ParseDouble(input).ok();
  (void)ParseBoolean(input).ok();
}

}  // namespace
}  // namespace thalweg::config
