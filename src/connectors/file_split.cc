#include "connectors/file_split.h"

#include "base/bytes.h"

namespace thalweg::connectors {
namespace {

constexpr uint8_t kFileSplitVersion = 2;  // 1 knew no size and no time

}  // namespace

flow::Split FileSplit::ToSplit() const {
  ByteWriter out;
  out.U8(kFileSplitVersion);
  out.String(path);
  out.Varint(position);
  out.Varint(line);
  out.U64(end);
  out.Bool(find_start);
  out.Varint(file_size);
  out.I64(modified_ms);
  return {id, out.Take()};
}

Result<FileSplit> FileSplit::FromSplit(const flow::Split& split) {
  ByteReader in(split.state);
  FileSplit file;
  file.id = split.id;
  const uint8_t version = in.U8();
  file.path = in.String();
  file.position = in.Varint();
  file.line = in.Varint();
  file.end = in.U64();
  file.find_start = in.Bool();
  if (version > 1) {
    file.file_size = in.Varint();
    file.modified_ms = in.I64();
  }
  THALWEG_TRY(in.status());
  if (version < 1 || version > kFileSplitVersion)
    return InternalError("File split has an unknown version: {}", split.id);
  return file;
}

}  // namespace thalweg::connectors
