#include "io/framed.h"

#include <xxhash.h>

#include <memory>

#include "base/bytes.h"

namespace thalweg::io {

namespace {

constexpr size_t kCheckedHeaderBytes = kFrameHeaderBytes - sizeof(uint64_t);

// XXH3-64, seed 0, of the header before the checksum and the payload: a flipped version or length is damage like any other.
uint64_t Checksum(std::string_view header, std::string_view payload) {
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  THALWEG_CHECK(state != nullptr);
  XXH3_64bits_reset(state.get());
  XXH3_64bits_update(state.get(), header.data(), header.size());
  XXH3_64bits_update(state.get(), payload.data(), payload.size());
  return XXH3_64bits_digest(state.get());
}

}  // namespace

std::string EncodeFrameHeader(const FrameFormat& format, std::string_view payload) {
  ByteWriter writer;
  writer.Raw({format.magic.data(), format.magic.size()});
  writer.U16(format.version);
  writer.U16(0);
  writer.U64(payload.size());
  writer.U64(Checksum(writer.view(), payload));
  return writer.Take();
}

std::string EncodeFrame(const FrameFormat& format, std::string_view payload) {
  std::string bytes = EncodeFrameHeader(format, payload);
  bytes.append(payload);
  return bytes;
}

Result<Frame> DecodeNextFrame(const FrameFormat& format, std::string_view* bytes) {
  std::string_view magic(format.magic.data(), format.magic.size());
  if (!magic.starts_with(bytes->substr(0, magic.size())))
    return ExternalError("Not a {}: the first bytes are not '{}'", format.name, magic);
  if (bytes->size() < kFrameHeaderBytes) {
    return ExternalError("Truncated {}: {} bytes, and the header alone has {}", format.name, bytes->size(),
                         kFrameHeaderBytes);
  }
  ByteReader reader(bytes->substr(magic.size()));
  uint16_t version = reader.U16();
  reader.U16();
  uint64_t length = reader.U64();
  uint64_t checksum = reader.U64();
  // Before the checksum: a newer version may compute it otherwise.
  if (version > format.version) {
    return UserError("Newer {}: its version is {}, this build reads up to {}; use the build that wrote it", format.name,
                     version, format.version);
  }
  if (length > bytes->size() - kFrameHeaderBytes) {
    return ExternalError("Truncated {}: the header promises {} bytes, {} are there", format.name, length,
                         bytes->size() - kFrameHeaderBytes);
  }
  std::string_view payload = bytes->substr(kFrameHeaderBytes, length);
  uint64_t actual = Checksum(bytes->substr(0, kCheckedHeaderBytes), payload);
  if (actual != checksum) {
    return ExternalError("Damaged {}: the header's checksum is {:016x}, the bytes' is {:016x}", format.name, checksum,
                         actual);
  }
  bytes->remove_prefix(kFrameHeaderBytes + length);
  return Frame{version, payload};
}

Result<Frame> DecodeFrame(const FrameFormat& format, std::string_view bytes) {
  THALWEG_ASSIGN(Frame frame, DecodeNextFrame(format, &bytes));
  if (!bytes.empty()) return ExternalError("Damaged {}: {} bytes follow its end", format.name, bytes.size());
  return frame;
}

}  // namespace thalweg::io
