#!/usr/bin/env bash
# All that must hold before a change lands: at most 30 minutes on two cores, half of it with a warm compiler cache. Ends with one line
# "N passed, M failed" and exits non-zero if anything failed.
#   scripts/test.sh [SECTION...]
#     checks    layers, documents, scripts      unit      all unit tests under ASan and UBSan
#     release   optimised build, link order     tsan      unit tests of the folders with threads under TSan
#     install   a user's project                e2e       real processes, real services (tests/e2e); meanwhile the build of unit begins
#     corpus    recorded inputs, oracles        callgrind instructions per row against the baseline
# What CI cannot afford is in scripts/test_long.sh.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/lib/build.sh
source scripts/lib/tally.sh

sections=(checks release install e2e unit tsan corpus callgrind)
# Folders whose code runs on several threads or hands data between them.
threaded_folders=(columns metrics io state exchange connectors checkpoint runtime api bin client)
# Folders whose tests take longest go first, so that no core waits for the last of them.
slow_folders=(sql operators state)

section_checks() {
  check "includes keep to layers.txt" scripts/check_layers.py
  check "the layer check finds planted faults" scripts/check_layers.py --self-test
  check "documents name files that exist and quote them rightly" scripts/check_docs.py
  check "the document check finds planted faults" scripts/check_docs.py --self-test
  # shellcheck disable=SC2016
  check "every script parses" bash -c 'for file in "$@"; do bash -n "$file" || exit 1; done' _ \
    scripts/*.sh scripts/*/*.sh tests/*/*.sh tools/*/*.sh .ci/run
  check "C++ is laid out by .clang-format" scripts/format.sh --check
  check "every suppression and exclusion of a sanitizer has its reason above it" \
    awk '/^#/ {reason = 1; next} /^$/ {reason = 0; next} !reason || FNR == 1 {print FILENAME ": " $0; bad = 1} {reason = 0} END {exit bad}' \
    tests/sanitizers/*.supp tests/sanitizers/*.exclude
  check "golden files are what their programs write" bash -c 'set -e -o pipefail; export PYTHONDONTWRITEBYTECODE=1; cd tests/golden
    python3 batch.py | cmp - batch_v1.hex; python3 states.py | cmp - states.tsv; python3 row_specs.py | cmp - row_specs.tsv
    ../../.venv/bin/python keys.py | cmp - keys.tsv; ../../.venv/bin/python files.py --check'
  check "every planted fault still has its place" scripts/mutants.sh --check
  check "nothing is left to do" bash -c '! git grep -nIwE "TODO|FIXME" -- . ":!scripts/test.sh" ":!tests/corpus"'
}

section_release() {
  built release all bin_test || return
  gtests release bin
}

section_install() {
  built release all || return
  check "a project finds, links and runs the installed library" tests/install/run.sh
}

section_unit() {
  built debug unit_tests || return
  mapfile -t folders < <(printf '%s\n' "${slow_folders[@]}"; tested_folders | grep -vxF "$(printf '%s\n' "${slow_folders[@]}")")
  gtests debug "${folders[@]}"
}

section_tsan() {
  local folders=() folder
  for folder in $(tested_folders); do
    [[ " ${threaded_folders[*]} " == *" $folder "* ]] && folders+=("$folder")
  done
  [[ ${#folders[@]} -gt 0 ]] || return 0
  built tsan "${folders[@]/%/_test}" || return
  # TSan's shadow memory does not fit where address randomisation with many bits may put a program.
  local wrapper="setarch $(uname -m) -R"
  $wrapper true 2>/dev/null || wrapper=""
  local excluded
  excluded=$(grep -vE '^(#|$)' tests/sanitizers/tsan.exclude | paste -sd:)
  GTEST_FILTER="-$excluded" gtest_wrapper=$wrapper gtests tsan "${folders[@]}"
}

section_e2e() {
  built release all || return
  asked unit && ahead debug unit_tests
  # Half of the time goes into one file, which waits more than it works: the others pass beside it.
  local slow=tests/e2e/test_clickstream.py
  mapfile -t others < <(printf '%s\n' tests/e2e/test_*.py | grep -vxF "$slow")
  pytests "$slow" "${others[@]}"
}

section_corpus() {
  [[ -x tests/corpus/run.sh ]] || return 0
  built release all corpus_test || return
  tests/corpus/run.sh | tee build/corpus.txt
  check "recorded inputs give the recorded results" test "${PIPESTATUS[0]}" = 0
  pytests tests/oracle/test_*.py
}

section_callgrind() {
  check "the comparison of instructions finds planted faults" scripts/callgrind.sh --self-test
  built release all instructions || return
  check "instructions per row stay within the baseline" scripts/callgrind.sh
}

# built PRESET TARGET...: builds, adds to the build time; a failed build is one failed test.
build_seconds=0
built() {
  local started=$SECONDS rc=0
  join_ahead
  build "$@" || rc=1
  build_seconds=$((build_seconds + SECONDS - started))
  if [[ $rc != 0 ]]; then
    count 0 1
    printf 'FAILED  build of %s\n' "$*"
  fi
  return $rc
}

# ahead PRESET TARGET...: begins what a later section will have built, in what the tests of this one leave of the processor. That section's
# own `built` waits, goes on and reports.
ahead="" ahead_seconds=0
ahead() {
  set -m   # a process group of its own, which ends with this script
  (renice -n 19 "$BASHPID"; started=$SECONDS; build "$@"; echo $((SECONDS - started)) >build/ahead.seconds) >/dev/null 2>&1 &
  ahead=$! ahead_started=$SECONDS
  set +m
}

# join_ahead: waits for it; what it took until now is told apart from builds that are waited for.
join_ahead() {
  [[ -n $ahead ]] || return 0
  if kill -0 "$ahead" 2>/dev/null; then
    ahead_seconds=$((SECONDS - ahead_started))
    wait "$ahead"
  else
    ahead_seconds=$(<build/ahead.seconds)
  fi
  ahead=""
}
trap '[[ -z $ahead ]] || kill -- -"$ahead" 2>/dev/null' EXIT

# asked SECTION: does it run, too?
asked() { [[ " ${wanted[*]} " == *" $1 "* ]]; }

# Folders of src/ that have a test binary.
tested_folders() { ls src/*/*_test.cc src/*/*_fuzz.cc 2>/dev/null | cut -d/ -f2 | sort -u; }

sanitizer_options() {
  local supp=$PWD/tests/sanitizers
  export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
  export LSAN_OPTIONS=suppressions=$supp/lsan.supp:print_suppressions=0
  export UBSAN_OPTIONS=print_stacktrace=1
  export TSAN_OPTIONS=suppressions=$supp/tsan.supp:print_suppressions=0:second_deadlock_stack=1
}

main() {
  local wanted=("$@") section started
  [[ ${#wanted[@]} -gt 0 ]] || wanted=("${sections[@]}")
  for section in "${wanted[@]}"; do
    [[ " ${sections[*]} " == *" $section "* ]] || { echo "test.sh: no section '$section'; there are: ${sections[*]}" >&2; exit 2; }
  done
  scripts/setup.sh || exit 1
  sanitizer_options
  for section in "${wanted[@]}"; do
    started=$SECONDS
    echo "== $section"
    "section_$section"
    echo "   $((SECONDS - started)) s"
  done
  echo
  echo "build $build_seconds s and $ahead_seconds s beside tests, all together $SECONDS s"
  echo "$passed passed, $failed failed"
  [[ $failed == 0 ]]
}

main "$@"
