#include "connectors/print_sink.h"

#include <cerrno>
#include <cstring>

#include "columns/format.h"

namespace thalweg::connectors {
namespace {

class PrintSink final : public flow::Operator {
 public:
  explicit PrintSink(PrintOptions options) : options_(std::move(options)) {
    if (!options_.stream) options_.stream = std::make_shared<LineStream>(stdout);
    if (!options_.row_text)
      options_.row_text = [](const columns::Batch& batch, int32_t row, std::string* out) {
        *out += columns::RowText(batch, row);
      };
  }

  Status Open(flow::Context& context) override {
    prefix_ = options_.identifier;
    if (context.task().parallelism > 1)
      prefix_ += (prefix_.empty() ? "" : ":") + std::to_string(context.task().subtask + 1);
    if (!prefix_.empty()) prefix_ += "> ";
    return {};
  }

  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    lines_.clear();
    for (int32_t row = rows.next(); row < rows.end(); ++row) {
      lines_ += prefix_;
      options_.row_text(rows.batch(), row, &lines_);
      lines_ += '\n';
    }
    THALWEG_TRY(options_.stream->Write(lines_));
    rows.AdvanceTo(rows.end());
    return flow::Progress::kDone;
  }

 private:
  PrintOptions options_;
  std::string prefix_;
  std::string lines_;
};

class BlackholeSink final : public flow::Operator {
 public:
  Result<flow::Progress> Process(int, flow::Rows& rows, flow::Output&) override {
    rows.AdvanceTo(rows.end());
    return flow::Progress::kDone;
  }
};

}  // namespace

Status LineStream::Write(std::string_view lines) {
  std::lock_guard lock(mutex_);
  if (std::fwrite(lines.data(), 1, lines.size(), file_) == lines.size() && std::fflush(file_) == 0) return {};
  int error = errno;
  std::clearerr(file_);
  return ExternalError("Cannot print rows: {}", std::strerror(error));
}

std::unique_ptr<flow::Operator> MakePrintSink(PrintOptions options) {
  return std::make_unique<PrintSink>(std::move(options));
}

std::unique_ptr<flow::Operator> MakeBlackholeSink() { return std::make_unique<BlackholeSink>(); }

}  // namespace thalweg::connectors
