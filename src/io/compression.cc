#include "io/compression.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace thalweg::io {

namespace {

constexpr int kGzipWindow = 15 + 16;     // largest window, gzip header and trailer
constexpr int kZstdWindowLogLimit = 27;  // 128 MiB, zstd's own default limit: what a hostile header may make us hold
constexpr size_t kCompressChunkBytes = 64 << 10;
constexpr size_t kZlibInputBytes = 1 << 30;  // zlib counts input in 32 bits

class PassThroughDecompressor final : public Decompressor {
 public:
  void Feed(std::string_view bytes) override { input_ = bytes; }
  Result<std::string_view> Next() override {
    std::string_view chunk = input_.substr(0, kDecompressChunkBytes);
    input_.remove_prefix(chunk.size());
    return chunk;
  }
  Status Finish() override { return {}; }

 private:
  std::string_view input_;
};

class GzipDecompressor final : public Decompressor {
 public:
  GzipDecompressor() { THALWEG_CHECK(inflateInit2(&stream_, kGzipWindow) == Z_OK); }
  ~GzipDecompressor() override { inflateEnd(&stream_); }

  void Feed(std::string_view bytes) override {
    THALWEG_CHECK(input_.empty() && stream_.avail_in == 0, "Feed before the input was used up");
    input_ = bytes;
  }

  Result<std::string_view> Next() override {
    stream_.next_out = reinterpret_cast<Bytef*>(chunk_.get());
    stream_.avail_out = static_cast<uInt>(kDecompressChunkBytes);
    while (stream_.avail_out > 0 && Refill()) THALWEG_TRY(Step());
    return std::string_view(chunk_.get(), kDecompressChunkBytes - stream_.avail_out);
  }

  Status Finish() override {
    if (in_member_) return ExternalError("Truncated gzip stream: the input ends inside a member");
    return {};
  }

 private:
  bool Refill() {
    if (stream_.avail_in > 0) return true;
    std::string_view part = input_.substr(0, kZlibInputBytes);
    input_.remove_prefix(part.size());
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    stream_.avail_in = static_cast<uInt>(part.size());
    return !part.empty();
  }

  Status Step() {
    in_member_ = true;
    int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_OK || code == Z_BUF_ERROR) return {};
    if (code == Z_STREAM_END) {
      in_member_ = false;
      THALWEG_CHECK(inflateReset2(&stream_, kGzipWindow) == Z_OK);
      return {};
    }
    if (code == Z_MEM_ERROR) return ExternalError("No memory to decompress a gzip stream");
    return ExternalError("Damaged gzip stream: {}", stream_.msg != nullptr ? stream_.msg : "it needs a dictionary");
  }

  z_stream stream_{};
  const std::unique_ptr<char[]> chunk_ = std::make_unique_for_overwrite<char[]>(kDecompressChunkBytes);
  std::string_view input_;
  bool in_member_ = false;
};

// Like zlib, zstd keeps the last byte of a frame until all of its output is out: used-up input means no output is pending.
class ZstdDecompressor final : public Decompressor {
 public:
  ZstdDecompressor() : stream_(ZSTD_createDCtx()) {
    THALWEG_CHECK(stream_ != nullptr);
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLogLimit);
  }
  ~ZstdDecompressor() override { ZSTD_freeDCtx(stream_); }

  void Feed(std::string_view bytes) override {
    THALWEG_CHECK(input_.pos == input_.size, "Feed before the input was used up");
    input_ = {bytes.data(), bytes.size(), 0};
  }

  Result<std::string_view> Next() override {
    ZSTD_outBuffer out{chunk_.get(), kDecompressChunkBytes, 0};
    while (out.pos < out.size && input_.pos < input_.size) {
      size_t rest = ZSTD_decompressStream(stream_, &out, &input_);
      if (ZSTD_isError(rest)) return ExternalError("Damaged zstd stream: {}", ZSTD_getErrorName(rest));
      in_frame_ = rest != 0;
    }
    return std::string_view(chunk_.get(), out.pos);
  }

  Status Finish() override {
    if (in_frame_) return ExternalError("Truncated zstd stream: the input ends inside a frame");
    return {};
  }

 private:
  ZSTD_DCtx* const stream_;
  const std::unique_ptr<char[]> chunk_ = std::make_unique_for_overwrite<char[]>(kDecompressChunkBytes);
  ZSTD_inBuffer input_{nullptr, 0, 0};
  bool in_frame_ = false;
};

class PassThroughCompressor final : public Compressor {
 public:
  Status Append(std::string_view bytes, std::string* out) override {
    out->append(bytes);
    return {};
  }
  Status Finish(std::string* out) override { return {}; }
};

class GzipCompressor final : public Compressor {
 public:
  GzipCompressor() {
    THALWEG_CHECK(deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) ==
                  Z_OK);
  }
  ~GzipCompressor() override { deflateEnd(&stream_); }

  Status Append(std::string_view bytes, std::string* out) override {
    while (!bytes.empty()) {
      std::string_view part = bytes.substr(0, kZlibInputBytes);
      bytes.remove_prefix(part.size());
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
      stream_.avail_in = static_cast<uInt>(part.size());
      THALWEG_TRY(Deflate(Z_NO_FLUSH, out));
    }
    return {};
  }
  Status Finish(std::string* out) override { return Deflate(Z_FINISH, out); }

 private:
  Status Deflate(int flush, std::string* out) {
    do {
      size_t old_size = out->size();
      out->resize(old_size + kCompressChunkBytes);
      stream_.next_out = reinterpret_cast<Bytef*>(out->data() + old_size);
      stream_.avail_out = static_cast<uInt>(kCompressChunkBytes);
      int code = deflate(&stream_, flush);
      out->resize(out->size() - stream_.avail_out);
      if (code == Z_STREAM_ERROR) return InternalError("Deflate stream is in a wrong state");
    } while (stream_.avail_out == 0);
    return {};
  }

  z_stream stream_{};
};

class ZstdCompressor final : public Compressor {
 public:
  ZstdCompressor() : stream_(ZSTD_createCCtx()) {
    THALWEG_CHECK(stream_ != nullptr);
    ZSTD_CCtx_setParameter(stream_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdCompressor() override { ZSTD_freeCCtx(stream_); }

  Status Append(std::string_view bytes, std::string* out) override { return Compress(bytes, ZSTD_e_continue, out); }
  Status Finish(std::string* out) override { return Compress({}, ZSTD_e_end, out); }

 private:
  Status Compress(std::string_view bytes, ZSTD_EndDirective directive, std::string* out) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    size_t rest = 0;
    do {
      size_t old_size = out->size();
      out->resize(old_size + kCompressChunkBytes);
      ZSTD_outBuffer buffer{out->data() + old_size, kCompressChunkBytes, 0};
      rest = ZSTD_compressStream2(stream_, &buffer, &in, directive);
      out->resize(old_size + buffer.pos);
      if (ZSTD_isError(rest)) return InternalError("Zstd compression failed: {}", ZSTD_getErrorName(rest));
    } while (directive == ZSTD_e_end ? rest != 0 : in.pos < in.size);
    return {};
  }

  ZSTD_CCtx* const stream_;
};

}  // namespace

std::string_view CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kNone: return "none";
    case Compression::kGzip: return "gzip";
    case Compression::kZstd: return "zstd";
  }
  return "unknown";
}

Compression CompressionOfPath(std::string_view path) {
  size_t dot = path.find_last_of("./");
  if (dot == std::string_view::npos || path[dot] != '.') return Compression::kNone;
  std::string extension(path.substr(dot + 1));
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (extension == "gz" || extension == "gzip") return Compression::kGzip;
  if (extension == "zst" || extension == "zstd") return Compression::kZstd;
  return Compression::kNone;
}

std::unique_ptr<Decompressor> MakeDecompressor(Compression compression) {
  switch (compression) {
    case Compression::kGzip: return std::make_unique<GzipDecompressor>();
    case Compression::kZstd: return std::make_unique<ZstdDecompressor>();
    case Compression::kNone: break;
  }
  return std::make_unique<PassThroughDecompressor>();
}

std::unique_ptr<Compressor> MakeCompressor(Compression compression) {
  switch (compression) {
    case Compression::kGzip: return std::make_unique<GzipCompressor>();
    case Compression::kZstd: return std::make_unique<ZstdCompressor>();
    case Compression::kNone: break;
  }
  return std::make_unique<PassThroughCompressor>();
}

Result<std::string> CompressBytes(Compression compression, std::string_view bytes) {
  std::string out;
  std::unique_ptr<Compressor> compressor = MakeCompressor(compression);
  THALWEG_TRY(compressor->Append(bytes, &out));
  THALWEG_TRY(compressor->Finish(&out));
  return out;
}

Result<std::string> DecompressBytes(Compression compression, std::string_view bytes, uint64_t limit_bytes) {
  std::string out;
  std::unique_ptr<Decompressor> decompressor = MakeDecompressor(compression);
  decompressor->Feed(bytes);
  while (true) {
    THALWEG_ASSIGN(std::string_view chunk, decompressor->Next());
    if (chunk.empty()) break;
    if (chunk.size() > limit_bytes - out.size()) {
      return UserError("Decompressed {} bytes exceed the limit of {} bytes", CompressionName(compression), limit_bytes);
    }
    out.append(chunk);
  }
  THALWEG_TRY(decompressor->Finish());
  return out;
}

}  // namespace thalweg::io
