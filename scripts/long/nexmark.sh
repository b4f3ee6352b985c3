#!/usr/bin/env bash
# Nexmark q0 to q23 against DuckDB over the same million events
# EVENTS (default 1000000). Generator, Parquet files, parallelism 1, 2 and 4, arrival out of order within the watermark.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh build >&2
source scripts/lib/build.sh
source scripts/lib/facts.sh
build release all
echo "${EVENTS:-1000000} events from the generator, and out of order for the queries with windows; a tenth of them for each of the other inputs."
echo
THALWEG_NEXMARK_EVENTS=${EVENTS:-1000000} facts nexmark "" tests/oracle/test_nexmark.py
