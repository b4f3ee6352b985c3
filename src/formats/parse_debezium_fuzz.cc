#include <cstring>

#include "columns/builder.h"
#include "formats/parse_debezium.h"
#include "testing/fuzz.h"

namespace thalweg::formats {

// Any bytes are changes, or an error that leaves the batch as it was.
FUZZ_TARGET(DebeziumEvent, R"({"before":{"a":1,"b":"x"},"after":{"a":2,"b":null},"op":"u"})",
            R"([{"after":{"a":1},"op":"c"},{"before":{"a":1},"op":"d"}])") {
  auto schema = std::make_shared<const types::Schema>(
      types::Schema({{"a", types::DataType(types::TypeId::kInt)}, {"b", types::DataType(types::TypeId::kString)}}));
  auto decoder = *MakeDebeziumDecoder(schema, {});
  columns::BufferPool pool;
  columns::BatchBuilder out(*schema, pool);
  std::string padded(input);
  padded.append(kDecodePadding, '\0');
  ParseError error;
  if (!decoder->Decode(std::string_view(padded).substr(0, input.size()), out, &error)) THALWEG_CHECK(out.rows() == 0);
  THALWEG_CHECK(out.Take().rows() >= 0);
}

}  // namespace thalweg::formats
