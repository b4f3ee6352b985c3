#!/usr/bin/env bash
# libFuzzer over every fuzz target; 10 million statements made from a grammar
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

# Statements made from a grammar: 10 million through the parser (SqlGrammar, SqlTokens) and through binder, rules and the graph's maker (SqlPlanGrammar, SqlStatements).
build release sql_test
echo
echo '| statements | made | result |'
echo '|---|---|---|'
for target in SqlGrammar:2500000 SqlTokens:2500000 SqlPlanGrammar:2500000 SqlStatements:2500000; do
  name=${target%:*} inputs=${SQL_INPUTS:-${target#*:}} result=clean
  log=build/corpus/$name.log
  THALWEG_FUZZ_INPUTS=$inputs build/release/bin/sql_test --gtest_filter="Fuzz.$name" >"$log" 2>&1 ||
    { result="**FAILED**: $(grep -m1 -E 'ERROR|CHECK failed|input' "$log" | tr '|' '/' | cut -c1-200)"; rc=1; }
  echo "| $name | $inputs | $result |"
done
exit $rc
