#!/usr/bin/env bash
# Installs a build into a fresh prefix, moves the prefix, builds hello.cc against it with find_package and runs it.
#   tests/install/run.sh [BUILD_FOLDER]    (default build/release; the library must be built)
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build/release}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --prefix "$folder/built" >"$folder/install.log" || { cat "$folder/install.log"; exit 1; }
mv "$folder/built" "$folder/prefix"   # nothing in it may name the place it was made for
cmake -S tests/install -B "$folder/build" -G Ninja -DCMAKE_PREFIX_PATH="$folder/prefix"
ninja -C "$folder/build" hello
ninja -C "$folder/build" every_header
[[ $("$folder/build/hello") == 6a518fb893bd6729 ]] || { echo "hello printed: $("$folder/build/hello")"; exit 1; }
if [[ -x $folder/prefix/bin/thalweg ]]; then "$folder/prefix/bin/thalweg" --version; fi
