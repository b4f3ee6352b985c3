// The rows of one file, read ahead on I/O threads.
#pragma once

#include <memory>
#include <string>

#include "columns/null_columns.h"
#include "connectors/file_source.h"
#include "connectors/file_split.h"
#include "flow/context.h"

namespace thalweg::connectors {

/// Task's thread. Never blocks.
class FileRows {
 public:
  virtual ~FileRows() = default;
  enum class State : uint8_t { kRows, kPending, kEnd };
  /// kRows: `batch` has the next rows, `most` or few more, with the metadata columns (or is null: records were passed over). kPending: the Waker will be
  /// woken. kEnd: no more.
  virtual Result<State> Read(int32_t most, columns::BufferPool& pool, columns::Batch* batch) = 0;
  /// Behind the last row that was handed out.
  virtual const FileSplit& position() const = 0;
};

/// What all files of a reader share.
struct FileReading {
  const FileSourceOptions* options;
  std::shared_ptr<io::Storage> storage;
  flow::Context* context;
  types::SchemaPtr decoded;      // the columns of the schema that are read
  columns::NullColumns* nulls;   // in place of the others
  formats::Decoder* decoder;     // text formats
  formats::ParseErrors* errors;  // text formats
  std::string prefix;            // in front of paths in messages and metadata
  std::string folder;            // of the table, in front of its partitions' folders; empty or ends with /
};

Result<std::unique_ptr<FileRows>> OpenTextFile(const FileReading& reading, FileSplit split);
Result<std::unique_ptr<FileRows>> OpenParquetFile(const FileReading& reading, FileSplit split);
Result<std::unique_ptr<FileRows>> OpenAvroFile(const FileReading& reading, FileSplit split);

/// Makes of decoded columns those of the source's rows: adds NULL for the ones that are not read, then what the partition's folder says, then
/// the metadata columns; `offsets` and `lines` have a value per row (line 0: NULL). UserError for a folder whose name is no value of its column.
Status CompleteFileRows(const FileReading& reading, const FileSplit& split, const std::string& path,
                        const std::vector<int64_t>& offsets, const std::vector<int64_t>& lines,
                        columns::BufferPool& pool, columns::Batch& batch);

}  // namespace thalweg::connectors
