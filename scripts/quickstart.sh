#!/usr/bin/env bash
# From a bare Debian 12 machine to event-time windows over an out-of-order stream, in the terminal. Installs what is missing,
# builds the release binaries, runs examples/clickstream on a generated stream.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh build
source scripts/lib/build.sh
build release
if [[ -x build/release/bin/clickstream ]]; then
  build/release/bin/clickstream "$@"
else
  build/release/bin/thalweg --version
fi
