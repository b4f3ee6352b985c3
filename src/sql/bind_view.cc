// A view where it is used: its query is bound anew against what the catalog has now, with the columns that it had when it was made.
#include <algorithm>

#include "expr/functions.h"
#include "expr/type_rules.h"
#include "sql/binder.h"

namespace thalweg::sql {

using expr::Expression;

/// Inside a view no common tables of the query around it are known, and names go by the view. Left by errors, too: some are caught.
struct Binder::InView {
  InView(Binder& in, TablePtr view) : binder(in), common_tables(std::exchange(in.common_tables_, {})) {
    binder.views_.push_back(std::move(view));
  }
  ~InView() {
    binder.views_.pop_back();
    binder.common_tables_ = std::move(common_tables);
  }
  InView(const InView&) = delete;
  InView& operator=(const InView&) = delete;

  Binder& binder;
  std::vector<std::map<std::string, PlanPtr>> common_tables;
};

PlanPtr Binder::BindView(const TablePtr& view, const Position& at) {
  constexpr size_t kMostViews = 64;
  const std::string name = view->path.ToString();
  if (std::any_of(views_.begin(), views_.end(), [&](const TablePtr& around) { return around->path == view->path; }))
    FailAt(at, fmt::format("View {} refers to itself", name));
  if (views_.size() >= kMostViews)
    FailAt(at, fmt::format("Views stand in views more than {} deep: {}", kMostViews, name));
  PlanPtr plan;
  try {
    InView inside(*this, view);
    plan = BindQuery(*view->query);
  } catch (const SyntaxError& error) {
    // The place is one of another text, that of the statement that made the view.
    FailAt(at, fmt::format("In view {}: {}", name, error.message), error.hint);
  }
  return WithColumnsOf(*view, std::move(plan), at);
}

PlanPtr Binder::WithColumnsOf(const Table& view, PlanPtr plan, const Position& at) {
  if (plan->columns.size() != view.columns.size())
    FailAt(at, fmt::format("View {} was made with {} columns, its query gives {} now", view.path.ToString(),
                           view.columns.size(), plan->columns.size()));
  std::vector<std::string> names;
  std::vector<Expression> columns = InputsOfAll(*plan);
  for (size_t i = 0; i < columns.size(); ++i) {
    const TableColumn& column = view.columns[i];
    names.push_back(column.name);
    if (expr::SameType(columns[i].type(), column.type)) continue;
    const types::DataType now = columns[i].type();
    auto cast = expr::Cast(std::move(columns[i]), column.type.WithNullable(now.nullable()));
    if (!cast.ok())
      FailAt(at, fmt::format("Column '{}' of view {} was made as {}, its query gives {} now", column.name,
                             view.path.ToString(), column.type.ToString(), now.ToString()));
    columns[i] = *std::move(cast);
  }
  return MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names));
}

std::vector<size_t> Binder::AsWhenMade(const void* star, const std::vector<StarColumn>& now, const Position& at) {
  std::vector<size_t> kept;
  if (const std::vector<StarColumn>* made = StarOfView(star)) {
    std::vector<bool> taken(now.size());
    for (const StarColumn& column : *made) {
      size_t found = 0;
      while (found < now.size() &&
             (taken[found] || now[found].source != column.source || now[found].name != column.name))
        ++found;
      if (found == now.size())
        FailAt(at, fmt::format("Column '{}' not found in any table", column.name),
               "* stands for the columns that there were when the view was made");
      taken[found] = true;
      kept.push_back(found);
    }
    return kept;
  }
  if (environment_.stars && views_.empty()) (*environment_.stars)[star] = now;
  for (size_t i = 0; i < now.size(); ++i) kept.push_back(i);
  return kept;
}

const std::vector<StarColumn>* Binder::StarOfView(const void* star) const {
  if (views_.empty()) return nullptr;
  auto found = views_.back()->stars.find(star);
  return found == views_.back()->stars.end() ? nullptr : &found->second;
}

PlanPtr Binder::AllColumns(const TableQuery& table, PlanPtr plan, const Position& at) {
  std::vector<StarColumn> now;
  for (const PlanColumn& column : plan->columns) now.push_back({0, column.name});
  const std::vector<size_t> kept = AsWhenMade(&table, now, at);
  if (std::is_sorted(kept.begin(), kept.end()) && kept.size() == now.size()) return plan;
  std::vector<Expression> columns;
  std::vector<std::string> names;
  for (size_t column : kept) {
    columns.push_back(InputOf(*plan, static_cast<int>(column)));
    names.push_back(now[column].name);
  }
  return MakeCalc(std::move(plan), std::nullopt, std::move(columns), std::move(names));
}

}  // namespace thalweg::sql
