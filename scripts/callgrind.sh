#!/usr/bin/env bash
# Instructions per row of four pipelines (bench/instructions.cc) against bench/callgrind_baseline.tsv: red beyond 5 % either way.
#   scripts/callgrind.sh              builds, counts, compares
#   scripts/callgrind.sh --update     counts and writes the baseline anew: with the change that moved the numbers, in its commit
#   scripts/callgrind.sh --self-test  the comparison finds planted faults
# Counted under valgrind, whose processor has AVX2 and no AVX-512: simdjson and libc take their AVX2 paths on every machine. Each number
# is the difference between a run over 2N rows and one over N, so that start-up cancels. The profiles stay in build/callgrind:
# callgrind_annotate build/callgrind/out.2
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/build.sh
baseline=bench/callgrind_baseline.tsv
room=5   # percent
folder=build/callgrind
program=build/release/bin/instructions

# Lines "rows PIPELINE INSTRUCTIONS_PER_ROW" from callgrind's dumps: two of each pipeline, over N and over 2N rows.
per_row() {
  awk '/^desc: Trigger: Client Request: / {name = $5; rows = $6}
       /^totals: / && name {
         if (name in total) printf "rows\t%s\t%.2f\n", name, ($2 - total[name]) / (rows - count[name])
         total[name] = $2; count[name] = rows; name = ""
       }' "$@"
}

versions() { "$program" --versions | sed -E 's/^([^ ]+) (.*)$/version\t\1\t\2/'; }

count() {
  grep -q '\bavx2\b' /proc/cpuinfo || { echo "callgrind.sh: this machine has no AVX2, the baseline was counted with it" >&2; return 2; }
  rm -rf "$folder"
  mkdir -p "$folder"
  quietly "$folder/log" env LD_BIND_NOW=1 valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file="$folder/out" "$program"
  { versions; per_row $(printf '%s\n' "$folder"/out.* | sort -V); } >"$folder/counted.tsv"
}

# compare BASELINE COUNTED: a line for each pipeline; fails if one is out of bounds, missing or new.
compare() {
  awk -F'\t' -v room="$room" '
    /^#/ {next}
    $1 == "version" && NR == FNR {old[$2] = $3}
    $1 == "version" && NR != FNR && old[$2] != $3 {differs = differs sprintf("  %s: %s, the baseline has %s\n", $2, $3, old[$2] == "" ? "none" : old[$2])}
    $1 != "rows" {next}
    NR == FNR {base[$2] = $3; next}
    {
      seen[$2] = 1
      if (!($2 in base)) {printf "%-16s %10.2f instructions/row: not in the baseline\n", $2, $3; bad = 1; next}
      percent = 100 * ($3 - base[$2]) / base[$2]
      word = percent > room ? "SLOWER" : percent < -room ? "FASTER: take the new number into the baseline" : "ok"
      if (word != "ok") bad = 1
      printf "%-16s %10.2f instructions/row, baseline %10.2f, %+.1f %%  %s\n", $2, $3, base[$2], percent, word
    }
    END {
      for (name in base) if (!(name in seen)) {printf "%-16s was not counted\n", name; bad = 1}
      if (differs) printf "Other libraries than the baseline was counted with, which may be all of a difference:\n%s", differs
      if (bad) print "More than " room " % away. Meant: scripts/callgrind.sh --update. Not meant: callgrind_annotate build/callgrind/out.2"
      exit bad
    }' "$1" "$2"
}

update() {
  {
    echo '# Instructions per row, and what they were counted with. Written by scripts/callgrind.sh --update; compared by scripts/callgrind.sh.'
    cat "$folder/counted.tsv"
  } >"$baseline"
  echo "wrote $baseline"
}

# expect WORD EXIT_CODE BASELINE COUNTED: one planted fault of the comparison
expect() {
  local said rc=0
  said=$(compare <(printf '%b' "$3") <(printf '%b' "$4")) || rc=$?
  [[ $rc == "$2" && $said == *"$1"* ]] || { echo "self-test: expected '$1' and exit code $2, got $rc: $said"; return 1; }
}

self_test() {
  local dumps
  dumps=$(printf 'desc: Trigger: Client Request: a 10\ntotals: 1500\ndesc: Trigger: Client Request: a 20\ntotals: 2500\n' | per_row)
  [[ $dumps == $'rows\ta\t100.00' ]] || { echo "self-test: dumps read as '$dumps'"; return 1; }
  expect ok 0 'rows\ta\t100\n' 'rows\ta\t104\n'
  expect SLOWER 1 'rows\ta\t100\n' 'rows\ta\t106\n'
  expect FASTER 1 'rows\ta\t100\n' 'rows\ta\t94\n'
  expect 'a                was not counted' 1 'rows\ta\t100\nrows\tb\t1\n' 'rows\tb\t1\n'
  expect 'not in the baseline' 1 'rows\ta\t100\n' 'rows\ta\t100\nrows\tb\t1\n'
  expect 'fmt: 10.0, the baseline has 9.1' 0 'version\tfmt\t9.1\nrows\ta\t100\n' 'version\tfmt\t10.0\nrows\ta\t100\n'
  echo "the comparison finds all planted faults"
}

case ${1:-} in
  --self-test) self_test ;;
  --update | "")
    build release instructions
    count
    if [[ ${1:-} == --update ]]; then update; else compare "$baseline" "$folder/counted.tsv"; fi
    ;;
  *) echo "callgrind.sh: unknown argument '$1' (--update, --self-test)" >&2; exit 2 ;;
esac
