#!/usr/bin/env bash
# Planted faults, and the tests that find them
# Those that the differential test must find are a section of their own: planted_faults.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh build >&2
names=()
for file in tests/mutants/*.mutant; do
  name=$(basename "$file" .mutant)
  [[ $name == oracle-* ]] || names+=("$name")
done
exec scripts/mutants.sh "${names[@]}"
