#!/usr/bin/env bash
# What CI cannot afford, in sections: each file of scripts/long/ is one, run on its own or all in turn.
#   scripts/test_long.sh [--list] [SECTION...]
# A section prints its result as Markdown on stdout (kept in docs/results/SECTION.md, committed), talks on stderr, and exits
# non-zero if what it shows does not hold.
set -euo pipefail
cd "$(dirname "$0")/.."

sections() { for file in scripts/long/*.sh; do basename "$file" .sh; done; }
title() { sed -n '2s/^# //p' "scripts/long/$1.sh"; }

run_section() {
  local name=$1 body started=$SECONDS verdict=passed
  body=$(mktemp)
  echo "== $name: $(title "$name")" >&2
  "scripts/long/$name.sh" >"$body" || verdict=FAILED
  mkdir -p docs/results
  {
    echo "# $name: $(title "$name")"
    echo
    echo "**$verdict** in $((SECONDS - started)) s. $(date -u +%Y-%m-%d), commit $(commit), $(machine)."
    echo "Repeat: \`scripts/test_long.sh $name\`"
    echo
    cat "$body"
  } >"docs/results/$name.md"
  rm -f "$body"
  echo "== $name: $verdict (docs/results/$name.md)" >&2
  [[ $verdict == passed ]]
}

commit() {
  git rev-parse --short=12 HEAD | tr -d '\n'
  [[ -z $(git status --porcelain -uno -- . ':!docs/results') ]] || echo -n " with local changes"
}

machine() { echo "$(nproc) x$(sed -n 's/^model name\s*:\(.*\)/\1/p' /proc/cpuinfo | head -1), $(uname -m)"; }

main() {
  if [[ ${1:-} == --list ]]; then
    for name in $(sections); do echo "$name: $(title "$name")"; done
    return
  fi
  local wanted=("$@") failed=() name
  [[ ${#wanted[@]} -gt 0 ]] || mapfile -t wanted < <(sections)
  for name in "${wanted[@]}"; do
    [[ -x scripts/long/$name.sh ]] || { echo "test_long.sh: no section '$name'; there are: $(sections | tr '\n' ' ')" >&2; exit 2; }
  done
  for name in "${wanted[@]}"; do run_section "$name" || failed+=("$name"); done
  echo
  echo "$((${#wanted[@]} - ${#failed[@]})) passed, ${#failed[@]} failed"
  [[ ${#failed[@]} -eq 0 ]]
}

main "$@"
