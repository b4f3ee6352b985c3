#include "base/check.h"
#include "checkpoint/manifest.h"
#include "checkpoint/samples_test.h"
#include "io/framed.h"
#include "testing/fuzz.h"

namespace thalweg::checkpoint {
namespace {

constexpr io::FrameFormat kFormat{"checkpoint manifest", {'T', 'W', 'C', 'M'}, 1};

std::string Payload(const Manifest& manifest) {
  const std::string bytes = EncodeManifest(manifest);
  return std::string(io::DecodeFrame(kFormat, bytes)->payload);
}

}  // namespace

// Whole files: mostly the checksum's work.
FUZZ_TARGET(ManifestFile, EncodeManifest(SampleManifest())) { (void)DecodeManifest(input).ok(); }

// Payloads under a right checksum: an error or a manifest that encodes to bytes which give the same one; its segments lie in their
// file, so reading them stays inside.
FUZZ_TARGET(ManifestPayload, Payload(SampleManifest()), Payload(SampleManifest(1, 3))) {
  const Result<Manifest> manifest = DecodeManifest(io::EncodeFrame(kFormat, input));
  if (!manifest.ok()) return;
  const std::string bytes = EncodeManifest(*manifest);
  const Result<Manifest> again = DecodeManifest(bytes);
  THALWEG_CHECK(again.ok(), "{}", again.status().ToString());
  THALWEG_CHECK(EncodeManifest(*again) == bytes);
  for (const NodeState& node : manifest->nodes)
    for (const SubtaskState& state : node.subtasks)
      for (const Segment& segment : state.segments)
        THALWEG_CHECK(segment.offset + segment.length <=
                      (state.file.empty() ? state.inlined.size() : state.file_bytes));
}

FUZZ_TARGET(StateFileLabel, std::string("TWSF")) { (void)DecodeFileLabel(input).ok(); }

}  // namespace thalweg::checkpoint
