// The page of the book that lists the options: made from the tables, so that it cannot fall behind them.
#pragma once

#include <string>

namespace thalweg::config {

/// docs/book/configuration.md.
std::string RenderReference();

}  // namespace thalweg::config
