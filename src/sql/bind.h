// Queries and expressions bound against a catalog. Errors are user errors that quote the text (syntax_error.h).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "sql/ast_statement.h"
#include "sql/catalog.h"
#include "sql/file_tables.h"
#include "sql/plan.h"

namespace thalweg::sql {

struct BindEnvironment {
  const Catalog& catalog;
  std::string zone = "UTC";    // the session's
  int64_t query_start_ms = 0;  // what clocks say where a constant is wanted
  bool batch = false;
  bool option_hints = true;                      // table.dynamic-table-options.enabled
  const FileTableSource* file_tables = nullptr;  // null: files are no tables
  /// Of the view that is made or altered: no view that its query reads may read it.
  const ObjectPath* defined = nullptr;
  /// Is told what the stars of the query stand for.
  StarColumns* stars = nullptr;
};

/// `text`: what the query was parsed from.
Result<PlanPtr> BindQuery(const Query& query, std::string_view text, const BindEnvironment& environment);

/// CREATE TABLE: types, computed columns, watermark, key, LIKE. Not of a view, nor AS SELECT (its columns come from the query).
Result<TablePtr> BindTable(const CreateTable& statement, std::string_view text, const BindEnvironment& environment);

}  // namespace thalweg::sql
