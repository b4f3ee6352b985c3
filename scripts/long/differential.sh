#!/usr/bin/env bash
# 20 000 random queries against DuckDB, in streaming and batch mode and with a restart in the middle
# QUERIES (default 20000), SEED (default 1000): the first table set's; there is one for 50 queries.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh build >&2
source scripts/lib/build.sh
build release bin/thalweg
cd tests/oracle
../../.venv/bin/python -m differential --seed "${SEED:-1000}" --queries "${QUERIES:-20000}" --processes "$(nproc)"
