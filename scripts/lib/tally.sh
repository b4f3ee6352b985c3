# Shared by scripts/test.sh: runs checks and test programs, keeps their output in build/test-logs, and counts.
passed=0
failed=0
logs=build/test-logs
mkdir -p "$logs"

count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
}

# check NAME COMMAND...: one test that passes if the command exits with 0.
check() {
  local name=$1 log
  shift
  log=$logs/${name//[^a-zA-Z0-9]/-}.log
  if timeout 900 "$@" >"$log" 2>&1; then
    count 1 0
    printf 'ok      %s\n' "$name"
  else
    count 0 1
    printf 'FAILED  %s (%s)\n' "$name" "$log"
    tail -n 40 "$log" | sed 's/^/        /'
  fi
}

# gtests PRESET FOLDER...: the unit tests of these folders, as many at a time as there are cores.
gtests() {
  local preset=$1 folder
  shift
  # shellcheck disable=SC2016
  printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c '
    log=$1/$2-$3.log
    timeout 900 $4 "build/$2/bin/$3_test" --gtest_brief=0 >"$log" 2>&1
    echo "exit code $?" >>"$log"' _ "$logs" "$preset" {} "${gtest_wrapper:-}"
  for folder in "$@"; do gtest_result "$preset $folder" "$logs/$preset-$folder.log"; done
}

# A program that died (a sanitizer, a timeout, a CHECK) or complained at its end is one failure more than its tests.
gtest_result() {
  local name=$1 log=$2 good bad skipped
  good=$(grep -c '^\[       OK \] ' "$log")
  bad=$(grep -c '^\[  FAILED  \] .* ms)$' "$log")
  skipped=$(grep -c '^\[  SKIPPED \] .* ms)$' "$log")
  grep -q '^\[==========\] .* ran\.' "$log" || bad=$((bad + 1))
  if [[ $bad == 0 ]] && ! grep -q '^exit code 0$' "$log"; then bad=1; fi
  count "$good" "$bad"
  if [[ $bad == 0 ]]; then
    printf 'ok      %s: %d tests%s\n' "$name" "$good" "$( ((skipped == 0)) || echo ", $skipped skipped")"
  else
    printf 'FAILED  %s: %d of %d tests (%s)\n' "$name" "$bad" "$((good + bad))" "$log"
    gtest_complaints "$log" | cut -c1-240 | sed 's/^/        /'
  fi
}

# What to read first in a log: the sanitizers' reports and the failed tests, at most 120 lines, and the last lines.
gtest_complaints() {
  grep -E -A 25 'WARNING: ThreadSanitizer|ERROR: (Address|Leak)Sanitizer|runtime error:|CHECK failed' "$1" | head -n 60
  awk '/^\[ RUN      \]/ {text = ""} {text = text $0 "\n"} /^\[  FAILED  \] .* ms\)$/ {printf "%s", text}' "$1" | head -n 60
  tail -n 3 "$1"
}

# pytests PATH...: each a process of its own, as many at a time as there are cores; counted from pytest's own reports.
pytests() {
  local path log
  # shellcheck disable=SC2016
  printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c '
    log=$1/${2//\//-}
    rm -f "$log.xml"
    timeout 900 .venv/bin/python -m pytest -q --tb=short -p no:cacheprovider --junitxml="$log.xml" "$2" >"$log.log" 2>&1' _ "$logs" {}
  for path in "$@"; do pytest_result "$path" "$logs/${path//\//-}"; done
}

# A program without a report (it died, or took too long) is one failure.
pytest_result() {
  local name=$1 log=$2.log good bad skipped
  read -r good bad skipped < <(.venv/bin/python - "$2.xml" <<'PYTHON' || echo "0 1 0"
import sys, xml.etree.ElementTree as xml
suite = xml.parse(sys.argv[1]).getroot().find("testsuite").attrib
tests, bad, skipped = int(suite["tests"]), int(suite["failures"]) + int(suite["errors"]), int(suite["skipped"])
print(tests - bad - skipped, bad, skipped)
PYTHON
  )
  count "$good" "$bad"
  if [[ $bad == 0 ]]; then
    printf 'ok      %s: %d tests%s\n' "$name" "$good" "$( ((skipped == 0)) || echo ", $skipped skipped")"
    sed -n 's/^told: /        /p' "$log"
  else
    printf 'FAILED  %s: %d of %d tests (%s)\n' "$name" "$bad" "$((good + bad))" "$log"
    tail -n 60 "$log" | sed 's/^/        /'
  fi
}
