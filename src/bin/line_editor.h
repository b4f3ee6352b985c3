// A line of a person at a terminal: editing, history, completion. By libedit, which stays in the source.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "cli/completion.h"

namespace thalweg::bin {

/// What a call of LineEditor::Read ended with.
struct TypedLine {
  enum class Kind : uint8_t { kLine, kInterrupted, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;  // of kLine, without the line end; a recalled entry may have several lines
};

/// One per process, one thread.
class LineEditor {
 public:
  /// `complete` is asked at Tab, with what stands before and behind the cursor. `history_file`: read now; "": none.
  static Result<std::unique_ptr<LineEditor>> Open(
      const std::string& history_file,
      std::function<cli::Completion(std::string_view before, std::string_view after)> complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// Blocks. Ctrl-C drops the line, Ctrl-D on an empty one is the end.
  TypedLine Read(const std::string& prompt);
  /// Adds a statement, of any number of lines, and saves the history. A file that cannot be written is passed over: nobody asked for it.
  void Remember(const std::string& statement);

 private:
  struct State;
  explicit LineEditor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thalweg::bin
