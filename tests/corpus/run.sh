#!/usr/bin/env bash
# Runs every corpus that has a runner of its own (tests/corpus/*/run.sh) and prints what each prints.
#   tests/corpus/run.sh [CORPUS...]     the program must be built: THALWEG, or build/release/bin/thalweg
# Exits non-zero if one of them failed.
set -uo pipefail
cd "$(dirname "$0")"

failed=0
for runner in */run.sh; do
  corpus=$(dirname "$runner")
  [[ $# == 0 || " $* " == *" $corpus "* ]] || continue
  echo "== $corpus"
  "./$runner" || failed=1
done
exit $failed
