#!/usr/bin/env bash
# A disk that fills up under a job: a small tmpfs in a mount namespace of its own
# Needs root. A job that numbers the rows of 20,000 keys writes its output, its checkpoints or both to the disk.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh build >&2
source scripts/lib/build.sh
source scripts/lib/facts.sh
build release all
[[ $(id -u) == 0 ]] || { echo "needs root, to mount"; exit 1; }
facts full_disk "unshare --mount" tests/e2e/long_full_disk.py
