#!/usr/bin/env bash
# Faults planted in the SQL engine, all found by the differential test
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh build >&2
names=()
for file in tests/mutants/oracle-*.mutant; do names+=("$(basename "$file" .mutant)"); done
exec scripts/mutants.sh "${names[@]}"
