// What happens to a record that does not parse: the user's choice.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "columns/builder.h"
#include "formats/decoder.h"

namespace thalweg::formats {

enum class ParseErrorPolicy : uint8_t {
  kFail,        // the job fails, with place, column and the start of the text
  kSkip,        // the record is dropped and counted
  kDeadLetter,  // the record goes to a side output, and is counted
};

constexpr std::string_view ParseErrorPolicyName(ParseErrorPolicy policy) {
  constexpr std::string_view kNames[] = {"fail", "skip", "dead-letter"};
  return kNames[static_cast<size_t>(policy)];
}

/// Columns of dead letters: raw BYTES, place STRING, column STRING, reason STRING.
types::SchemaPtr DeadLetterSchema();

/// One per reader; one thread.
class ParseErrors {
 public:
  ParseErrors(ParseErrorPolicy policy, columns::BufferPool& pool);

  /// `place`: "orders.json:17" or "topic orders, partition 3, offset 1042". A UserError under kFail, else ok.
  Status Take(std::string_view place, std::string_view record, const ParseError& error);
  /// A record that parsed, but does not fit what the program wants of it. `record` may be empty: no longer known.
  Status TakeUnfit(std::string_view place, std::string_view record, std::string_view reason);
  /// Records dropped or sent to the side.
  int64_t count() const { return count_; }
  int32_t dead_letters() const;
  /// Those gathered so far; null if none.
  columns::Batch TakeDeadLetters();

 private:
  void Keep(std::string_view place, std::string_view record, std::string_view column, std::string_view reason);

  ParseErrorPolicy policy_;
  columns::BufferPool* pool_;
  std::unique_ptr<columns::BatchBuilder> letters_;
  int64_t count_ = 0;
};

}  // namespace thalweg::formats
