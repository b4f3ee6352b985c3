#!/usr/bin/env bash
# Runs the scripts of Flink's SQL client by the unit test that reads them, beside the program (THALWEG, or build/release/bin/thalweg).
set -euo pipefail
cd "$(dirname "$0")/../../.."
program=${THALWEG:-build/release/bin/thalweg}
test=$(dirname "$program")/bin_test
[[ -x $test ]] || { echo "flink-sql-q: no $test: build the target bin_test" >&2; exit 1; }
"$test" --gtest_filter='SqlClientCorpus.*' --gtest_brief=1
