// CSV as Flink's csv format: RFC 4180 quoting, Flink's options and spellings.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/decoder.h"
#include "formats/encoder.h"

namespace thalweg::formats {

/// Flink's csv.* options by their names.
struct CsvOptions {
  char field_delimiter = ',';
  bool disable_quote_character = false;
  char quote_character = '"';
  std::optional<char> escape_character;
  bool allow_comments = false;                // lines beginning with # are no records
  bool ignore_parse_errors = false;           // a field that does not parse is NULL; too few fields: the rest is NULL
  std::string array_element_delimiter = ";";  // also between the fields of a ROW
  std::optional<std::string> null_literal;
  bool write_bigdecimal_in_scientific_notation = true;
  bool trim_spaces = false;
  bool ignore_trailing_unmappable = false;  // more fields than columns are dropped, not an error
  bool allow_trailing_comma = true;         // a delimiter may end the last field; else it begins one more
  bool fail_on_missing_columns = false;     // too few fields are an error under ignore_parse_errors, too
  bool empty_string_as_null = false;
  bool header = false;  // ours: files begin with a line of column names, written and skipped
};

/// The errors of the makers below.
Status CheckCsv(const types::Schema& schema, const CsvOptions& options);

/// UserError for types CSV cannot hold (MAP, MULTISET, nested beyond one level) and for delimiters that contradict each other.
/// `reads`: the columns, ascending, that the decoder's rows have; other fields are passed over, whatever they hold; empty: all.
Result<std::unique_ptr<Decoder>> MakeCsvDecoder(types::SchemaPtr schema, const CsvOptions& options,
                                                const std::vector<int>& reads = {});
Result<std::unique_ptr<RowEncoder>> MakeCsvEncoder(types::SchemaPtr schema, const CsvOptions& options);
/// Records may hold line ends inside quotes.
std::unique_ptr<RecordSplitter> MakeCsvSplitter(const CsvOptions& options);
/// The line of column names with its line end; names are quoted as texts are.
std::string CsvHeader(const types::Schema& schema, const CsvOptions& options);

}  // namespace thalweg::formats
