// For tests: decode texts, print rows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "columns/builder.h"
#include "columns/format.h"
#include "formats/decoder.h"
#include "formats/encoder.h"

namespace thalweg::formats {

inline types::SchemaPtr MakeSchema(std::vector<types::Field> fields) {
  return std::make_shared<const types::Schema>(std::move(fields));
}

/// Text with the padding that decoders need, freshly allocated, so that the sanitizer sees what is read beyond it.
class Padded {
 public:
  explicit Padded(std::string_view text) : size_(text.size()), bytes_(new char[text.size() + kDecodePadding]()) {
    if (size_) std::copy(text.begin(), text.end(), bytes_.get());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  size_t size_;
  std::unique_ptr<char[]> bytes_;
};

/// Rows of `records` as text, "error: ..." for those that do not parse.
inline std::vector<std::string> DecodeAll(Decoder& decoder, const types::Schema& schema,
                                          const std::vector<std::string>& records) {
  columns::BufferPool pool;
  std::vector<std::string> texts;
  for (const std::string& record : records) {
    columns::BatchBuilder builder(schema, pool);
    ParseError error;
    if (!decoder.Decode(Padded(record).view(), builder, &error)) texts.push_back("error: " + error.ToString());
    columns::Batch batch = builder.Take();
    for (int32_t row = 0; row < batch.rows(); ++row) texts.push_back(columns::RowText(batch, row));
  }
  return texts;
}

/// What decoding `record` and encoding the row again gives.
inline std::string Recode(Decoder& decoder, RowEncoder& encoder, const types::Schema& schema,
                          const std::string& record) {
  columns::BufferPool pool;
  columns::BatchBuilder builder(schema, pool);
  ParseError error;
  if (!decoder.Decode(Padded(record).view(), builder, &error)) return "error: " + error.ToString();
  columns::Batch batch = builder.Take();
  std::string out;
  for (int32_t row = 0; row < batch.rows(); ++row)
    if (Status status = encoder.Encode(batch, row, &out); !status.ok()) return "error: " + status.message();
  return out;
}

}  // namespace thalweg::formats
