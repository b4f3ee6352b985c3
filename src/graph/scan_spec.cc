#include "graph/scan_spec.h"

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
      default: RefuseField(in, "scan");
    }
  }
  THALWEG_TRY(in.status());
  if (spec.watermark) {
    const types::DataType& type = spec.watermark->type();
    const bool time = type.id() == types::TypeId::kTimestamp || type.id() == types::TypeId::kTimestampLtz;
    if (!time || type.precision() > 3) return ExternalError("Malformed scan: its watermark is {}", type.ToString());
  }
  return spec;
}

}  // namespace thalweg::graph
