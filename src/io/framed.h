// One checksummed frame around every file and message of ours. docs/internals/framed.md has the bytes.
// Rule: whatever is wrong with the bytes, decoding says which of four things it is (cut off, not ours, too new, damaged) and
// never gives out a payload whose checksum does not match.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace thalweg::io {

inline constexpr size_t kFrameHeaderBytes = 24;

/// What a frame holds.
struct FrameFormat {
  std::string_view name;      // for messages: "checkpoint manifest"
  std::array<char, 4> magic;  // first bytes of the file
  uint16_t version;           // written; and the newest this build reads
};

struct Frame {
  uint16_t version;
  std::string_view payload;  // views the decoded bytes
};

/// Header and payload as one string.
std::string EncodeFrame(const FrameFormat& format, std::string_view payload);

/// The header of a payload that is written apart from it.
std::string EncodeFrameHeader(const FrameFormat& format, std::string_view payload);

/// The one frame that fills `bytes`. External error if cut off, of another magic, damaged, or followed by other bytes; user
/// error if of a newer version. Messages begin with the format's name; the caller adds the path (Status::WithContext).
Result<Frame> DecodeFrame(const FrameFormat& format, std::string_view bytes);

/// The first frame of `bytes`, which is then removed from `bytes`. Errors as DecodeFrame; `bytes` is untouched by an error.
Result<Frame> DecodeNextFrame(const FrameFormat& format, std::string_view* bytes);

}  // namespace thalweg::io
