#!/usr/bin/env bash
# kill -9 at random instants of the clickstream over Kafka, restart at a random parallelism
# KILLS for each input and backend (default 20), SEED (default 1). Disorder inside the bound: the folded output is that of an undisturbed run.
# Beyond it: results and late rows add up to what was produced, and every window equals its recomputation.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh build kafka >&2
source scripts/lib/build.sh
source scripts/lib/facts.sh
build release all
echo "${KILLS:-20} kills in each run, spaced by the rows that the job has read. An attempt without a restored checkpoint was killed before the first was"
echo 'complete.'
echo
THALWEG_E2E_KILLS=${KILLS:-20} THALWEG_E2E_BEYOND_EVENTS=1000000 THALWEG_E2E_SEED=${SEED:-1} facts kills "" tests/e2e/test_clickstream.py -k kill_9
