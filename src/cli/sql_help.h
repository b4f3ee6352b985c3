// What HELP prints in `thalweg sql` and `thalweg run`.
#pragma once

#include <string_view>

namespace thalweg::cli {

inline constexpr std::string_view kSqlHelp =
    R"(Statements end with ";" and may take several lines. docs/book/sql_syntax.md lists all.

SELECT ...                   Runs a query and prints its rows as they come; Ctrl-C ends it. FROM 'file.parquet' reads a file
                             (.csv, .json, too) without CREATE TABLE.
CREATE TABLE, VIEW, ...      Declares; SHOW TABLES, DESCRIBE t and SHOW CREATE TABLE t tell what is declared.
INSERT INTO t SELECT ...     Starts a job. One that ends by itself is waited for, others run beside what follows.
EXECUTE STATEMENT SET BEGIN INSERT ...; INSERT ...; END;
                             Starts one job with several sinks.
EXPLAIN SELECT ...           The plan of a query or an INSERT.
SHOW JOBS; STOP JOB 'id';    The jobs that run beside, and the end of one.
SET 'key' = 'value';         Sets a configuration value; SET lists them. RESET 'key' and RESET take them back.
HELP, CLEAR, QUIT            This text; an empty screen; the end.
)";

}  // namespace thalweg::cli
