#include "io/framed.h"
#include "testing/fuzz.h"

namespace thalweg::io {
namespace {

constexpr FrameFormat kFormat{"example", {'T', 'W', 'E', 'X'}, 1};

// What decodes is a whole frame of the input, and an error leaves the rest where it was.
FUZZ_TARGET(Frame, EncodeFrame(kFormat, ""), EncodeFrame(kFormat, "the line of fastest flow"),
            EncodeFrame(kFormat, "one") + EncodeFrame(kFormat, "two")) {
  std::string_view rest = input;
  while (!rest.empty()) {
    size_t before = rest.size();
    Result<Frame> frame = DecodeNextFrame(kFormat, &rest);
    if (!frame.ok()) {
      THALWEG_CHECK(rest.size() == before);
      return;
    }
    THALWEG_CHECK(rest.size() == before - kFrameHeaderBytes - frame->payload.size());
    THALWEG_CHECK(frame->version <= kFormat.version);
    THALWEG_CHECK(DecodeFrame(kFormat, input.substr(input.size() - before, before - rest.size())).ok());
  }
}

}  // namespace
}  // namespace thalweg::io
