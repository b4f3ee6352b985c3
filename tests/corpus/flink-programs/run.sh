#!/usr/bin/env bash
# Flink's whole SQL programs through `thalweg test`: prints passed/total by file. README.md says what is compared.
#   tests/corpus/flink-programs/run.sh [--show] [WORD...]     only programs whose file or id contains a WORD; --show: why they fail
set -euo pipefail
cd "$(dirname "$0")/../../.."
exec python3 tests/corpus/flink-programs/check.py --program "${THALWEG:-build/release/bin/thalweg}" \
  --folder build/corpus/flink-programs "$@"
