// Options of what prints rows and waits for jobs: `thalweg run` and `thalweg sql`.
#pragma once

#include "config/configuration.h"

namespace thalweg::config {

inline constexpr ConfigOption<int64_t> kMaxColumnWidth{
    "table.display.max-column-width",
    "Columns of the terminal that a value without a width of its own takes at most in a table.", 4};
inline constexpr ConfigOption<bool> kDmlSync{
    "table.dml-sync",
    "Whether a statement waits for the job of the INSERT before it; unset: for jobs that end by themselves."};

}  // namespace thalweg::config
