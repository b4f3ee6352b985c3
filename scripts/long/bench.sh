#!/usr/bin/env bash
# Benchmarks of the engine beside its goals
# Fails only if a benchmark does: a goal may be missed, and bench/README.md says why.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh build >&2
scripts/bench.sh "$@"
echo
echo 'Where the time of each miss goes, and what would mend it: `bench/README.md`, "Misses".'
