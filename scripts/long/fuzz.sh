#!/usr/bin/env bash
# libFuzzer over every fuzz target; 10 million statements made from grammars
# FUZZ_SECONDS for each program (default 60), a program for each core at a time. The corpus is kept below build/, so that the next run goes on
# from it. SQL_PERCENT (default 100) of the statements.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh build long >&2
source scripts/lib/build.sh
export FUZZ_SECONDS=${FUZZ_SECONDS:-60}
export logs=build/corpus

# Statements for each grammar, that of the longest run first: 10 million through the parser (SqlGrammar) and through binder, rules and the graph's
# maker (SqlStatements, SqlPlanGrammar), each text once. SqlTokens, statements whose tokens were moved about, and SqlViewsWhileTablesChange, forty
# statements each, are not counted among them.
grammars=(SqlStatements:4000000 SqlPlanGrammar:3000000 SqlGrammar:3000000 SqlTokens:2500000 SqlViewsWhileTablesChange:50000)
counted=(SqlGrammar SqlStatements SqlPlanGrammar)

# libfuzz PROGRAM: its log in $logs/NAME.log, whether it ended well in $logs/NAME.rc
libfuzz() {
  local name rc=0
  name=$(basename "$1")
  mkdir -p "$logs/$name"
  "$1" -max_total_time="$FUZZ_SECONDS" -max_len=4096 -rss_limit_mb=2048 -timeout=60 -artifact_prefix="$logs/$name-" \
    "$logs/$name" >"$logs/$name.log" 2>&1 || rc=$?
  echo "$rc" >"$logs/$name.rc"
}

# grammar NAME:INPUTS: the same of a grammar, and how long it took
grammar() {
  local name=${1%:*} rc=0 started=$SECONDS
  THALWEG_FUZZ_INPUTS=${1#*:} build/release/bin/sql_test --gtest_filter="Fuzz.$name" >"$logs/$name.log" 2>&1 || rc=$?
  echo "$rc" >"$logs/$name.rc"
  echo $((SECONDS - started)) >"$logs/$name.seconds"
}
export -f libfuzz grammar

# on_all_cores FUNCTION WORD...: each word by a call of the function, as many at a time as there are cores
on_all_cores() {
  local function=$1
  shift
  # shellcheck disable=SC2016
  printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c '"$1" "$2"' _ "$function" {}
}

# result NAME: "clean", or what its log complains about
rc=0
result() {
  if [[ $(<"$logs/$1.rc") == 0 ]]; then
    verdict=clean
  else
    verdict="**FAILED**: $(grep -m1 -E 'ERROR|CHECK failed|SUMMARY|on input|makes no more' "$logs/$1.log" | tr '|' '/' | cut -c1-200)"
    rc=1
  fi
}

build fuzz
mkdir -p "$logs"
programs=(build/fuzz/bin/*_fuzz)
on_all_cores libfuzz "${programs[@]}"
echo '| program | seconds | inputs run | corpus | result |'
echo '|---|---|---|---|---|'
for program in "${programs[@]}"; do
  name=$(basename "$program")
  result "$name"
  runs=$(sed -nE 's/^Done ([0-9]+) runs.*/\1/p' "$logs/$name.log")
  echo "| $name | $FUZZ_SECONDS | ${runs:--} | $(find "$logs/$name" -type f | wc -l) files | $verdict |"
done

build release sql_test
asked=()
for each in "${grammars[@]}"; do asked+=("${each%:*}:$((${each#*:} * ${SQL_PERCENT:-100} / 100))"); done
on_all_cores grammar "${asked[@]}"
echo
echo '| grammar | statements run, each once | seconds | result |'
echo '|---|---|---|---|'
total=0
for each in "${asked[@]}"; do
  name=${each%:*}
  result "$name"
  # What the driver counted, not what it was asked for.
  ran=$(sed -nE "s/^Fuzz grammar $name: ran ([0-9]+) distinct inputs.*/\1/p" "$logs/$name.log")
  [[ " ${counted[*]} " != *" $name "* ]] || total=$((total + ${ran:-0}))
  echo "| $name | ${ran:--} | $(<"$logs/$name.seconds") | $verdict |"
done
echo
echo "$total statements by ${counted[*]}."
exit $rc
