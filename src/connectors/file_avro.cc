// Avro's container files: blocks are read on I/O threads, rows become columns on the task's. A split's `position` is the byte of its
// block, `line` the row in it.
#include <algorithm>

#include "connectors/file_rows.h"
#include "connectors/prefetch.h"
#include "formats/parse_avro_file.h"

namespace thalweg::connectors {
namespace {

using formats::AvroBlock;

/// On I/O threads, one call at a time.
struct AvroProducer {
  std::shared_ptr<io::Storage> storage;
  std::string path, shown;
  uint64_t offset;
  std::unique_ptr<formats::AvroFileReader> reader;

  Result<std::optional<std::shared_ptr<AvroBlock>>> Next() {
    if (!reader) {
      THALWEG_ASSIGN(reader, formats::AvroFileReader::Open(storage, path, shown));
    }
    THALWEG_ASSIGN(std::optional<AvroBlock> block, reader->Read(offset));
    if (!block) return std::optional<std::shared_ptr<AvroBlock>>();
    offset = reader->next();
    return std::optional(std::make_shared<AvroBlock>(*std::move(block)));
  }
};

class AvroFile final : public FileRows {
 public:
  AvroFile(const FileReading& reading, FileSplit split)
      : reading_(reading), split_(std::move(split)), shown_(reading.prefix + split_.path) {
    auto producer =
        std::make_shared<AvroProducer>(AvroProducer{reading.storage, split_.path, shown_, split_.position, nullptr});
    blocks_ = std::make_unique<Prefetch<std::shared_ptr<AvroBlock>>>(*reading.context,
                                                                     [producer] { return producer->Next(); });
    skip_ = split_.line;
  }

  Result<State> Read(int32_t most, columns::BufferPool& pool, columns::Batch* batch) override {
    if (!block_ || row_ == static_cast<uint64_t>(block_->rows)) {
      using Fetched = Prefetch<std::shared_ptr<AvroBlock>>::State;
      THALWEG_ASSIGN(Fetched fetched, blocks_->Next(&block_));
      if (fetched != Fetched::kReady) return fetched == Fetched::kPending ? State::kPending : State::kEnd;
      THALWEG_TRY(Begin(pool));
    }
    columns::BatchBuilder builder(*reading_.options->schema, pool);
    std::vector<int64_t> offsets, lines;
    while (row_ < static_cast<uint64_t>(block_->rows) && builder.rows() < most && !builder.full()) {
      offsets.push_back(static_cast<int64_t>(row_));
      lines.push_back(0);
      THALWEG_TRY(Take(builder));
    }
    split_.line = row_;
    *batch = builder.Take();
    if (*batch) THALWEG_TRY(CompleteFileRows(reading_, split_, shown_, offsets, lines, pool, *batch));
    return State::kRows;
  }

  const FileSplit& position() const override { return split_; }

 private:
  /// A block that has come: what was read of it before a restart is passed over.
  Status Begin(columns::BufferPool& pool) {
    if (!reader_) {
      auto reader = formats::AvroReader::Make(block_->writer, reading_.options->schema);
      THALWEG_TRY(reader.status().WithContext(shown_));
      reader_ = *std::move(reader);
    }
    rest_ = block_->bytes;
    row_ = 0;
    split_.position = block_->offset;
    columns::BatchBuilder passed(*reading_.options->schema, pool);
    for (; skip_ > 0 && row_ < static_cast<uint64_t>(block_->rows); --skip_) {
      THALWEG_TRY(Take(passed));
      passed.Rollback(0);
    }
    skip_ = 0;
    return {};
  }
  Status Take(columns::BatchBuilder& builder) {
    formats::ParseError error;
    if (!reader_->Read(&rest_, builder, &error))
      return UserError("{}, row {} of the block at byte {}: {}", shown_, row_, block_->offset, error.ToString());
    ++row_;
    return {};
  }

  FileReading reading_;
  FileSplit split_;
  std::string shown_;
  std::unique_ptr<Prefetch<std::shared_ptr<AvroBlock>>> blocks_;
  std::unique_ptr<formats::AvroReader> reader_;
  std::shared_ptr<AvroBlock> block_;
  std::string_view rest_;  // of the block
  uint64_t row_ = 0;       // the next, in the block
  uint64_t skip_ = 0;      // rows of the first block that were read before
};

}  // namespace

Result<std::unique_ptr<FileRows>> OpenAvroFile(const FileReading& reading, FileSplit split) {
  return std::unique_ptr<FileRows>(std::make_unique<AvroFile>(reading, std::move(split)));
}

}  // namespace thalweg::connectors
