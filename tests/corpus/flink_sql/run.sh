#!/usr/bin/env bash
# Statements of Flink's tests: the share that parses.
set -uo pipefail
cd "$(dirname "$0")/../../.."
out=$(build/release/bin/corpus_test --gtest_filter='FlinkCorpus.*' 2>&1)
rc=$?
grep -aE '^[0-9]+/[0-9]+ ' <<<"$out" | sed 's|^|flink_sql: |'
[[ $rc == 0 ]] || echo "$out"
exit $rc
