#include "types/key_encoding.h"

#include "base/check.h"
#include "testing/fuzz.h"

namespace thalweg::types {
namespace {

using Everything = std::tuple<std::string, std::vector<std::optional<std::pair<bool, Timestamp>>>,
                              std::map<int32_t, std::string>, std::set<int16_t>, double, uint64_t>;

std::string Encoded(const Everything& value) {
  std::string bytes;
  AppendKey(value, bytes);
  return bytes;
}

}  // namespace

// Any bytes fail or give a key, whose bytes read back as the same key.
FUZZ_TARGET(KeyEncoding, Encoded({}),
            Encoded({std::string("a\0b", 3), {{{true, {5}}}, {}}, {{-1, "x"}, {2, ""}}, {3, 4}, -1.5, 7})) {
  KeyReader in(input);
  Everything value;
  ReadKey(in, value);
  if (in.failed()) return;
  std::string bytes = Encoded(value);
  KeyReader again(bytes);
  Everything back;
  ReadKey(again, back);
  THALWEG_CHECK(!again.failed() && again.AtEnd() && Encoded(back) == bytes);
}

}  // namespace thalweg::types
