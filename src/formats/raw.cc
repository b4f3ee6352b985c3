#include "formats/raw.h"

#include "columns/builder.h"

namespace thalweg::formats {
namespace {

Status Check(const types::Schema& schema) {
  if (schema.size() == 1 && schema.field(0).type.is_variable()) return {};
  return UserError("Format raw needs one column of STRING or BYTES, the schema is {}", schema.ToString());
}

class RawDecoder final : public Decoder {
 public:
  bool Decode(std::string_view record, columns::BatchBuilder& out, ParseError*) override {
    out.column(0).AppendString(record);
    out.FinishRow();
    return true;
  }
};

class RawEncoder final : public RowEncoder {
 public:
  Status Encode(const columns::Batch& batch, int32_t row, std::string* out) override {
    if (!batch.column(0).IsNull(row)) out->append(batch.column(0).String(row));
    return {};
  }
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeRawDecoder(types::SchemaPtr schema) {
  THALWEG_TRY(Check(*schema));
  return std::unique_ptr<Decoder>(std::make_unique<RawDecoder>());
}

Result<std::unique_ptr<RowEncoder>> MakeRawEncoder(types::SchemaPtr schema) {
  THALWEG_TRY(Check(*schema));
  return std::unique_ptr<RowEncoder>(std::make_unique<RawEncoder>());
}

}  // namespace thalweg::formats
