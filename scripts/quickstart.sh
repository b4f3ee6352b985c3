#!/usr/bin/env bash
# From a bare Debian 12 machine to event-time windows over an out-of-order stream. Installs what is missing, builds, and runs
# examples/clickstream:
#   scripts/quickstart.sh            a generated stream, from files to the terminal; no service needed
#   scripts/quickstart.sh --kafka    from topic to topic, on a real broker that is installed, started and stopped here
set -euo pipefail
cd "$(dirname "$0")/.."

on_files() {
  scripts/setup.sh build
  source scripts/lib/build.sh
  build release clickstream
  build/release/bin/clickstream "$@"
}

on_kafka() {
  scripts/setup.sh build kafka
  source scripts/lib/build.sh
  build release clickstream
  .venv/bin/python examples/clickstream/on_kafka.py
}

if [[ ${1:-} == --kafka ]]; then on_kafka; else on_files "$@"; fi
