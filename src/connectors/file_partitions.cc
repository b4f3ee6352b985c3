#include "connectors/file_partitions.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "columns/format.h"
#include "formats/scalar_text.h"

namespace thalweg::connectors {
namespace {

using types::TypeId;

constexpr std::string_view kEscapedInNames = "\"#%'*/:=?\\\x7f{[]^";

bool IsEscapedInNames(char c) {
  return static_cast<unsigned char>(c) < ' ' || kEscapedInNames.find(c) != std::string_view::npos;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// A character below 256 as UTF-8.
void AppendLatin(int code, std::string& out) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
    return;
  }
  out.push_back(static_cast<char>(0xC0 | (code >> 6)));
  out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
}

bool MakesNames(const types::DataType& type) {
  switch (type.id()) {
    case TypeId::kString:
    case TypeId::kBoolean:
    case TypeId::kTinyInt:
    case TypeId::kSmallInt:
    case TypeId::kInt:
    case TypeId::kBigInt:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDecimal:
    case TypeId::kDate:
    case TypeId::kTimestamp: return true;
    default: return false;
  }
}

/// "dt=.../hour=.../", for messages.
std::string ShapeOfPartitions(const FilePartitions& partitions) {
  std::string shape;
  for (const types::Field& key : partitions.keys) shape += EscapePartitionName(key.name) + "=.../";
  return shape;
}

}  // namespace

Status CheckPartitions(const FilePartitions& partitions) {
  for (const types::Field& key : partitions.keys) {
    if (!MakesNames(key.type))
      return UserError(
          "Partition column '{}' is {}: folders are named by values of STRING, BOOLEAN, numbers, DATE and "
          "TIMESTAMP; CAST it to STRING",
          key.name, key.type.ToString());
    if (key.name.starts_with('_') || key.name.starts_with('.'))
      return UserError("Partition column '{}' begins with '{}': files in a folder of such a name are not read",
                       key.name, key.name[0]);
  }
  return {};
}

std::string EscapePartitionName(std::string_view name) {
  std::string escaped;
  for (char c : name) {
    if (IsEscapedInNames(c))
      fmt::format_to(std::back_inserter(escaped), "%{:02X}", static_cast<unsigned char>(c));
    else
      escaped.push_back(c);
  }
  return escaped;
}

std::string UnescapePartitionName(std::string_view name) {
  std::string plain;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool two = name[i] == '%' && i + 2 < name.size();
    const int high = two ? HexDigit(name[i + 1]) : -1, low = two ? HexDigit(name[i + 2]) : -1;
    if (high < 0 || low < 0) {
      plain.push_back(name[i]);
      continue;
    }
    // As in Java, where it is a character, not a byte.
    AppendLatin(high * 16 + low, plain);
    i += 2;
  }
  return plain;
}

void AppendPartitionFolder(const FilePartitions& partitions, const columns::Batch& batch,
                           const std::vector<int>& places, int32_t row, std::string& out) {
  std::string text;
  for (size_t key = 0; key < partitions.keys.size(); ++key) {
    const columns::Column& column = batch.column(places[key]);
    text.clear();
    if (!column.IsNull(row)) columns::AppendCellText(column, row, text);
    out += EscapePartitionName(partitions.keys[key].name);
    out += '=';
    out += EscapePartitionName(text.empty() ? partitions.default_name : text);
    out += '/';
  }
}

Result<std::vector<PartitionText>> PartitionOfPath(const FilePartitions& partitions, std::string_view path) {
  std::vector<PartitionText> values(partitions.keys.size());
  std::vector<bool> found(values.size());
  // As many folders as there are keys; what lies deeper belongs to the partition, as in Flink.
  std::string_view rest = path;
  for (size_t folder = 0; folder < values.size(); ++folder) {
    const size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    const size_t equals = name.find('=');
    if (slash == std::string_view::npos || equals == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
    const std::string key = UnescapePartitionName(name.substr(0, equals));
    const auto field = std::find_if(partitions.keys.begin(), partitions.keys.end(),
                                    [&](const types::Field& each) { return each.name == key; });
    if (field == partitions.keys.end()) break;
    const auto place = static_cast<size_t>(field - partitions.keys.begin());
    if (found[place]) break;
    found[place] = true;
    std::string value = UnescapePartitionName(name.substr(equals + 1));
    if (value != partitions.default_name) values[place] = std::move(value);
  }
  if (std::find(found.begin(), found.end(), false) != found.end())
    return UserError("File lies in no partition of its table: {}; its path must be {}FILE", path,
                     ShapeOfPartitions(partitions));
  return values;
}

Result<PartitionFilter> PartitionFilter::Make(const FilePartitions& partitions, const expr::Expression& wanted,
                                              const std::string& zone) {
  THALWEG_ASSIGN(expr::Evaluator evaluator, expr::Evaluator::Compile({wanted}));
  expr::Zone found;
  if (!zone.empty()) {
    THALWEG_ASSIGN(found, expr::Zone::Find(zone));
  }
  return PartitionFilter(partitions, std::move(evaluator), std::move(found));
}

bool PartitionFilter::Wants(const std::vector<PartitionText>& values) {
  const Result<bool> wanted = Evaluate(values);
  return !wanted.ok() || *wanted;
}

Result<bool> PartitionFilter::Evaluate(const std::vector<PartitionText>& values) {
  columns::BatchBuilder row(keys_, *pool_, 1);
  for (int key = 0; key < keys_.size(); ++key)
    THALWEG_TRY(AppendPartitionValue(keys_.field(key), values[static_cast<size_t>(key)], row.column(key)));
  row.FinishRow();
  const columns::Batch batch = row.Take();
  int32_t selected = 0;
  THALWEG_ASSIGN(const int32_t count, evaluator_.Select(batch, {.pool = *pool_, .zone = &zone_}, &selected));
  return count > 0;
}

Status AppendPartitionValue(const types::Field& key, const PartitionText& text, columns::ColumnBuilder& out) {
  if (!text) {
    out.AppendNull();
    return {};
  }
  const std::optional<std::string> wrong = formats::AppendScalarText(*text, formats::TimestampStandard::kIso8601, out);
  if (wrong) return UserError("Partition column '{}' has a folder whose name is {}", key.name, *wrong);
  return {};
}

}  // namespace thalweg::connectors
