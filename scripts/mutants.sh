#!/usr/bin/env bash
# Plants one fault at a time and shows that a test turns red: a rule that no test holds is no rule.
#   scripts/mutants.sh [NAME...]      (default: every tests/mutants/*.mutant)
#   scripts/mutants.sh --check        only looks whether each still has its place in this tree (scripts/test.sh does)
# A mutant is a file of lines `key: value`, after a comment that says which rule it breaks:
#   file: src/base/bytes.h            where
#   old: literal text                 stands there exactly once (\n for a line break)
#   new: literal text                 takes its place
#   test: unit FOLDER [FILTER]        builds FOLDER_test (preset debug) and runs it with a gtest filter
#   test: instructions                or: builds the preset release and compares instructions per row (scripts/callgrind.sh)
#   test: oracle WORDS...             or: builds the program (preset release) and runs the differential test with these words
#   test: check COMMAND...            or: runs a command of the tree
# Works on HEAD, in a scratch worktree below build/ that is kept, so that the next run builds little. Prints a Markdown table.
# A mutant survives if its test passes; one that does not apply or not compile is an error. Both fail the run.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
tree=$root/build/mutants
limit=300   # seconds for a test: a mutant may make it wait for ever, which is red too
declare -A sound   # tests that pass without a mutant: HEAD is one for all, so each is asked once

prepare_tree() {
  git worktree prune
  if [[ -e $tree/.git ]]; then
    git -C "$tree" checkout --quiet --force --detach "$(git rev-parse HEAD)"
  else
    git worktree add --quiet --force --detach "$tree" HEAD
  fi
  ln -sfn "$(readlink -f .venv)" "$tree/.venv"
}

field() { sed -n "s/^$2: *//p" "$root/tests/mutants/$1.mutant" | head -1; }

# place ROOT NAME [apply]: whether the mutant's text stands there exactly once; `apply` replaces it.
place() {
  python3 - "$1/$(field "$2" file)" "$(field "$2" old)" "$(field "$2" new)" "${3:-}" <<'PYTHON'
import sys
path, old, new, apply = sys.argv[1], *(text.replace("\\n", "\n") for text in sys.argv[2:4]), sys.argv[4]
text = open(path).read()
if text.count(old) != 1:
    sys.exit(f"'{old}' stands {text.count(old)} times in {path}")
if apply:
    open(path, "w").write(text.replace(old, new))
PYTHON
}

# check NAME...: names those that have lost their place to a change of the code.
check() {
  local name error rc=0
  for name; do
    error=$(place "$root" "$name" 2>&1) || { echo "mutant $name does not apply: ${error##*$'\n'}" >&2; rc=1; }
  done
  return $rc
}

# build_test KIND ARG...: what the test needs
build_test() {
  case $1 in
    unit) (cd "$tree" && source scripts/lib/build.sh && build debug "$2_test") ;;
    instructions) (cd "$tree" && source scripts/lib/build.sh && build release instructions) ;;
    oracle) (cd "$tree" && source scripts/lib/build.sh && build release bin/thalweg) ;;
  esac
}

# run_test KIND ARG...: exit code of the test itself
run_test() {
  local kind=$1
  shift
  case $kind in
    unit) (cd "$tree" && timeout "$limit" "build/debug/bin/$1_test" --gtest_filter="${2:-*}" --gtest_fail_fast) ;;
    instructions) (cd "$tree" && timeout "$limit" scripts/callgrind.sh) ;;
    oracle) (cd "$tree/tests/oracle" && timeout "$limit" ../../.venv/bin/python -m differential "$@") ;;
    check) (cd "$tree" && timeout "$limit" "$@") ;;
    *) echo "unknown kind of test '$kind'"; return 2 ;;
  esac
}

# First test that failed, or what else ended it.
cause() {
  local log=$1 rc=$2 test
  test=$(sed -nE 's/^\[  FAILED  \] ([A-Za-z0-9_.\/]+).*/\1/p' "$log" | head -1)
  if [[ -z $test ]]; then test=$(grep -m1 -oE '^FAILED seed [0-9]+ query [0-9]+, [a-z]+' "$log" || true); fi
  if [[ -z $test && $rc == 124 ]]; then test="no end within $limit s"; fi
  if [[ -z $test ]]; then test=$(grep -m1 -oE 'CHECK failed.*|ERROR: AddressSanitizer: [a-z-]*|runtime error: .*' "$log" || true); fi
  [[ -n $test ]] || test=$(tail -n 1 "$log")
  echo "${test:0:90}" | tr '|`' '/ '
}

# is_sound KIND ARG...: whether the test passes without a mutant.
is_sound() {
  local log=$tree/build/mutant.log
  [[ -z ${sound[$*]:-} ]] || return 0
  build_test "$@" 2>"$log" && run_test "$@" >"$log" 2>&1 || return 1
  sound[$*]=yes
}

# judge NAME: prints the table's row; fails unless the mutant was found.
judge() {
  local name=$1 log=$tree/build/mutant.log test rc=0 result
  read -ra test <<<"$(field "$name" test)"
  mkdir -p "$tree/build"
  if ! is_sound "${test[@]}"; then
    result="**ERROR**: the test fails without the mutant: $(tail -n 1 "$log")" rc=1
  elif grep -q 'Running 0 tests' "$log"; then
    result="**ERROR**: no test has that name" rc=1
  elif ! place "$tree" "$name" apply 2>"$log"; then
    result="**ERROR**: does not apply: $(tail -n 1 "$log")" rc=1
  elif ! build_test "${test[@]}" 2>"$log"; then
    result="**ERROR**: does not compile" rc=1
    tail -n 20 "$log" >&2
  elif run_test "${test[@]}" >"$log" 2>&1; then
    result="**SURVIVED**" rc=1
  else
    result="found by \`$(cause "$log" $?)\`"
  fi
  git -C "$tree" checkout --quiet --force HEAD
  echo "| $name | $(field "$name" file) | $(sed -n '1s/^# //p' "tests/mutants/$name.mutant") | $result |"
  return $rc
}

main() {
  local only_check=
  if [[ ${1:-} == --check ]]; then only_check=1; shift; fi
  local names=("$@") name found=0
  [[ ${#names[@]} -gt 0 ]] || mapfile -t names < <(cd tests/mutants && for file in *.mutant; do echo "${file%.mutant}"; done)
  if [[ $only_check ]]; then check "${names[@]}"; return; fi
  prepare_tree
  echo '| mutant | file | rule that it breaks | result |'
  echo '|---|---|---|---|'
  for name in "${names[@]}"; do
    if judge "$name"; then found=$((found + 1)); fi
  done
  echo
  echo "$found of ${#names[@]} mutants found"
  [[ $found == "${#names[@]}" ]]
}

main "$@"
