#!/usr/bin/env bash
# Planted faults, and the tests that find them
set -euo pipefail
cd "$(dirname "$0")/../.."
exec scripts/mutants.sh
