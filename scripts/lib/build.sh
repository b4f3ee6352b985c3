# Shared by the scripts that build: `build PRESET [TARGET...]` configures build/PRESET once and builds quietly; a failed
# configure or build prints its log. THALWEG_JOBS overrides the number of compilers (default: cores, at most 1 per 1.5 GB).

build_jobs() {
  local cores memory_jobs
  cores=$(nproc)
  memory_jobs=$(awk '/^MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
  ((memory_jobs >= 1)) || memory_jobs=1
  echo "${THALWEG_JOBS:-$((cores < memory_jobs ? cores : memory_jobs))}"
}

# quietly LOG COMMAND...: output to LOG, shown only on failure
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 || { tail -n 60 "$log" >&2; echo "failed: $*" >&2; return 1; }
}

build() {
  local preset=$1 started=$SECONDS
  shift
  if [[ ! -f build/$preset/build.ninja ]]; then
    quietly "build/$preset/configure.log" cmake --preset "$preset" || return 1
  fi
  quietly "build/$preset/build.log" ninja -j "$(build_jobs)" -C "build/$preset" "$@" || return 1
  echo "built $preset in $((SECONDS - started)) s" >&2
}
