#!/usr/bin/env bash
# Disorder beyond the bound: a million events over Kafka at parallelism 1, 3 and 7 on both backends
# EVENTS (default 1000000). In each run results + late = produced, and each window equals the recomputation over the rows that were not late.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh build kafka >&2
source scripts/lib/build.sh
source scripts/lib/facts.sh
build release all
THALWEG_E2E_BEYOND_EVENTS=${EVENTS:-1000000} facts beyond "" tests/e2e/test_clickstream.py -k beyond_the_bound_results
