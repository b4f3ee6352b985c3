#include "connectors/file_split.h"

#include "base/bytes.h"

namespace thalweg::connectors {
namespace {

constexpr uint8_t kFileSplitVersion = 1;

}  // namespace

flow::Split FileSplit::ToSplit() const {
  ByteWriter out;
  out.U8(kFileSplitVersion);
  out.String(path);
  out.Varint(position);
  out.Varint(line);
  out.U64(end);
  out.Bool(find_start);
  return {id, out.Take()};
}

Result<FileSplit> FileSplit::FromSplit(const flow::Split& split) {
  ByteReader in(split.state);
  FileSplit file;
  file.id = split.id;
  bool known = in.U8() == kFileSplitVersion;
  file.path = in.String();
  file.position = in.Varint();
  file.line = in.Varint();
  file.end = in.U64();
  file.find_start = in.Bool();
  THALWEG_TRY(in.status());
  if (!known) return InternalError("File split has an unknown version: {}", split.id);
  return file;
}

}  // namespace thalweg::connectors
