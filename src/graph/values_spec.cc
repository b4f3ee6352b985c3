#include "graph/values_spec.h"

#include "graph/row_spec.h"

namespace thalweg::graph {

std::string Encode(const ValuesSpec& spec) {
  FieldWriter out;
  for (const std::string& batch : spec.batches) out.Nested(1, batch);
  return out.Take();
}

Result<ValuesSpec> DecodeValues(std::string_view bytes) {
  FieldReader in(bytes, "values");
  ValuesSpec spec;
  while (in.Next()) {
    if (in.tag() == 1)
      spec.batches.push_back(in.String());
    else
      RefuseField(in, "values");
  }
  THALWEG_TRY(in.status());
  return spec;
}

}  // namespace thalweg::graph
