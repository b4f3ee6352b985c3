#!/usr/bin/env bash
# libFuzzer over every fuzz target
# FUZZ_SECONDS for each program (default 120). The corpus is kept below build/, so that the next run goes on from it.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh build long >&2
source scripts/lib/build.sh
build fuzz
rc=0
echo '| program | seconds | inputs run | corpus | result |'
echo '|---|---|---|---|---|'
for program in build/fuzz/bin/*_fuzz; do
  name=$(basename "$program")
  corpus=build/corpus/$name
  log=build/corpus/$name.log
  result=clean
  mkdir -p "$corpus"
  "$program" -max_total_time="${FUZZ_SECONDS:-120}" -max_len=4096 -rss_limit_mb=2048 -timeout=20 -artifact_prefix="build/corpus/$name-" \
    "$corpus" >"$log" 2>&1 || { result="**FAILED**: $(grep -m1 -E 'ERROR|CHECK failed|SUMMARY' "$log" | tr '|' '/')"; rc=1; }
  runs=$(sed -nE 's/^Done ([0-9]+) runs.*/\1/p' "$log")
  echo "| $name | ${FUZZ_SECONDS:-120} | ${runs:--} | $(find "$corpus" -type f | wc -l) files | $result |"
done
exit $rc
