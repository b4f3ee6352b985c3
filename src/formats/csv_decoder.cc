#include <cstring>
#include <numeric>
#include <vector>

#include "columns/builder.h"
#include "formats/csv.h"
#include "formats/scalar_text.h"

namespace thalweg::formats {
namespace {

using columns::BatchBuilder;
using columns::ColumnBuilder;
using types::TypeId;

// What a byte means depends on what came before it in the record.
enum class State : uint8_t { kFieldStart, kPlain, kQuoted, kAfterQuote, kComment };

class CsvSplitter final : public RecordSplitter {
 public:
  explicit CsvSplitter(const CsvOptions& options) : options_(options) {
    // A quote that escapes is a doubled one.
    if (!options_.disable_quote_character && options_.escape_character == options_.quote_character)
      options_.escape_character.reset();
  }

  size_t Next(std::string_view bytes, bool at_end) override {
    if (searched_ > bytes.size()) Restart();
    if (searched_ == 0) {
      state_ = options_.allow_comments && bytes[0] == '#' ? State::kComment : State::kFieldStart;
      if (size_t plain = PlainLine(bytes); plain != kNeedMore) return plain;
    }
    for (size_t i = searched_; i < bytes.size(); ++i) {
      if (!Step(bytes[i])) continue;
      Restart();
      return i + 1;
    }
    searched_ = bytes.size();
    if (!at_end) return kNeedMore;
    Restart();
    return bytes.size();
  }

  std::string_view Strip(std::string_view record) const override {
    if (record.ends_with('\n')) record.remove_suffix(1);
    if (record.ends_with('\r')) record.remove_suffix(1);
    return record;
  }

 private:
  void Restart() {
    searched_ = 0;
    escaped_ = false;
  }

  // A line in which no quote and no escape stands needs no second look.
  size_t PlainLine(std::string_view bytes) const {
    const void* end = std::memchr(bytes.data(), '\n', bytes.size());
    if (!end) return kNeedMore;
    auto size = static_cast<size_t>(static_cast<const char*>(end) - bytes.data());
    bool plain = options_.disable_quote_character || !std::memchr(bytes.data(), options_.quote_character, size);
    plain = plain && (!options_.escape_character || !std::memchr(bytes.data(), *options_.escape_character, size));
    return plain || state_ == State::kComment ? size + 1 : kNeedMore;
  }

  // True if `c` ends the record.
  bool Step(char c) {
    if (escaped_) {
      escaped_ = false;
      return false;
    }
    if (state_ != State::kComment && state_ != State::kAfterQuote && options_.escape_character == c) {
      escaped_ = true;
      if (state_ == State::kFieldStart) state_ = State::kPlain;
      return false;
    }
    bool quote = !options_.disable_quote_character && c == options_.quote_character;
    if (state_ == State::kQuoted) {
      if (quote) state_ = State::kAfterQuote;
      return false;
    }
    if (c == '\n') return true;
    if (state_ == State::kComment) return false;
    if (c == options_.field_delimiter)
      state_ = State::kFieldStart;
    else if (quote && state_ != State::kPlain)
      state_ = State::kQuoted;
    else if (!(options_.trim_spaces && c == ' ' && state_ == State::kFieldStart))
      state_ = State::kPlain;
    return false;
  }

  CsvOptions options_;
  size_t searched_ = 0;
  State state_ = State::kFieldStart;
  bool escaped_ = false;
};

class CsvDecoder final : public Decoder {
 public:
  CsvDecoder(types::SchemaPtr schema, const CsvOptions& options, const std::vector<int>& reads)
      : schema_(std::move(schema)), options_(options), reads_(reads) {
    if (!reads_.empty()) return;
    reads_.resize(static_cast<size_t>(schema_->size()));
    std::iota(reads_.begin(), reads_.end(), 0);
  }

  bool Decode(std::string_view record, BatchBuilder& out, ParseError* error) override {
    if (record.empty() || (options_.allow_comments && record[0] == '#')) return true;
    int32_t rows = out.rows();
    error_ = error;
    if (Tokenize(record) && Row(record, out)) [[likely]] {
      out.FinishRow();
      return true;
    }
    out.Rollback(rows);
    error->text = Escaped(record);
    return false;
  }

 private:
  struct Field {
    size_t offset = 0;      // in the record
    std::string_view text;  // in the record, or in scratch_ if it was escaped
    bool quoted = false;
  };

  bool Fail(std::string column, size_t offset, std::string reason) {
    error_->column = std::move(column);
    error_->offset = offset;
    error_->reason = std::move(reason);
    return false;
  }

  bool Tokenize(std::string_view record) {
    fields_.clear();
    scratch_.clear();
    scratch_.reserve(record.size());  // views into it must stay: unescaping never grows a text
    for (size_t at = 0;;) {
      size_t next;
      if (!TakeField(record, at, &next)) return false;
      if (next == record.size()) return true;
      at = next + 1;
      if (at == record.size()) {
        fields_.push_back({at, {}, false});
        return true;
      }
    }
  }

  // The field at `at`; `next` is its delimiter, or the record's end.
  bool TakeField(std::string_view record, size_t at, size_t* next) {
    size_t start = at;
    if (options_.trim_spaces)
      while (start < record.size() && record[start] == ' ') ++start;
    if (!options_.disable_quote_character && start < record.size() && record[start] == options_.quote_character)
      return TakeQuoted(record, start, next);
    if (options_.escape_character) return TakeEscaped(record, start, next);
    const void* end = std::memchr(record.data() + at, options_.field_delimiter, record.size() - at);
    *next = end ? static_cast<size_t>(static_cast<const char*>(end) - record.data()) : record.size();
    std::string_view text = record.substr(start, *next - start);
    while (options_.trim_spaces && text.ends_with(' ')) text.remove_suffix(1);
    fields_.push_back({at, text, false});
    return true;
  }

  bool TakeQuoted(std::string_view record, size_t start, size_t* next) {
    size_t begin = scratch_.size();
    size_t i = start + 1;
    for (;; ++i) {
      if (i >= record.size()) return Fail("", start, "the quote is not closed");
      char c = record[i];
      if (c == options_.escape_character && c != options_.quote_character && i + 1 < record.size()) {
        scratch_.push_back(Unescaped(record[++i]));
      } else if (c != options_.quote_character) {
        scratch_.push_back(c);
      } else if (i + 1 < record.size() && record[i + 1] == c) {
        scratch_.push_back(c);
        ++i;
      } else {
        break;
      }
    }
    size_t after = i + 1;
    while (after < record.size() && record[after] == ' ') ++after;
    if (after < record.size() && record[after] != options_.field_delimiter)
      return Fail("", after, fmt::format("'{}' expected behind the closing quote", options_.field_delimiter));
    fields_.push_back({start, std::string_view(scratch_).substr(begin), true});
    *next = after;
    return true;
  }

  bool TakeEscaped(std::string_view record, size_t start, size_t* next) {
    size_t begin = scratch_.size();
    size_t i = start;
    for (; i < record.size() && record[i] != options_.field_delimiter; ++i) {
      bool escape = record[i] == *options_.escape_character && i + 1 < record.size();
      scratch_.push_back(escape ? Unescaped(record[++i]) : record[i]);
    }
    std::string_view text = std::string_view(scratch_).substr(begin);
    while (options_.trim_spaces && text.ends_with(' ')) text.remove_suffix(1);
    fields_.push_back({start, text, false});
    *next = i;
    return true;
  }

  // As Jackson: the control characters have letters, all else stands for itself.
  static char Unescaped(char c) {
    switch (c) {
      case '0': return '\0';
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      default: return c;
    }
  }

  bool Row(std::string_view record, BatchBuilder& out) {
    auto columns = static_cast<size_t>(schema_->size());
    const bool trailing = fields_.size() == columns + 1 && fields_.back().text.empty() && !fields_.back().quoted;
    if (trailing && options_.allow_trailing_comma) fields_.pop_back();
    if (fields_.size() > columns && !options_.ignore_trailing_unmappable)
      return Fail("", fields_[columns].offset,
                  fmt::format("{} fields for {} columns{}", fields_.size(), columns,
                              trailing ? ": the last is an empty one behind a trailing delimiter" : ""));
    if (fields_.size() < columns && (!options_.ignore_parse_errors || options_.fail_on_missing_columns))
      return Fail("", record.size(), fmt::format("{} fields for {} columns", fields_.size(), columns));
    for (size_t read = 0; read < reads_.size(); ++read) {
      const auto i = static_cast<size_t>(reads_[read]);
      ColumnBuilder& column = out.column(static_cast<int>(read));
      const std::string& name = schema_->field(reads_[read]).name;
      std::optional<std::string> reason;
      size_t offset = i < fields_.size() ? fields_[i].offset : record.size();
      if (i < fields_.size())
        reason = Value(fields_[i].text, fields_[i].quoted, column);
      else
        reason = Null(column);
      if (!reason) continue;
      if (!options_.ignore_parse_errors || !column.type().nullable()) return Fail(name, offset, std::move(*reason));
      column.Truncate(out.rows());
      column.AppendNull();
    }
    return true;
  }

  static std::optional<std::string> Null(ColumnBuilder& out) {
    if (!out.type().nullable()) return "NULL in a NOT NULL column";
    out.AppendNull();
    return std::nullopt;
  }

  std::optional<std::string> Value(std::string_view text, bool quoted, ColumnBuilder& out) {
    if (options_.null_literal == text || (options_.empty_string_as_null && text.empty())) return Null(out);
    TypeId id = out.type().id();
    if (id == TypeId::kArray || id == TypeId::kRow) return Elements(text, out);
    if (text.empty() && id != TypeId::kString && id != TypeId::kBinary && !quoted)
      return NotA(out.type(), text) + "; to read empty fields as NULL set csv.empty-string-as-null or csv.null-literal";
    return AppendScalarText(text, TimestampStandard::kSql, out);
  }

  std::optional<std::string> Elements(std::string_view text, ColumnBuilder& out) {
    bool row = out.type().id() == TypeId::kRow;
    int fields = 0;
    for (size_t at = 0; !text.empty() && at <= text.size(); ++fields) {
      size_t end = std::min(text.find(options_.array_element_delimiter, at), text.size());
      if (row && fields == out.num_children()) return TooMany(out, text);
      if (auto reason = Value(text.substr(at, end - at), false, out.child(row ? fields : 0))) return reason;
      at = end + (end < text.size() ? options_.array_element_delimiter.size() : 1);
    }
    if (row && fields != out.num_children()) return TooMany(out, text);
    out.CloseRow();
    return std::nullopt;
  }

  static std::string TooMany(const ColumnBuilder& out, std::string_view text) {
    return fmt::format("{} fields are needed: '{}'", out.num_children(), Escaped(text, 40));
  }

  types::SchemaPtr schema_;
  CsvOptions options_;
  std::vector<int> reads_;  // column of the schema by the column of the rows
  std::vector<Field> fields_;
  std::string scratch_;
  ParseError* error_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeCsvDecoder(types::SchemaPtr schema, const CsvOptions& options,
                                                const std::vector<int>& reads) {
  THALWEG_TRY(CheckCsv(*schema, options));
  return std::unique_ptr<Decoder>(std::make_unique<CsvDecoder>(std::move(schema), options, reads));
}

std::unique_ptr<RecordSplitter> MakeCsvSplitter(const CsvOptions& options) {
  return std::make_unique<CsvSplitter>(options);
}

}  // namespace thalweg::formats
