// KeyEncoder: the canonical bytes (types/key_encoding.h) and hashes of the key columns of a batch.
#pragma once

#include <string>
#include <vector>

#include "columns/batch.h"
#include "columns/builder.h"
#include "types/key_encoding.h"

namespace thalweg::columns {

/// Appends the canonical bytes of one value. OBJECT: its codec's bytes (the type must have a codec).
void AppendCellKey(const Column& column, int32_t row, std::string& out);
/// Appends the same bytes, but -0 stays what it is: for values that are kept to be shown again. ReadCellKey reads them, too.
void AppendCellValue(const Column& column, int32_t row, std::string& out);

/// The canonical keys of rows [from, batch.rows()) made of the columns from `first_column` on, one behind another: that of row
/// from + i is bytes [offsets[i], offsets[i + 1]). What was in `bytes` and `offsets` goes; beyond the last offset `bytes` may hold
/// anything.
void EncodeKeys(const Batch& batch, int first_column, int32_t from, std::string& bytes, std::vector<uint32_t>& offsets);

/// Reads one value written by AppendCellKey or AppendCellValue and appends it to `out`, also NULL if hostile bytes say so of a NOT NULL type. If the
/// reader failed, what was appended is unspecified. Not for OBJECT.
void ReadCellKey(types::KeyReader& in, ColumnBuilder& out);

/// Made once per edge or operator; one thread.
class KeyEncoder {
 public:
  /// The key's types and where its columns stand in the batches, in key order.
  KeyEncoder(const std::vector<types::DataType>& types, std::vector<int> columns);

  /// Appends the key of `row`.
  void Encode(const Batch& batch, int32_t row, std::string& out) const {
    for (int column : columns_) AppendCellKey(batch.column(column), row, out);
  }
  /// Fills the batch's key_hashes: Hash64 of each row's key. The batch may share its columns.
  void FillHashes(Batch& batch, BufferPool& pool);

 private:
  enum class Form { kGeneral, kInt, kBigInt, kString };

  std::vector<int> columns_;
  Form form_ = Form::kGeneral;
  std::string scratch_;
};

}  // namespace thalweg::columns
