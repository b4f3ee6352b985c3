#!/usr/bin/env bash
# Formats the C++ of the tree by .clang-format, in place; --check only names what would change. (setup.sh long installs it.)
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(git ls-files '*.h' '*.cc')
if [[ ${1:-} == --check ]]; then
  clang-format-19 --dry-run --Werror "${files[@]}"
else
  clang-format-19 -i "${files[@]}"
fi
