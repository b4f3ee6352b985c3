#!/usr/bin/env bash
# Builds the benchmarks (optimised), runs them one after another and prints a Markdown table: name, value, unit, goal, met or missed.
#   scripts/bench.sh [--quick] [--out FILE] [NAME...]
#     names: chain window checkpoint exchange latency json state nexmark cold_start (all, if none is given; bench/README.md tells what each is)
#     --quick  sizes that only show that everything runs: the figures mean nothing
#     --out    JSON lines {"name", "value", "unit"}; default build/bench/results.jsonl
# Nothing is asserted: it fails only if a benchmark does. Wants a machine with two cores that nobody else uses.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/build.sh

all=(chain window checkpoint exchange latency json state nexmark cold_start)
bin=build/release/bin
out=build/bench/results.jsonl
quick=()

bench_chain() { "$bin/chain_bench" "${quick[@]}"; }
bench_window() { "$bin/window_bench" "${quick[@]}"; }
bench_checkpoint() { "$bin/checkpoint_bench" "${quick[@]}"; }
bench_exchange() { "$bin/exchange_bench" "${quick[@]}"; }
bench_latency() { "$bin/latency_bench" "${quick[@]}"; }
bench_cold_start() { python3 bench/cold_start.py "$bin/thalweg" build/release/lib/first_row_job.so "${quick[@]}"; }
bench_nexmark() { python3 bench/nexmark.py "$bin/thalweg" "${quick[@]}"; }
bench_json() { google json "$bin/formats_bench" 'DecodeToColumns|BareSimdjson'; }
bench_state() { google state "$bin/state_bench" 'HashMapCount/.*/ahead:16|HashMapWindowCount|RocksDbCount'; }

# google KIND PROGRAM FILTER: a program of google benchmark, its candidates interleaved
google() {
  local report=build/bench/$1.json options=(--benchmark_repetitions=5 --benchmark_min_time=0.5)
  [[ ${#quick[@]} -eq 0 ]] || options=(--benchmark_repetitions=1 --benchmark_min_time=0.01)
  # state_bench has a set-up of seconds for each repetition.
  [[ $1 != state ]] || options[0]=--benchmark_repetitions=1
  "$2" --benchmark_filter="$3" "${options[@]}" --benchmark_enable_random_interleaving=true --benchmark_format=json >"$report"
  python3 bench/results.py "$1" "$report"
}

main() {
  local wanted=() name
  while [[ $# -gt 0 ]]; do
    case $1 in
      --quick) quick=(--quick) ;;
      --out) out=$2; shift ;;
      *) wanted+=("$1") ;;
    esac
    shift
  done
  [[ ${#wanted[@]} -gt 0 ]] || wanted=("${all[@]}")
  for name in "${wanted[@]}"; do
    [[ " ${all[*]} " == *" $name "* ]] || { echo "bench.sh: no benchmark '$name'; there are: ${all[*]}" >&2; exit 2; }
  done
  build release benches thalweg_bin
  mkdir -p build/bench "$(dirname "$out")"
  : >"$out"
  : >build/bench/remarks.txt
  for name in "${wanted[@]}"; do
    echo "== $name" >&2
    "bench_$name" 2> >(tee -a build/bench/remarks.txt >&2) >>"$out"
  done
  python3 bench/results.py table "$out" bench/goals.tsv
  echo
  sed 's/^/- /' build/bench/remarks.txt
}

main "$@"
