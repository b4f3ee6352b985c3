#!/usr/bin/env bash
# Formats the C++ of the tree by .clang-format, in place; --check names what would change and exits non-zero if anything would.
set -euo pipefail
cd "$(dirname "$0")/.."
how=(-i)
[[ ${1:-} != --check ]] || how=(--dry-run --Werror)
git ls-files -z '*.h' '*.cc' | xargs -0 -P "$(nproc)" -n 40 clang-format-19 "${how[@]}"
