#include "bin/line_editor.h"

#include <histedit.h>
#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstring>

namespace thalweg::bin {
namespace {

constexpr int kRemembered = 1000;  // statements, as bash
constexpr size_t kListed = 60;     // completions shown at most: a screen
constexpr size_t kScreen = 100;    // columns of the list

/// libedit drops what the locale has no characters for: a terminal without one of UTF-8 still sends UTF-8.
void ReadUtf8() {
  const char* given = std::setlocale(LC_CTYPE, "");
  if (!given || std::strcmp(nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

/// By which libedit counts: characters, not bytes.
int CharactersOf(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (static_cast<uint8_t>(byte) & 0xc0) != 0x80; }));
}

}  // namespace

struct LineEditor::State {
  EditLine* edit = nullptr;
  History* history = nullptr;
  std::string history_file;
  std::string prompt;
  bool interrupted = false;
  std::function<cli::Completion(std::string_view, std::string_view)> complete;

  ~State() {
    if (edit) el_end(edit);
    if (history) history_end(history);
  }

  static State& Of(EditLine* edit) {
    void* data = nullptr;
    el_get(edit, EL_CLIENTDATA, &data);
    return *static_cast<State*>(data);
  }
  static char* Prompt(EditLine* edit) { return Of(edit).prompt.data(); }

  // Ctrl-C: the line is dropped, the reading ends.
  static unsigned char Interrupt(EditLine* edit, int) {
    State& state = Of(edit);
    state.interrupted = true;
    std::fputs("^C\n", stdout);
    const LineInfo* line = el_line(edit);
    el_cursor(edit, CharactersOf({line->cursor, line->lastchar}));
    el_deletestr(edit, CharactersOf({line->buffer, line->lastchar}));
    return CC_NEWLINE;
  }

  static unsigned char CompleteWord(EditLine* edit, int) {
    const LineInfo* line = el_line(edit);
    const std::string_view before(line->buffer, static_cast<size_t>(line->cursor - line->buffer));
    const std::string_view after(line->cursor, static_cast<size_t>(line->lastchar - line->cursor));
    const cli::Completion found = Of(edit).complete(before, after);
    if (found.words.empty()) return CC_ERROR;
    const size_t typed = before.size() - found.begin;
    std::string word = cli::CommonPrefix(found.words);
    const bool only = found.words.size() == 1;
    if (only && !word.ends_with('(')) word += ' ';
    if (word.size() > typed || only) {
      el_deletestr(edit, CharactersOf(before.substr(found.begin)));
      if (el_insertstr(edit, word.c_str()) != 0) return CC_ERROR;
      return CC_REFRESH;
    }
    List(found.words);
    return CC_REDISPLAY;
  }

  static void List(const std::vector<std::string>& words) {
    size_t width = 0;
    const size_t shown = std::min(words.size(), kListed);
    for (size_t i = 0; i < shown; ++i) width = std::max(width, words[i].size() + 2);
    const size_t columns = std::max<size_t>(1, kScreen / width);
    std::string text = "\n";
    for (size_t i = 0; i < shown; ++i) {
      text += words[i];
      if ((i + 1) % columns == 0 || i + 1 == shown)
        text += '\n';
      else
        text.append(width - words[i].size(), ' ');
    }
    if (words.size() > shown) text += fmt::format("... and {} more\n", words.size() - shown);
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }
};

LineEditor::LineEditor(std::unique_ptr<State> state) : state_(std::move(state)) {}
LineEditor::~LineEditor() = default;

Result<std::unique_ptr<LineEditor>> LineEditor::Open(
    const std::string& history_file, std::function<cli::Completion(std::string_view, std::string_view)> complete) {
  auto state = std::make_unique<State>();
  state->history_file = history_file;
  state->complete = std::move(complete);
  ReadUtf8();
  state->edit = el_init("thalweg", stdin, stdout, stderr);
  state->history = history_init();
  if (!state->edit || !state->history) return ExternalError("The terminal cannot be used for editing lines");
  HistEvent event;
  history(state->history, &event, H_SETSIZE, kRemembered);
  history(state->history, &event, H_SETUNIQUE, 1);
  if (!history_file.empty()) history(state->history, &event, H_LOAD, history_file.c_str());
  EditLine* edit = state->edit;
  el_set(edit, EL_CLIENTDATA, state.get());
  el_set(edit, EL_PROMPT, &State::Prompt);
  el_set(edit, EL_EDITOR, "emacs");
  el_set(edit, EL_HIST, history, state->history);
  el_set(edit, EL_SIGNAL, 0);
  el_set(edit, EL_ADDFN, "thalweg-complete", "Completes a word", &State::CompleteWord);
  el_set(edit, EL_ADDFN, "thalweg-interrupt", "Drops the line", &State::Interrupt);
  el_set(edit, EL_BIND, "^I", "thalweg-complete", nullptr);
  el_set(edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(edit, nullptr);  // the person's ~/.editrc
  // While a line is edited Ctrl-C is a key; while a statement runs it is a signal.
  el_set(edit, EL_SETTY, "-d", "-isig", nullptr);
  el_set(edit, EL_BIND, "^C", "thalweg-interrupt", nullptr);
  return std::unique_ptr<LineEditor>(new LineEditor(std::move(state)));
}

TypedLine LineEditor::Read(const std::string& prompt) {
  state_->prompt = prompt;
  state_->interrupted = false;
  int count = 0;
  el_set(state_->edit, EL_PREP_TERM, 1);  // before the prompt shows: from there on Ctrl-C is a key
  const char* line = el_gets(state_->edit, &count);
  if (state_->interrupted) return {TypedLine::Kind::kInterrupted, ""};
  if (!line || count <= 0) return {TypedLine::Kind::kEnd, ""};
  std::string text(line, static_cast<size_t>(count));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return {TypedLine::Kind::kLine, std::move(text)};
}

void LineEditor::Remember(const std::string& statement) {
  HistEvent event;
  history(state_->history, &event, H_ENTER, statement.c_str());
  if (!state_->history_file.empty()) history(state_->history, &event, H_SAVE, state_->history_file.c_str());
}

}  // namespace thalweg::bin
