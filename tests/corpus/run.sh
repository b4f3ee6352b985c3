#!/usr/bin/env bash
# Recorded inputs give the recorded results: runs each folder's run.sh, which prints passed/total by file. From the root, after a release build.
set -uo pipefail
cd "$(dirname "$0")/../.."
failed=0
for script in tests/corpus/*/run.sh; do
  "$script" || { echo "FAILED  $script"; failed=1; }
done
exit $failed
