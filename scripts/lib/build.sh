# Shared by the scripts that build: `build PRESET [TARGET...]` configures build/PRESET once and builds quietly; a failed
# configure or build prints its log. THALWEG_JOBS overrides the number of compilers (default: cores, at most 1 per 1.5 GB);
# THALWEG_PCH=ON|OFF whether a new build folder precompiles headers (default: if ccache has little).

build_jobs() {
  local cores memory_jobs
  cores=$(nproc)
  memory_jobs=$(awk '/^MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
  ((memory_jobs >= 1)) || memory_jobs=1
  echo "${THALWEG_JOBS:-$((cores < memory_jobs ? cores : memory_jobs))}"
}

# Precompiled headers and ccache exclude each other. A cache that has seen a whole sanitized build holds thousands of files; one optimised build, which
# comes first in scripts/test.sh, leaves a few hundred.
precompile() {
  local files=0
  if command -v ccache >/dev/null; then files=$(ccache --print-stats | awk '$1 == "files_in_cache" {print $2}'); fi
  echo "${THALWEG_PCH:-$( ((${files:-0} < 1000)) && echo ON || echo OFF)}"
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
    quietly "build/$preset/configure.log" cmake --preset "$preset" -DTHALWEG_PCH="$(precompile)" || return 1
  fi
  quietly "build/$preset/build.log" ninja -j "$(build_jobs)" -C "build/$preset" "$@" || return 1
  echo "built $preset in $((SECONDS - started)) s" >&2
}
