#include "cli/result_table.h"

#include <algorithm>
#include <vector>

#include "cli/display_width.h"
#include "expr/cell_text.h"
#include "formats/csv.h"
#include "formats/json.h"

namespace thalweg::cli {
namespace {

using types::TypeId;

constexpr std::string_view kOp = "op";
constexpr std::string_view kCut = "...";  // at the end of what was cut

/// Columns that a value of `type` takes at most, as Flink counts them; `otherwise` for types without a bound.
size_t WidthOfType(const types::DataType& type, size_t otherwise) {
  const auto precision = static_cast<size_t>(type.precision());
  switch (type.id()) {
    case TypeId::kBoolean: return 5;
    case TypeId::kTinyInt: return 4;
    case TypeId::kSmallInt: return 6;
    case TypeId::kInt: return 11;
    case TypeId::kBigInt: return 20;
    case TypeId::kDecimal: return precision + 2;  // sign and point
    case TypeId::kDate: return 10;
    case TypeId::kTime: return precision == 0 ? 8 : precision + 9;
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: return precision == 0 ? 19 : precision + 20;
    default: return otherwise;
  }
}

/// Values of a row as a table shows them; the kind first, if asked for.
class RowTexts {
 public:
  RowTexts(types::SchemaPtr schema, const ResultOptions& options) : schema_(std::move(schema)), options_(options) {}

  std::vector<std::string> Header() const {
    std::vector<std::string> cells;
    if (options_.changelog) cells.emplace_back(kOp);
    for (const types::Field& field : schema_->fields()) cells.push_back(field.name);
    return cells;
  }
  std::vector<std::string> Row(const columns::Batch& batch, int32_t row) const {
    std::vector<std::string> cells;
    if (options_.changelog) cells.emplace_back(types::RowKindText(batch.kind(row)));
    for (int c = 0; c < batch.num_columns(); ++c) {
      std::string& cell = cells.emplace_back();
      const columns::Column& column = batch.column(c);
      if (column.type.id() == TypeId::kNull || column.IsNull(row))
        cell = options_.null_text;
      else
        expr::AppendPrintedText(column, row, options_.zone, cell);
    }
    return cells;
  }
  const types::Schema& schema() const { return *schema_; }
  const ResultOptions& options() const { return options_; }

 private:
  types::SchemaPtr schema_;
  ResultOptions options_;
};

void AppendBorder(const std::vector<size_t>& widths, std::string* out) {
  for (size_t width : widths) out->append("+-").append(width, '-').append("-");
  out->append("+\n");
}

void AppendLine(const std::vector<std::string>& cells, const std::vector<size_t>& widths, std::string* out) {
  for (size_t i = 0; i < cells.size(); ++i) {
    const size_t width = DisplayWidth(cells[i]);
    out->append("| ");
    if (width <= widths[i]) {
      out->append(widths[i] - width, ' ').append(cells[i]).append(" ");
      continue;
    }
    const size_t kept = widths[i] - kCut.size();
    const std::string_view cut = std::string_view(cells[i]).substr(0, BytesWithin(cells[i], kept));
    out->append(kept - DisplayWidth(cut), ' ').append(cut).append(kCut).append(" ");
  }
  out->append("|\n");
}

void AppendFooter(int64_t rows, std::string* out) {
  if (rows == 0)
    out->append("Empty set\n");
  else
    out->append(fmt::format("{} row{} in set\n", rows, rows == 1 ? "" : "s"));
}

/// Borders and rows as they come.
class TypedTable final : public ResultWriter {
 public:
  explicit TypedTable(RowTexts texts) : texts_(std::move(texts)) {
    const ResultOptions& options = texts_.options();
    if (options.changelog) widths_.push_back(kOp.size());
    for (const types::Field& field : texts_.schema().fields()) {
      const size_t width = WidthOfType(field.type, static_cast<size_t>(options.max_column_width));
      widths_.push_back(std::max({width, options.null_text.size(), DisplayWidth(field.name)}));
    }
  }

  Status Append(const columns::Batch& batch, std::string* out) override {
    if (rows_ == 0 && batch.rows() > 0) {
      AppendBorder(widths_, out);
      AppendLine(texts_.Header(), widths_, out);
      AppendBorder(widths_, out);
    }
    for (int32_t row = 0; row < batch.rows(); ++row) AppendLine(texts_.Row(batch, row), widths_, out);
    rows_ += batch.rows();
    return {};
  }
  void Finish(std::string* out) override {
    if (rows_ > 0) AppendBorder(widths_, out);
    AppendFooter(rows_, out);
  }

 private:
  RowTexts texts_;
  std::vector<size_t> widths_;
  int64_t rows_ = 0;
};

/// A table as wide as what stands in it; so it waits for the last row.
class FittedTable final : public ResultWriter {
 public:
  explicit FittedTable(RowTexts texts) : texts_(std::move(texts)) { Add(texts_.Header()); }

  Status Append(const columns::Batch& batch, std::string*) override {
    for (int32_t row = 0; row < batch.rows(); ++row) Add(texts_.Row(batch, row));
    return {};
  }
  void Finish(std::string* out) override {
    const auto rows = static_cast<int64_t>(lines_.size()) - 1;
    if (rows == 0) return AppendFooter(rows, out);
    for (size_t& width : widths_) width = std::min(width, static_cast<size_t>(texts_.options().max_column_width));
    AppendBorder(widths_, out);
    AppendLine(lines_.front(), widths_, out);
    AppendBorder(widths_, out);
    for (size_t i = 1; i < lines_.size(); ++i) AppendLine(lines_[i], widths_, out);
    AppendBorder(widths_, out);
    AppendFooter(rows, out);
  }

 private:
  void Add(std::vector<std::string> line) {
    widths_.resize(line.size());
    for (size_t i = 0; i < line.size(); ++i) widths_[i] = std::max(widths_[i], DisplayWidth(line[i]));
    lines_.push_back(std::move(line));
  }

  RowTexts texts_;
  std::vector<std::vector<std::string>> lines_;  // the header first
  std::vector<size_t> widths_;
};

class RawText final : public ResultWriter {
 public:
  explicit RawText(RowTexts texts) : texts_(std::move(texts)) {}
  Status Append(const columns::Batch& batch, std::string* out) override {
    for (int32_t row = 0; row < batch.rows(); ++row)
      out->append(fmt::format("{}\n", fmt::join(texts_.Row(batch, row), ", ")));
    return {};
  }
  void Finish(std::string*) override {}

 private:
  RowTexts texts_;
};

/// A line of names, then a line for each row; the kind is the first column.
class CsvResult final : public ResultWriter {
 public:
  CsvResult(std::unique_ptr<formats::RowEncoder> encoder, std::string header, bool changelog)
      : encoder_(std::move(encoder)), header_(std::move(header)), changelog_(changelog) {}
  Status Append(const columns::Batch& batch, std::string* out) override {
    AppendHeader(out);
    for (int32_t row = 0; row < batch.rows(); ++row) {
      if (changelog_) out->append(types::RowKindText(batch.kind(row))).append(",");
      THALWEG_TRY(encoder_->Encode(batch, row, out));
      out->append("\n");
    }
    return {};
  }
  void Finish(std::string* out) override { AppendHeader(out); }

 private:
  void AppendHeader(std::string* out) {
    if (header_.empty()) return;
    if (changelog_) out->append(kOp).append(",");
    out->append(header_);
    header_.clear();
  }

  std::unique_ptr<formats::RowEncoder> encoder_;
  std::string header_;  // empty: it stands there
  bool changelog_;
};

/// An object a line; the kind is its first member.
class JsonResult final : public ResultWriter {
 public:
  JsonResult(std::unique_ptr<formats::RowEncoder> encoder, bool changelog)
      : encoder_(std::move(encoder)), changelog_(changelog) {}
  Status Append(const columns::Batch& batch, std::string* out) override {
    for (int32_t row = 0; row < batch.rows(); ++row) {
      object_.clear();
      THALWEG_TRY(encoder_->Encode(batch, row, &object_));
      if (changelog_)
        out->append(fmt::format(R"({{"{}":"{}",{})", kOp, types::RowKindText(batch.kind(row)), object_.substr(1)));
      else
        out->append(object_);
      out->append("\n");
    }
    return {};
  }
  void Finish(std::string*) override {}

 private:
  std::unique_ptr<formats::RowEncoder> encoder_;
  bool changelog_;
  std::string object_;
};

std::unique_ptr<ResultWriter> MakeTable(types::SchemaPtr schema, const ResultOptions& options) {
  RowTexts texts(std::move(schema), options);
  switch (options.style) {
    case ResultOptions::Style::kByType: return std::make_unique<TypedTable>(std::move(texts));
    case ResultOptions::Style::kByContent: return std::make_unique<FittedTable>(std::move(texts));
    case ResultOptions::Style::kRaw: return std::make_unique<RawText>(std::move(texts));
  }
  THALWEG_CHECK(false);
  return nullptr;
}

}  // namespace

Result<OutputFormat> ParseOutputFormat(std::string_view name) {
  if (name == "table") return OutputFormat::kTable;
  if (name == "csv") return OutputFormat::kCsv;
  if (name == "jsonl") return OutputFormat::kJsonl;
  return UserError("Not one of the formats of results: '{}'; write one of: table, csv, jsonl", name);
}

Result<std::unique_ptr<ResultWriter>> MakeResultWriter(types::SchemaPtr schema, const ResultOptions& options) {
  THALWEG_CHECK(options.max_column_width >= static_cast<int>(kCut.size()) + 1);
  switch (options.format) {
    case OutputFormat::kTable: return MakeTable(std::move(schema), options);
    case OutputFormat::kCsv: {
      std::string header = formats::CsvHeader(*schema, {});
      THALWEG_ASSIGN(auto encoder, formats::MakeCsvEncoder(std::move(schema), {}));
      return std::unique_ptr<ResultWriter>(
          std::make_unique<CsvResult>(std::move(encoder), std::move(header), options.changelog));
    }
    case OutputFormat::kJsonl: {
      // A result has no option to say so: a NULL key is written as what it looks like.
      auto encoder =
          formats::MakeJsonEncoder(std::move(schema), {.map_null_key_mode = formats::MapNullKeyMode::kLiteral});
      if (!encoder.ok()) return UserError("{}; table shows it", encoder.status().message());
      return std::unique_ptr<ResultWriter>(std::make_unique<JsonResult>(*std::move(encoder), options.changelog));
    }
  }
  THALWEG_CHECK(false);
  return InternalError("No such format");
}

}  // namespace thalweg::cli
