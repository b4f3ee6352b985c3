// Parquet files: row groups are read on I/O threads, rows become columns on the task's.
#include <algorithm>

#include "columns/gather.h"
#include "connectors/file_rows.h"
#include "connectors/prefetch.h"
#include "formats/parquet.h"

namespace thalweg::connectors {
namespace {

using formats::ParquetRows;

/// On I/O threads, one call at a time.
struct ParquetProducer {
  std::shared_ptr<io::Storage> storage;
  std::string path, shown;
  types::SchemaPtr schema;
  int group;
  int64_t row;
  std::unique_ptr<formats::ParquetReader> reader;

  Result<std::optional<std::shared_ptr<ParquetRows>>> Next() {
    if (!reader) {
      THALWEG_ASSIGN(reader, formats::ParquetReader::Open(storage, path, shown, schema));
    }
    THALWEG_ASSIGN(std::shared_ptr<ParquetRows> rows, reader->Read(group, row));
    if (!rows) return std::optional<std::shared_ptr<ParquetRows>>();
    group = rows->row_group();
    row = rows->first_row() + rows->rows();
    return std::optional<std::shared_ptr<ParquetRows>>(std::move(rows));
  }
};

class ParquetFile final : public FileRows {
 public:
  ParquetFile(const FileReading& reading, FileSplit split)
      : reading_(reading), split_(std::move(split)), shown_(reading.prefix + split_.path) {
    auto producer = std::make_shared<ParquetProducer>(
        ParquetProducer{reading.storage, split_.path, shown_, reading.decoded, static_cast<int>(split_.position),
                        static_cast<int64_t>(split_.line), nullptr});
    rows_ = std::make_unique<Prefetch<std::shared_ptr<ParquetRows>>>(*reading.context,
                                                                     [producer] { return producer->Next(); });
  }

  Result<State> Read(int32_t most, columns::BufferPool& pool, columns::Batch* batch) override {
    if (!rest_) {
      using Fetched = Prefetch<std::shared_ptr<ParquetRows>>::State;
      std::shared_ptr<ParquetRows> rows;
      THALWEG_ASSIGN(Fetched fetched, rows_->Next(&rows));
      if (fetched != Fetched::kReady) return fetched == Fetched::kPending ? State::kPending : State::kEnd;
      THALWEG_ASSIGN(rest_, ToBatch(*rows, pool));
      split_.position = static_cast<uint64_t>(rows->row_group());
      split_.line = static_cast<uint64_t>(rows->first_row());
      taken_ = 0;
    }
    const int32_t left = rest_.rows() - taken_;
    const int32_t count = std::min(most, left);
    const bool all = taken_ == 0 && count == left;
    *batch = all ? std::move(rest_) : columns::Slice(rest_, taken_, count, pool);
    taken_ += count;
    split_.line += static_cast<uint64_t>(count);
    if (count == left) rest_ = columns::Batch();
    return State::kRows;
  }

  const FileSplit& position() const override { return split_; }

 private:
  Result<columns::Batch> ToBatch(const ParquetRows& rows, columns::BufferPool& pool) {
    THALWEG_ASSIGN(columns::Batch batch, rows.ToBatch(0, pool));
    std::vector<int64_t> offsets(static_cast<size_t>(rows.rows())), lines(offsets.size(), 0);
    for (size_t i = 0; i < offsets.size(); ++i) offsets[i] = rows.first_row() + static_cast<int64_t>(i);
    THALWEG_TRY(CompleteFileRows(reading_, split_, shown_, offsets, lines, pool, batch));
    return batch;
  }

  FileReading reading_;
  FileSplit split_;
  std::string shown_;
  std::unique_ptr<Prefetch<std::shared_ptr<ParquetRows>>> rows_;
  columns::Batch rest_;  // from `taken_` on not handed out; null: nothing
  int32_t taken_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileRows>> OpenParquetFile(const FileReading& reading, FileSplit split) {
  return std::unique_ptr<FileRows>(std::make_unique<ParquetFile>(reading, std::move(split)));
}

}  // namespace thalweg::connectors
