// Text files: bytes are read and decompressed on I/O threads, cut into records and decoded on the task's.
#include <algorithm>
#include <cstring>

#include "connectors/file_rows.h"
#include "connectors/prefetch.h"
#include "formats/raw.h"
#include "formats/text.h"
#include "io/compression.h"

namespace thalweg::connectors {
namespace {

constexpr uint64_t kReadBytes = 256 << 10;  // as the decompressor's chunk: a few of them hide a disk's latency
constexpr size_t kHeadroom = 16 << 10;      // in front of a chunk for the record that the one before began
constexpr int kRecordsPerRead = 8192;       // passed over at most, before the task gets its turn
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Bytes of a file, with room in front and the decoders' padding behind.
struct Chunk {
  std::unique_ptr<char[]> memory;
  size_t begin = 0;
  size_t end = 0;
  std::string_view view() const { return {memory.get() + begin, end - begin}; }

  static Chunk Make(size_t room, std::string_view front, std::string_view bytes) {
    Chunk chunk;
    chunk.memory = std::make_unique_for_overwrite<char[]>(room + front.size() + bytes.size() + formats::kDecodePadding);
    chunk.begin = room;
    chunk.end = room + front.size() + bytes.size();
    if (!front.empty()) std::memcpy(chunk.memory.get() + room, front.data(), front.size());
    if (!bytes.empty()) std::memcpy(chunk.memory.get() + room + front.size(), bytes.data(), bytes.size());
    std::memset(chunk.memory.get() + chunk.end, 0, formats::kDecodePadding);
    return chunk;
  }
};

/// The uncompressed bytes of a file from an offset on. I/O threads, one call at a time.
class FileBytes {
 public:
  FileBytes(std::shared_ptr<io::Storage> storage, std::string path, std::string shown, uint64_t offset)
      : storage_(std::move(storage)), path_(std::move(path)), shown_(std::move(shown)), start_(offset) {
    io::Compression compression = io::CompressionOfPath(path_);
    decompressor_ = io::MakeDecompressor(compression);
    // Compressed bytes have no middle to begin in.
    (compression == io::Compression::kNone ? offset_ : skip_) = offset;
  }

  Result<std::optional<Chunk>> Next() {
    while (true) {
      Result<std::string_view> bytes = decompressor_->Next();
      if (!bytes.ok()) return Named(bytes.status());
      if (bytes->empty()) {
        THALWEG_ASSIGN(input_, storage_->Get(path_, offset_, kReadBytes));
        if (input_.empty()) return AtEnd();
        offset_ += input_.size();
        decompressor_->Feed(input_);
        continue;
      }
      auto skipped = static_cast<size_t>(std::min<uint64_t>(skip_, bytes->size()));
      skip_ -= skipped;
      if (skipped < bytes->size()) return std::optional<Chunk>(Chunk::Make(kHeadroom, {}, bytes->substr(skipped)));
    }
  }

 private:
  Status Named(const Status& status) const { return status.WithContext(fmt::format("Cannot read {}", shown_)); }

  Result<std::optional<Chunk>> AtEnd() {
    if (Status finished = decompressor_->Finish(); !finished.ok()) return Named(finished);
    if (start_ > 0) {
      THALWEG_ASSIGN(uint64_t size, storage_->Size(path_));
      bool shorter = skip_ > 0 || (io::CompressionOfPath(path_) == io::Compression::kNone && size < start_);
      if (shorter) return UserError("File is shorter than it was: {} was read up to byte {}", shown_, start_);
    }
    return std::optional<Chunk>();
  }

  std::shared_ptr<io::Storage> storage_;
  std::string path_, shown_;
  uint64_t start_;
  uint64_t offset_ = 0;  // of the next read, in the stored file
  uint64_t skip_ = 0;    // uncompressed bytes to drop
  std::unique_ptr<io::Decompressor> decompressor_;
  std::string input_;
};

class TextFile final : public FileRows {
 public:
  TextFile(const FileReading& reading, FileSplit split)
      : reading_(reading),
        split_(std::move(split)),
        shown_(reading.prefix + split_.path),
        builder_(*reading.options->schema, reading.context->pool(), columns::kMaxBatchRows),
        splitter_(reading.options->format == FileFormat::kCsv ? formats::MakeCsvSplitter(reading.options->csv)
                                                              : formats::MakeLineSplitter()) {
    // A piece looks for its first record from the byte before: its own first byte may begin one.
    uint64_t from = split_.find_start ? split_.position - 1 : split_.position;
    begin_ = from;
    header_ = split_.position == 0 && reading.options->format == FileFormat::kCsv && reading.options->csv.header;
    auto bytes = std::make_shared<FileBytes>(reading.storage, split_.path, shown_, from);
    chunks_ = std::make_unique<Prefetch<Chunk>>(*reading.context, [bytes] { return bytes->Next(); });
  }

  Result<State> Read(columns::BufferPool& pool, columns::Batch* batch) override {
    State state = State::kRows;
    for (int records = 0; records < kRecordsPerRead && builder_.rows() < reading_.options->batch_rows &&
                          reading_.errors->dead_letters() < reading_.options->batch_rows;
         ++records) {
      THALWEG_ASSIGN(state, NextRecord());
      if (state != State::kRows) break;
    }
    bool rows = builder_.rows() > 0 || reading_.errors->dead_letters() > 0;
    *batch = builder_.Take();
    if (*batch) AddFileMetadata(*reading_.options, shown_, offsets_, lines_, pool, *batch);
    offsets_.clear();
    lines_.clear();
    return rows ? State::kRows : state;
  }

  const FileSplit& position() const override { return split_; }

 private:
  // Decodes the next record into the builder.
  Result<State> NextRecord() {
    if (split_.position >= split_.end && !split_.find_start) return State::kEnd;
    size_t size = formats::RecordSplitter::kNeedMore;
    while (true) {
      if (!rest_.view().empty()) size = splitter_->Next(rest_.view(), ended_);
      if (size != formats::RecordSplitter::kNeedMore) break;
      if (ended_) return State::kEnd;
      THALWEG_ASSIGN(State fetched, Fetch());
      if (fetched == State::kPending) return fetched;
    }
    std::string_view record = rest_.view().substr(0, size);
    if (!split_.find_start && !header_) THALWEG_TRY(Decode(record));
    header_ = header_ && split_.find_start;
    // The record stays where it is while it is decoded; afterwards the position stands behind it.
    if (split_.line > 0) split_.line += static_cast<uint64_t>(std::count(record.begin(), record.end(), '\n'));
    rest_.begin += size;
    begin_ += size;
    split_.position = begin_;
    split_.find_start = false;
    return State::kRows;
  }

  // More bytes behind what is left of the last chunk.
  Result<State> Fetch() {
    if (rest_.view().size() > reading_.options->max_record_bytes)
      return UserError("Record is longer than {} bytes: {}; it begins {}{}", reading_.options->max_record_bytes,
                       Place(), formats::Escaped(rest_.view()),
                       reading_.options->format == FileFormat::kCsv ? "; is a quote left open?" : "");
    Chunk chunk;
    THALWEG_ASSIGN(auto state, chunks_->Next(&chunk));
    if (state == Prefetch<Chunk>::State::kPending) return State::kPending;
    if (state == Prefetch<Chunk>::State::kEnd) {
      ended_ = true;
      return State::kEnd;
    }
    std::string_view left = rest_.view();
    if (left.size() > chunk.begin) {
      chunk = Chunk::Make(0, left, chunk.view());
    } else if (!left.empty()) {
      chunk.begin -= left.size();
      std::memcpy(chunk.memory.get() + chunk.begin, left.data(), left.size());
    }
    rest_ = std::move(chunk);
    if (begin_ == 0 && split_.position == 0 && rest_.view().starts_with(kByteOrderMark)) {
      rest_.begin += kByteOrderMark.size();
      begin_ += kByteOrderMark.size();
    }
    return State::kRows;
  }

  Status Decode(std::string_view whole) {
    std::string_view record = splitter_->Strip(whole);
    int32_t rows = builder_.rows();
    formats::ParseError error;
    if (!reading_.decoder->Decode(record, builder_, &error)) return reading_.errors->Take(Place(), record, error);
    if (!reading_.options->metadata.empty()) {
      auto added = static_cast<size_t>(builder_.rows() - rows);
      offsets_.insert(offsets_.end(), added, static_cast<int64_t>(begin_));
      lines_.insert(lines_.end(), added, static_cast<int64_t>(split_.line));
    }
    return {};
  }

  // "orders.json:17", or "orders.json, byte 4711" where lines were not counted.
  std::string Place() const {
    return split_.line > 0 ? fmt::format("{}:{}", shown_, split_.line) : fmt::format("{}, byte {}", shown_, begin_);
  }

  FileReading reading_;
  FileSplit split_;
  std::string shown_;
  columns::BatchBuilder builder_;
  std::unique_ptr<formats::RecordSplitter> splitter_;
  std::unique_ptr<Prefetch<Chunk>> chunks_;
  Chunk rest_;                            // from the next record on
  uint64_t begin_ = 0;                    // its place in the uncompressed text
  bool header_ = false;                   // the next record is the line of column names
  bool ended_ = false;                    // no more chunks
  std::vector<int64_t> offsets_, lines_;  // of the builder's rows
};

}  // namespace

Result<std::unique_ptr<FileRows>> OpenTextFile(const FileReading& reading, FileSplit split) {
  return std::unique_ptr<FileRows>(std::make_unique<TextFile>(reading, std::move(split)));
}

}  // namespace thalweg::connectors
