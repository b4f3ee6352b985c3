#!/usr/bin/env bash
# Installs a build into a fresh prefix, moves the prefix, builds hello.cc and streams.cc against it with find_package and runs them.
#   tests/install/run.sh [BUILD_FOLDER]    (default build/release; the library must be built)
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build/release}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --prefix "$folder/built" >"$folder/install.log" || { cat "$folder/install.log"; exit 1; }
mv "$folder/built" "$folder/prefix"   # nothing in it may name the place it was made for
cmake -S tests/install -B "$folder/build" -G Ninja -DCMAKE_PREFIX_PATH="$folder/prefix"
ninja -C "$folder/build" hello streams
ninja -C "$folder/build" every_header
[[ $("$folder/build/hello") == 6a518fb893bd6729 ]] || { echo "hello printed: $("$folder/build/hello")"; exit 1; }
if grep -nE '(api|columns|config|connectors|flow|formats|metrics|operators|state|time|types)::' tests/install/streams.cc; then
  echo "streams.cc names more than namespace thalweg"; exit 1
fi
diff tests/install/streams.expected <("$folder/build/streams")
# Nothing comes from where it was built, which other users may not be able to read.
ldd "$folder/build/streams" | awk -v prefix="$folder/prefix/" '/lib(thalweg|arrow|parquet)\.so/ {++n; if (index($3, prefix) != 1) {print; bad = 1}}
  END {exit bad || n != 3}' || { echo "not from the prefix, or not there"; exit 1; }
# The program has a malloc of its own, what links the library does not.
if ldd "$folder/build/streams" | grep jemalloc; then echo "the library brings a malloc along"; exit 1; fi
if [[ -x $folder/prefix/bin/thalweg ]]; then "$folder/prefix/bin/thalweg" --version; fi
