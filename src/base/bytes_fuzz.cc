#include "base/bytes.h"

#include "base/check.h"
#include "testing/fuzz.h"

namespace thalweg {

namespace {

std::string EveryKind() {
  ByteWriter writer;
  writer.U8(1);
  writer.U32(0xdeadbeef);
  writer.Varint(300);
  writer.SignedVarint(-5);
  writer.String("thalweg");
  writer.I64(-1);
  return writer.Take();
}

}  // namespace

// The input's bytes choose the reads: the reader must stay inside, and must stay failed once it has failed.
FUZZ_TARGET(ByteReader, EveryKind(), std::string("\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11)) {
  ByteReader reader(input);
  bool was_failed = false;
  for (size_t step = 0; step <= input.size(); ++step) {
    const size_t before = reader.position();
    switch (input.empty() ? 0 : static_cast<uint8_t>(input[step % input.size()]) % 6) {
      case 0: reader.U8(); break;
      case 1: reader.U32(); break;
      case 2: reader.I64(); break;
      case 3: reader.Varint(); break;
      case 4: reader.SignedVarint(); break;
      case 5: reader.String(); break;
    }
    THALWEG_CHECK(reader.position() >= before && reader.position() <= input.size());
    THALWEG_CHECK(reader.remaining() == input.size() - reader.position());
    THALWEG_CHECK(!was_failed || reader.failed());
    THALWEG_CHECK(reader.failed() == !reader.status().ok());
    was_failed = reader.failed();
  }
}

// What is written is read back, and nothing is left over.
FUZZ_TARGET(ByteRoundTrip, EveryKind()) {
  ByteReader numbers(input);
  ByteWriter writer;
  const uint64_t varint = numbers.Fixed<uint64_t>();
  const int64_t zigzag = numbers.Fixed<int64_t>();
  writer.Varint(varint);
  writer.SignedVarint(zigzag);
  writer.String(input);
  ByteReader reader(writer.view());
  THALWEG_CHECK(reader.Varint() == varint);
  THALWEG_CHECK(reader.SignedVarint() == zigzag);
  THALWEG_CHECK(reader.String() == input);
  THALWEG_CHECK(reader.status().ok() && reader.AtEnd());
}

}  // namespace thalweg
