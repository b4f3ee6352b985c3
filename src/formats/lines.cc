#include <cstring>

#include "formats/decoder.h"
#include "formats/encoder.h"
#include "formats/text.h"

#include <fmt/format.h>

namespace thalweg::formats {
namespace {

class LineSplitter final : public RecordSplitter {
 public:
  size_t Next(std::string_view bytes, bool at_end) override {
    size_t from = searched_ <= bytes.size() ? searched_ : 0;
    if (const void* end = std::memchr(bytes.data() + from, '\n', bytes.size() - from)) {
      searched_ = 0;
      return static_cast<size_t>(static_cast<const char*>(end) - bytes.data()) + 1;
    }
    searched_ = at_end ? 0 : bytes.size();
    return at_end ? bytes.size() : kNeedMore;
  }

  std::string_view Strip(std::string_view record) const override {
    if (record.ends_with('\n')) record.remove_suffix(1);
    if (record.ends_with('\r')) record.remove_suffix(1);
    return record;
  }

 private:
  size_t searched_ = 0;  // of the record that begins the bytes
};

class LineEncoder final : public FileEncoder {
 public:
  explicit LineEncoder(std::unique_ptr<RowEncoder> encoder) : encoder_(std::move(encoder)) {}
  Status Append(const columns::Batch& batch, int32_t from, int32_t to, std::string* out) override {
    for (int32_t row = from; row < to; ++row) {
      THALWEG_TRY(encoder_->Encode(batch, row, out));
      out->push_back('\n');
    }
    return {};
  }
  Status Finish(std::string*) override { return {}; }

 private:
  std::unique_ptr<RowEncoder> encoder_;
};

}  // namespace

std::string ParseError::ToString() const {
  std::string place =
      column.empty() ? fmt::format("byte {}", offset) : fmt::format("column '{}' at byte {}", column, offset);
  return fmt::format("{}: {}; record: {}", place, reason, text);
}

std::unique_ptr<RecordSplitter> MakeLineSplitter() { return std::make_unique<LineSplitter>(); }

std::unique_ptr<FileEncoder> MakeLineEncoder(std::unique_ptr<RowEncoder> encoder) {
  return std::make_unique<LineEncoder>(std::move(encoder));
}

}  // namespace thalweg::formats
