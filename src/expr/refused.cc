#include "expr/refused.h"

#include <algorithm>

namespace thalweg::expr {

namespace {

constexpr std::string_view kNoBitmap = "there is no type BITMAP", kNoVariant = "there is no type VARIANT",
                           kNoStructured = "there are no structured types", kNoModels = "there are no models",
                           kLater = "it came with Flink 2.4", kPattern = "it stands in MATCH_RECOGNIZE only";

}  // namespace

const std::vector<std::pair<std::string_view, std::string_view>>& RefusedFunctions() {
  static const auto& refused = *[] {
    auto* all = new std::vector<std::pair<std::string_view, std::string_view>>{
        {"BITMAP_AND", kNoBitmap},
        {"BITMAP_ANDNOT", kNoBitmap},
        {"BITMAP_AND_AGG", kNoBitmap},
        {"BITMAP_AND_CARDINALITY_AGG", kNoBitmap},
        {"BITMAP_BUILD", kNoBitmap},
        {"BITMAP_BUILD_AGG", kNoBitmap},
        {"BITMAP_BUILD_CARDINALITY_AGG", kNoBitmap},
        {"BITMAP_CARDINALITY", kNoBitmap},
        {"BITMAP_FROM_BYTES", kNoBitmap},
        {"BITMAP_OR", kNoBitmap},
        {"BITMAP_OR_AGG", kNoBitmap},
        {"BITMAP_OR_CARDINALITY_AGG", kNoBitmap},
        {"BITMAP_TO_ARRAY", kNoBitmap},
        {"BITMAP_TO_BYTES", kNoBitmap},
        {"BITMAP_TO_STRING", kNoBitmap},
        {"BITMAP_XOR", kNoBitmap},
        {"BITMAP_XOR_AGG", kNoBitmap},
        {"BITMAP_XOR_CARDINALITY_AGG", kNoBitmap},
        {"CLASSIFIER", "a match does not tell its variables: a measure can, as LAST(A.v) IS NOT NULL"},
        {"FINAL", kPattern},
        {"FIRST", kPattern},
        {"FROM_CHANGELOG", "tables with changes come from connectors and formats that have them"},
        {"IS_VALID_UTF8", kLater},
        {"JSON_LENGTH", kLater},
        {"JSON_TYPE", kLater},
        {"LAST", kPattern},
        {"MAKE_VALID_UTF8", kLater},
        {"MATCH_PROCTIME", kPattern},
        {"MATCH_ROWTIME", kPattern},
        {"ML_EVALUATE", kNoModels},
        {"ML_PREDICT", kNoModels},
        {"NEXT", kPattern},
        {"OBJECT_OF", kNoStructured},
        {"OBJECT_UPDATE", kNoStructured},
        {"PARSE_JSON", kNoVariant},
        {"PREV", kPattern},
        {"PRINT", "it writes to the log of a worker: select the value"},
        {"PRINTF", "write CONCAT and CAST"},
        {"RUNNING", kPattern},
        {"SOURCE_WATERMARK", "no connector here has watermarks of its own: state one as an expression"},
        {"TO_CHANGELOG", "print and files show the kinds of changes"},
        {"TRY_PARSE_JSON", kNoVariant},
        {"VECTOR_SEARCH", "no connector here searches vectors"},
    };
    return all;
  }();
  return refused;
}

std::string_view WhyRefused(std::string_view name) {
  const auto& all = RefusedFunctions();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.first == name; });
  return found == all.end() ? std::string_view() : found->second;
}

}  // namespace thalweg::expr
