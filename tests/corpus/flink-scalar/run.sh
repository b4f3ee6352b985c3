#!/usr/bin/env bash
# The scalar corpora of Flink as SELECT, all of them in one process.
set -uo pipefail
cd "$(dirname "$0")/../../.."
out=$(build/release/bin/corpus_test --gtest_filter='FlinkScalarCorpus.*' 2>&1)
rc=$?
grep -a '^flink-scalar/' <<<"$out"
[[ $rc == 0 ]] || grep -aE '^(line|.*Failure)' <<<"$out"
exit $rc
