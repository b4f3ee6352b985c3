// Text files: bytes are read and decompressed on I/O threads, cut into records and decoded on the task's.
#include <algorithm>
#include <cstring>
#include <mutex>

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

/// Memory of the chunks of one file, used again: fresh pages cost as much as reading them. Any thread.
class ChunkMemory {
 public:
  static constexpr size_t kBytes = kHeadroom + kReadBytes + formats::kDecodePadding;

  std::unique_ptr<char[]> Take() {
    std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique_for_overwrite<char[]>(kBytes);
    std::unique_ptr<char[]> memory = std::move(free_.back());
    free_.pop_back();
    return memory;
  }
  void Return(std::unique_ptr<char[]> memory) {
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(memory));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<char[]>>
      free_;  // no more than were in use at once: the prefetched, the read and the next one
};

/// Bytes of a file, with room in front and the decoders' padding behind.
class Chunk {
 public:
  Chunk() = default;
  /// `bytes` behind `front`, with `room` before them. `home` gives the memory if it is large enough.
  Chunk(size_t room, std::string_view front, std::string_view bytes, std::shared_ptr<ChunkMemory> home)
      : begin_(room), end_(room + front.size() + bytes.size()) {
    size_t size = end_ + formats::kDecodePadding;
    if (size <= ChunkMemory::kBytes) home_ = std::move(home);
    memory_ = home_ ? home_->Take() : std::make_unique_for_overwrite<char[]>(size);
    if (!front.empty()) std::memcpy(memory_.get() + room, front.data(), front.size());
    if (!bytes.empty()) std::memcpy(memory_.get() + room + front.size(), bytes.data(), bytes.size());
    std::memset(memory_.get() + end_, 0, formats::kDecodePadding);
  }
  Chunk(Chunk&&) = default;
  Chunk& operator=(Chunk&& other) noexcept {
    std::swap(home_, other.home_);
    std::swap(memory_, other.memory_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    return *this;
  }
  ~Chunk() {
    if (home_ && memory_) home_->Return(std::move(memory_));
  }

  std::string_view view() const { return {memory_.get() + begin_, end_ - begin_}; }
  void RemovePrefix(size_t bytes) { begin_ += bytes; }
  /// This chunk with `front` before it.
  static Chunk Behind(std::string_view front, Chunk chunk) {
    if (front.size() > chunk.begin_) return Chunk(0, front, chunk.view(), nullptr);
    chunk.begin_ -= front.size();
    if (!front.empty()) std::memcpy(chunk.memory_.get() + chunk.begin_, front.data(), front.size());
    return chunk;
  }

 private:
  std::shared_ptr<ChunkMemory> home_;
  std::unique_ptr<char[]> memory_;
  size_t begin_ = 0, end_ = 0;
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
      if (skipped < bytes->size()) return std::optional<Chunk>(Chunk(kHeadroom, {}, bytes->substr(skipped), memory_));
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
  std::shared_ptr<ChunkMemory> memory_ = std::make_shared<ChunkMemory>();
};

class TextFile final : public FileRows {
 public:
  TextFile(const FileReading& reading, FileSplit split)
      : reading_(reading),
        split_(std::move(split)),
        shown_(reading.prefix + split_.path),
        builder_(*reading.decoded, reading.context->pool(), columns::kMaxBatchRows),
        splitter_(reading.options->format == FileFormat::kCsv ? formats::MakeCsvSplitter(reading.options->csv)
                                                              : formats::MakeLineSplitter()) {
    // A piece looks for its first record from the byte before: its own first byte may begin one.
    uint64_t from = split_.find_start ? split_.position - 1 : split_.position;
    begin_ = from;
    header_ = split_.position == 0 && reading.options->format == FileFormat::kCsv && reading.options->csv.header;
    auto bytes = std::make_shared<FileBytes>(reading.storage, split_.path, shown_, from);
    chunks_ = std::make_unique<Prefetch<Chunk>>(*reading.context, [bytes] { return bytes->Next(); });
  }

  Result<State> Read(int32_t most, columns::BufferPool& pool, columns::Batch* batch) override {
    State state = State::kRows;
    // A record may be two rows (an update): one more than are asked for has to fit.
    most = std::min({most, reading_.options->batch_rows, columns::kMaxBatchRows - 1});
    for (int records = 0; records < kRecordsPerRead && builder_.rows() < most && reading_.errors->dead_letters() < most;
         ++records) {
      THALWEG_ASSIGN(state, NextRecord());
      if (state != State::kRows) break;
    }
    bool rows = builder_.rows() > 0 || reading_.errors->dead_letters() > 0;
    *batch = builder_.Take();
    if (*batch) THALWEG_TRY(CompleteFileRows(reading_, split_, shown_, offsets_, lines_, pool, *batch));
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
    if (split_.line > 0) split_.line += Lines(record);
    rest_.RemovePrefix(size);
    begin_ += size;
    split_.position = begin_;
    split_.find_start = false;
    return State::kRows;
  }

  // How many lines end in the record.
  uint64_t Lines(std::string_view record) const {
    if (reading_.options->format != FileFormat::kCsv) return record.ends_with('\n');
    return static_cast<uint64_t>(std::count(record.begin(), record.end(), '\n'));
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
    rest_ = Chunk::Behind(rest_.view(), std::move(chunk));
    if (begin_ == 0 && split_.position == 0 && rest_.view().starts_with(kByteOrderMark)) {
      rest_.RemovePrefix(kByteOrderMark.size());
      begin_ += kByteOrderMark.size();
    }
    return State::kRows;
  }

  Status Decode(std::string_view whole) {
    std::string_view record = splitter_->Strip(whole);
    int32_t rows = builder_.rows();
    if (!reading_.decoder->Decode(record, builder_, &error_)) return reading_.errors->Take(Place(), record, error_);
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
  Chunk rest_;           // from the next record on
  uint64_t begin_ = 0;   // its place in the uncompressed text
  bool header_ = false;  // the next record is the line of column names
  bool ended_ = false;   // no more chunks
  formats::ParseError error_;
  std::vector<int64_t> offsets_, lines_;  // of the builder's rows
};

}  // namespace

Result<std::unique_ptr<FileRows>> OpenTextFile(const FileReading& reading, FileSplit split) {
  return std::unique_ptr<FileRows>(std::make_unique<TextFile>(reading, std::move(split)));
}

}  // namespace thalweg::connectors
