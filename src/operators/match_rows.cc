#include "operators/match_rows.h"

#include <algorithm>
#include <utility>

#include "operators/row_times.h"
#include "operators/stored_row.h"

namespace thalweg::operators {

void MatchRows::Open(state::Table<std::string> rows, columns::BufferPool& pool) {
  rows_ = rows;
  pool_ = &pool;
}

void MatchRows::SetKey(const state::KeyView& key) {
  key_ = key;
  decoded_.clear();
  SetCurrent(nullptr, 0, -1);
}

void MatchRows::SetCurrent(const columns::Batch* batch, int32_t row, int64_t number) {
  current_ = batch;
  current_row_ = row;
  current_number_ = number;
}

void MatchRows::KeepCurrent() {
  std::string& bytes = rows_.FindOrCreate(key_, TimeBytes(current_number_).view());
  bytes.clear();
  AppendStoredRow(*current_, current_row_, bytes);
}

void MatchRows::Forget(int64_t from, int64_t to) {
  for (int64_t number = from; number < to; ++number) {
    rows_.Erase(key_, TimeBytes(number).view());
    decoded_.erase(number);
  }
}

MatchRows::Place MatchRows::At(int64_t number) {
  if (number == current_number_) return {current_, current_row_};
  auto found = decoded_.find(number);
  if (found == decoded_.end()) found = decoded_.emplace(number, Together({number})).first;
  return {&found->second, 0};
}

columns::Batch MatchRows::Together(const std::vector<int64_t>& numbers) {
  columns::BatchBuilder builder(schema_, *pool_, std::max(1, static_cast<int32_t>(numbers.size())));
  for (int64_t number : numbers) {
    if (number == current_number_) {
      for (int column = 0; column < schema_.size(); ++column)
        builder.column(column).AppendRows(current_->column(column), &current_row_, 1);
    } else {
      const std::string* bytes = rows_.Find(key_, TimeBytes(number).view());
      THALWEG_CHECK(bytes, "Row {} of a match is gone", number);
      ReadStoredRow(*bytes, builder, 0, schema_.size());
    }
    builder.FinishRow();
  }
  return builder.Take();
}

int64_t RunRows::Count(int variable) const {
  int64_t count = current >= 0 && (variable < 0 || variable == current) ? 1 : 0;
  if (segments)
    for (const cep::Segment& segment : *segments)
      if (variable < 0 || segment.stage == variable) count += segment.count;
  return count;
}

int64_t RunRows::At(int variable, int64_t place) const {
  if (segments)
    for (const cep::Segment& segment : *segments) {
      if (variable >= 0 && segment.stage != variable) continue;
      if (place < segment.count) return segment.first + place;
      place -= segment.count;
    }
  return number;
}

std::vector<int64_t> RunRows::All(int variable) const {
  std::vector<int64_t> all;
  if (segments)
    for (const cep::Segment& segment : *segments)
      if (variable < 0 || segment.stage == variable)
        for (int64_t row = 0; row < segment.count; ++row) all.push_back(segment.first + row);
  if (current >= 0 && (variable < 0 || variable == current)) all.push_back(number);
  return all;
}

Result<MatchReads> MatchReads::Make(std::vector<graph::MatchRead> reads, const types::Schema& input) {
  MatchReads made;
  for (const graph::MatchRead& read : reads) {
    made.types_.push_back(graph::TypeOf(read, input));
    Aggregate& aggregate = made.aggregates_.emplace_back();
    if (read.kind != graph::MatchRead::Kind::kAggregate) continue;
    THALWEG_ASSIGN(aggregate.layout, AggregateLayout::Make(input, {read.call}, {}));
    aggregate.group = std::make_unique<AggregateObject>(*aggregate.layout);
  }
  made.reads_ = std::move(reads);
  return made;
}

Status MatchReads::Append(const RunRows& run, MatchRows& rows, int64_t time_ms, columns::BatchBuilder& out, int first) {
  for (size_t i = 0; i < reads_.size(); ++i) {
    const graph::MatchRead& read = reads_[i];
    columns::ColumnBuilder& column = out.column(first + static_cast<int>(i));
    if (read.kind == graph::MatchRead::Kind::kTime) {
      column.Append<int64_t>(time_ms);
      continue;
    }
    if (read.kind == graph::MatchRead::Kind::kAggregate) {
      THALWEG_TRY(AppendAggregate(i, run, rows, column));
      continue;
    }
    const int64_t count = run.Count(read.variable);
    if (read.offset >= count) {
      column.AppendNull();
      continue;
    }
    const bool from_first = read.kind == graph::MatchRead::Kind::kFirst;
    const MatchRows::Place place = rows.At(run.At(read.variable, from_first ? read.offset : count - 1 - read.offset));
    column.AppendRows(place.batch->column(read.column), &place.row, 1);
  }
  return {};
}

Status MatchReads::AppendAggregate(size_t read, const RunRows& run, MatchRows& rows, columns::ColumnBuilder& out) {
  AggregateLayout& layout = *aggregates_[read].layout;
  AggregateObject& group = *aggregates_[read].group;
  group.Clear();
  std::byte* block = group.block();
  const std::vector<int64_t> numbers = run.All(reads_[read].variable);
  if (!numbers.empty()) {
    const columns::Batch batch = rows.Together(numbers);
    const auto count = batch.rows();
    std::vector<int32_t> places(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; ++i) places[static_cast<size_t>(i)] = i;
    const std::vector<std::byte*> groups(static_cast<size_t>(count), block);
    const std::vector<uint8_t> ops(static_cast<size_t>(count), kAddRow);
    AggregateLayout::RowCount(block) += count;
    layout.Update({.batch = &batch, .rows = places.data(), .count = count, .groups = groups.data(), .ops = ops.data()});
  }
  layout.AppendResult(block, 0, out);
  return layout.status();
}

}  // namespace thalweg::operators
