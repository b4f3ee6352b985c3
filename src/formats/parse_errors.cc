#include "formats/parse_errors.h"

#include "formats/text.h"

namespace thalweg::formats {

types::SchemaPtr DeadLetterSchema() {
  using types::TypeId;
  static const types::SchemaPtr schema = std::make_shared<const types::Schema>(
      std::vector<types::Field>{{"raw", types::DataType(TypeId::kBinary, false)},
                                {"place", types::DataType(TypeId::kString, false)},
                                {"column", types::DataType(TypeId::kString)},
                                {"reason", types::DataType(TypeId::kString, false)}});
  return schema;
}

ParseErrors::ParseErrors(ParseErrorPolicy policy, columns::BufferPool& pool) : policy_(policy), pool_(&pool) {}

Status ParseErrors::Take(std::string_view place, std::string_view record, const ParseError& error) {
  if (policy_ == ParseErrorPolicy::kFail) return UserError("Cannot parse {}: {}", place, error.ToString());
  Keep(place, record, error.column, error.reason);
  return {};
}

Status ParseErrors::TakeUnfit(std::string_view place, std::string_view record, std::string_view reason) {
  if (policy_ == ParseErrorPolicy::kFail)
    return UserError("Cannot take {}: {}{}", place, reason, record.empty() ? "" : "; record: " + Escaped(record));
  Keep(place, record, "", reason);
  return {};
}

void ParseErrors::Keep(std::string_view place, std::string_view record, std::string_view column,
                       std::string_view reason) {
  ++count_;
  if (policy_ == ParseErrorPolicy::kSkip) return;
  // Every record of a batch may be bad: the letters have as much room as a batch.
  if (!letters_)
    letters_ = std::make_unique<columns::BatchBuilder>(*DeadLetterSchema(), *pool_, columns::kMaxBatchRows);
  letters_->column(0).AppendString(record);
  letters_->column(1).AppendString(place);
  if (column.empty())
    letters_->column(2).AppendNull();
  else
    letters_->column(2).AppendString(column);
  letters_->column(3).AppendString(reason);
  letters_->FinishRow();
}

int32_t ParseErrors::dead_letters() const { return letters_ ? letters_->rows() : 0; }

columns::Batch ParseErrors::TakeDeadLetters() { return letters_ ? letters_->Take() : columns::Batch(); }

}  // namespace thalweg::formats
