# Shared by sections of scripts/test_long.sh that are tests of tests/e2e: `facts NAME COMMAND...` runs pytest with these words in front and behind,
# and prints what its tests recorded as a Markdown table.

# facts NAME WORDS_IN_FRONT PYTEST_ARGUMENT...: exit code of pytest
facts() {
  local name=$1 front=$2 rc=0
  shift 2
  local report=build/test-logs/long-$name.xml
  mkdir -p build/test-logs
  rm -f "$report"
  # shellcheck disable=SC2086
  $front .venv/bin/python -m pytest -q --tb=short -p no:cacheprovider -o junit_family=xunit1 --junitxml="$report" "$@" >&2 || rc=$?
  [[ -s $report ]] || { echo "pytest wrote no report (exit code $rc)"; return 1; }
  .venv/bin/python scripts/lib/facts.py "$report"
  return "$rc"
}
