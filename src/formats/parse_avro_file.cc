#include "formats/parse_avro_file.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "base/hash.h"

namespace thalweg::formats {
namespace {

constexpr std::string_view kAvroMagic{"Obj\x01", 4};
constexpr size_t kSyncBytes = 16;
constexpr size_t kMostHeaderBytes = 16 << 20;  // a schema of more is no schema
constexpr size_t kMostBlockBytes = 1 << 30;    // as it lies in the file, and uncompressed
constexpr size_t kBlockBytes = 64 << 10;       // a block is closed beyond it: about what the format's own libraries use

/// A number at the front of `bytes`; false: it is not there as a whole.
bool TakeLong(std::string_view* bytes, int64_t* value) {
  uint64_t raw = 0;
  for (size_t i = 0; i < bytes->size() && i < 10; ++i) {
    const auto byte = static_cast<uint8_t>((*bytes)[i]);
    raw |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte & 0x80) continue;
    *value = static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
    bytes->remove_prefix(i + 1);
    return true;
  }
  return false;
}
bool TakeText(std::string_view* bytes, std::string_view* text) {
  int64_t size = 0;
  if (!TakeLong(bytes, &size) || size < 0 || static_cast<uint64_t>(size) > bytes->size()) return false;
  *text = bytes->substr(0, static_cast<size_t>(size));
  bytes->remove_prefix(static_cast<size_t>(size));
  return true;
}
void AppendLong(int64_t value, std::string* out) {
  uint64_t rest = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  for (; rest >= 0x80; rest >>= 7) out->push_back(static_cast<char>(rest | 0x80));
  out->push_back(static_cast<char>(rest));
}
void AppendText(std::string_view text, std::string* out) {
  AppendLong(static_cast<int64_t>(text.size()), out);
  out->append(text);
}

constexpr int kRawDeflate = -15;  // zlib's window bits for deflate without its header

std::optional<std::string> Inflated(const std::string& bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) return std::nullopt;
  std::string out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  int state = Z_OK;
  while (state == Z_OK && out.size() < kMostBlockBytes) {
    const size_t have = out.size();
    out.resize(have + std::max<size_t>(4096, bytes.size() * 2));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    stream.avail_out = static_cast<uInt>(out.size() - have);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (state == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) break;  // it ends in its middle
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END) return std::nullopt;
  return out;
}

std::optional<std::string> Unzstd(const std::string& bytes) {
  ZSTD_DStream* stream = ZSTD_createDStream();
  std::string out;
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  size_t state = 1;
  while (in.pos < in.size && out.size() < kMostBlockBytes && !ZSTD_isError(state)) {
    const size_t have = out.size();
    out.resize(have + ZSTD_DStreamOutSize());
    ZSTD_outBuffer to{out.data() + have, out.size() - have, 0};
    state = ZSTD_decompressStream(stream, &to, &in);
    out.resize(have + to.pos);
  }
  ZSTD_freeDStream(stream);
  if (state != 0) return std::nullopt;
  return out;
}

Result<std::string> Compressed(AvroCodec codec, std::string bytes) {
  if (codec == AvroCodec::kNull) return bytes;
  std::string out;
  if (codec == AvroCodec::kZstandard) {
    out.resize(ZSTD_compressBound(bytes.size()));
    const size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3);
    if (ZSTD_isError(size)) return InternalError("zstd: {}", ZSTD_getErrorName(size));
    out.resize(size);
    return out;
  }
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return InternalError("zlib cannot begin");
  out.resize(deflateBound(&stream, bytes.size()));
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int state = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (state != Z_STREAM_END) return InternalError("zlib ended with {}", state);
  return out;
}

std::string_view AvroCodecName(AvroCodec codec) {
  constexpr std::string_view kNames[] = {"null", "deflate", "zstandard"};
  return kNames[static_cast<size_t>(codec)];
}

class AvroFileEncoder final : public FileEncoder {
 public:
  AvroFileEncoder(std::unique_ptr<RowEncoder> rows, std::string json, AvroCodec codec)
      : rows_(std::move(rows)), json_(std::move(json)), codec_(codec) {}

  Status Append(const columns::Batch& batch, int32_t from, int32_t to, std::string* out) override {
    Begin(batch, out);
    for (int32_t row = from; row < to; ++row) {
      THALWEG_TRY(rows_->Encode(batch, row, &block_));
      ++count_;
      if (block_.size() >= kBlockBytes) THALWEG_TRY(Close(out));
    }
    return {};
  }
  Status Finish(std::string* out) override {
    Begin({}, out);
    return count_ > 0 ? Close(out) : Status();
  }
  size_t buffered_bytes() const override { return block_.size(); }

 private:
  // The marker needs to be unlike anything in the data, not secret: a hash of the schema and of the first row's bytes is.
  void Begin(const columns::Batch& batch, std::string* out) {
    if (!sync_.empty()) return;
    std::string first = json_ + fmt::format("/{}", static_cast<const void*>(this));
    if (batch && batch.rows() > 0) (void)rows_->Encode(batch, 0, &first);
    for (std::string_view salt : {"a", "b"}) {
      uint64_t half = Hash64(first + std::string(salt));
      for (int i = 0; i < 8; ++i, half >>= 8) sync_.push_back(static_cast<char>(half & 0xff));
    }
    out->append(kAvroMagic);
    AppendLong(2, out);
    AppendText("avro.codec", out);
    AppendText(AvroCodecName(codec_), out);
    AppendText("avro.schema", out);
    AppendText(json_, out);
    AppendLong(0, out);
    out->append(sync_);
  }
  Status Close(std::string* out) {
    THALWEG_ASSIGN(std::string bytes, Compressed(codec_, std::move(block_)));
    AppendLong(count_, out);
    AppendText(bytes, out);
    out->append(sync_);
    block_.clear();
    count_ = 0;
    return {};
  }

  std::unique_ptr<RowEncoder> rows_;
  std::string json_;
  AvroCodec codec_;
  std::string sync_, block_;
  int64_t count_ = 0;
};

}  // namespace

Result<AvroCodec> ParseAvroCodec(std::string_view name) {
  for (AvroCodec codec : {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kZstandard})
    if (name == AvroCodecName(codec)) return codec;
  return UserError("Avro's codec '{}' is not supported; those that are: null, deflate, zstandard", name);
}

Result<std::unique_ptr<AvroFileReader>> AvroFileReader::Open(std::shared_ptr<io::Storage> storage, std::string path,
                                                             std::string shown) {
  auto reader =
      std::unique_ptr<AvroFileReader>(new AvroFileReader(std::move(storage), std::move(path), std::move(shown)));
  THALWEG_TRY(reader->ReadHeader());
  return reader;
}

Status AvroFileReader::Damaged(std::string_view why) const {
  return UserError("Not a readable Avro file: {}: {}", shown_, why);
}

Status AvroFileReader::ReadHeader() {
  for (uint64_t length = 64 << 10;; length *= 4) {
    THALWEG_ASSIGN(std::string bytes, storage_->Get(path_, 0, length));
    std::string_view rest = bytes;
    if (!rest.starts_with(kAvroMagic)) return Damaged("it does not begin with Obj1");
    rest.remove_prefix(kAvroMagic.size());
    std::string schema, codec = "null";
    bool whole = false;
    for (int64_t count = 0, size = 0; TakeLong(&rest, &count);) {
      if (count == 0) {
        whole = rest.size() >= kSyncBytes;
        break;
      }
      if (count < 0 && !TakeLong(&rest, &size)) break;
      std::string_view key, value;
      bool taken = true;
      for (int64_t i = 0; i < std::abs(count) && taken; ++i) {
        taken = TakeText(&rest, &key) && TakeText(&rest, &value);
        if (taken && key == "avro.schema") schema = value;
        if (taken && key == "avro.codec") codec = value;
      }
      if (!taken) break;
    }
    if (!whole) {
      if (bytes.size() < length || length > kMostHeaderBytes) return Damaged("its header is cut off");
      continue;
    }
    auto parsed = ParseAvroCodec(codec);
    if (!parsed.ok()) return Damaged(parsed.status().message());
    codec_ = *parsed;
    auto type = ParseAvroSchema(schema);
    if (!type.ok()) return Damaged(type.status().message());
    writer_ = *std::move(type);
    sync_ = std::string(rest.substr(0, kSyncBytes));
    first_ = bytes.size() - rest.size() + kSyncBytes;
    return {};
  }
}

Result<std::string> AvroFileReader::Uncompressed(std::string bytes) const {
  if (codec_ == AvroCodec::kNull) return bytes;
  std::optional<std::string> out = codec_ == AvroCodec::kDeflate ? Inflated(bytes) : Unzstd(bytes);
  if (!out) return Damaged(fmt::format("a block is no {}", AvroCodecName(codec_)));
  return *std::move(out);
}

Result<std::optional<AvroBlock>> AvroFileReader::Read(uint64_t offset) {
  offset = std::max(offset, first_);
  constexpr uint64_t kNumbers = 20;  // bytes of the two numbers at most
  THALWEG_ASSIGN(std::string head, storage_->Get(path_, offset, kNumbers));
  if (head.empty()) return std::optional<AvroBlock>();
  std::string_view rest = head;
  int64_t rows = 0, size = 0;
  if (!TakeLong(&rest, &rows) || !TakeLong(&rest, &size) || rows < 0 || size < 0 ||
      static_cast<uint64_t>(size) > kMostBlockBytes)
    return Damaged(fmt::format("the block at byte {} has no readable size", offset));
  const uint64_t begin = offset + head.size() - rest.size();
  THALWEG_ASSIGN(std::string bytes, storage_->Get(path_, begin, static_cast<uint64_t>(size) + kSyncBytes));
  if (bytes.size() != static_cast<size_t>(size) + kSyncBytes)
    return Damaged(fmt::format("the block at byte {} is cut off", offset));
  if (std::string_view(bytes).substr(static_cast<size_t>(size)) != sync_)
    return Damaged(fmt::format("the block at byte {} does not end with the file's sync marker", offset));
  next_ = begin + bytes.size();
  bytes.resize(static_cast<size_t>(size));
  AvroBlock block;
  THALWEG_ASSIGN(block.bytes, Uncompressed(std::move(bytes)));
  block.rows = rows;
  block.offset = offset;
  block.writer = writer_;
  return std::optional<AvroBlock>(std::move(block));
}

Result<std::unique_ptr<FileEncoder>> MakeAvroFileEncoder(types::SchemaPtr schema, const AvroOptions& options,
                                                         AvroCodec codec) {
  THALWEG_ASSIGN(DerivedAvroSchema derived, DeriveAvroSchema(*schema, options.mapping));
  THALWEG_ASSIGN(auto rows, MakeAvroEncoder(std::move(schema), options));
  return std::unique_ptr<FileEncoder>(
      std::make_unique<AvroFileEncoder>(std::move(rows), std::move(derived.json), codec));
}

}  // namespace thalweg::formats
