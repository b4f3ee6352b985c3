#include "graph/scan_spec.h"

#include <algorithm>

#include "graph/job_graph.h"
#include "graph/row_spec.h"

namespace thalweg::graph {

std::string Encode(const ScanSpec& spec) {
  FieldWriter out;
  for (const expr::Expression& column : spec.columns) out.Nested(1, expr::Encode(column));
  if (spec.watermark) out.Nested(2, expr::Encode(*spec.watermark));
  out.Signed(3, spec.idle_timeout_ms);
  out.Bytes(4, spec.zone);
  if (!spec.alignment_group.empty()) {
    out.Bytes(5, spec.alignment_group);
    out.Signed(6, spec.alignment_max_drift_ms);
    out.Signed(7, spec.alignment_interval_ms);
  }
  for (const ColumnPath& path : spec.reads) out.Nested(8, EncodeColumns(path));
  if (!spec.partition_columns.empty()) out.Nested(9, EncodeColumns(spec.partition_columns));
  if (spec.partitions) out.Nested(10, expr::Encode(*spec.partitions));
  out.Number(11, static_cast<uint64_t>(spec.pace));
  return out.Take();
}

Result<ScanSpec> DecodeScan(std::string_view bytes) {
  FieldReader in(bytes, "scan");
  ScanSpec spec;
  while (in.Next()) {
    switch (in.tag()) {
      case 1: spec.columns.push_back(in.Take(expr::Decode(in.Bytes()))); break;
      case 2: spec.watermark = in.Take(expr::Decode(in.Bytes())); break;
      case 3: spec.idle_timeout_ms = in.Signed(); break;
      case 4: spec.zone = in.String(); break;
      case 5: spec.alignment_group = in.String(); break;
      case 6: spec.alignment_max_drift_ms = in.Signed(); break;
      case 7: spec.alignment_interval_ms = in.Signed(); break;
      case 8: spec.reads.push_back(in.Take(DecodeColumns(in.Bytes()))); break;
      case 9: spec.partition_columns = in.Take(DecodeColumns(in.Bytes())); break;
      case 10: spec.partitions = in.Take(expr::Decode(in.Bytes())); break;
      case 11: spec.pace = in.Enum(ScanSpec::Pace::kEachRise); break;
      default: RefuseField(in, "scan");
    }
  }
  THALWEG_TRY(in.status());
  for (const ColumnPath& path : spec.reads)
    if (path.empty() || std::any_of(path.begin(), path.end(), [](int place) { return place < 0; }))
      return ExternalError("Malformed scan: what is read is no column");
  if (spec.partitions) {
    if (spec.partitions->type().id() != types::TypeId::kBoolean)
      return ExternalError("Malformed scan: its condition is {}", spec.partitions->type().ToString());
    for (int column : expr::InputsOf(*spec.partitions))
      if (std::find(spec.partition_columns.begin(), spec.partition_columns.end(), column) ==
          spec.partition_columns.end())
        return ExternalError("Malformed scan: its condition is not over partitions alone");
  }
  if (spec.watermark) {
    const types::DataType& type = spec.watermark->type();
    const bool time = type.id() == types::TypeId::kTimestamp || type.id() == types::TypeId::kTimestampLtz;
    if (!time || type.precision() > 3) return ExternalError("Malformed scan: its watermark is {}", type.ToString());
  }
  return spec;
}

Result<std::vector<ColumnPath>> ReadsOf(const Node& node) {
  if (node.scan.empty()) return std::vector<ColumnPath>();
  THALWEG_ASSIGN(ScanSpec spec, DecodeScan(node.scan));
  return std::move(spec.reads);
}

bool IsRead(const std::vector<ColumnPath>& reads, const ColumnPath& path) {
  return reads.empty() || std::any_of(reads.begin(), reads.end(), [&](const ColumnPath& read) {
           return std::equal(read.begin(), read.begin() + static_cast<ptrdiff_t>(std::min(read.size(), path.size())),
                             path.begin());
         });
}

}  // namespace thalweg::graph
