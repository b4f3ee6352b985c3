// What most sources of the engine read, precompiled where THALWEG_PCH is on (docs/decisions/0004-build-speed.md). Each source still includes what it
// uses: builds without precompiled headers stand beside.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "base/status.h"
#include "columns/batch.h"
#include "columns/builder.h"
#include "columns/key_encoder.h"
#include "expr/evaluator.h"
#include "expr/functions.h"
#include "flow/operator.h"
#include "flow/program.h"
#include "graph/job_graph.h"
#include "metrics/registry.h"
#include "types/type_codec.h"
