#!/usr/bin/env bash
# Installs all that build, tests and the quickstart need on a Debian 12 machine. Idempotent: seconds when nothing is missing.
# Needs root (or sudo) only when a package is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  build-essential cmake ninja-build ccache mold git ca-certificates pkg-config
  libfmt-dev librdkafka-dev librocksdb-dev libsimdjson-dev libxxhash-dev libpcre2-dev libyaml-cpp-dev libcli11-dev libhowardhinnant-date-dev
  libboost1.81-dev libzstd-dev liblz4-dev libsnappy-dev zlib1g-dev libssl-dev libedit-dev libjemalloc-dev
  libgtest-dev libgmock-dev libbenchmark-dev valgrind clang-19 libclang-rt-19-dev llvm-19 clang-format-19
  python3 python3-venv tzdata
)
kafka_packages=(openjdk-17-jre-headless maven)   # the real broker of tests/e2e and `quickstart.sh --kafka`
long_packages=(clang-tidy-19 debootstrap)

sets=("$@")
[[ ${#sets[@]} -gt 0 ]] || sets=(build kafka)
wanted=()
for set in "${sets[@]}"; do
  case $set in
    build) wanted+=("${packages[@]}") ;;
    kafka) wanted+=("${kafka_packages[@]}") ;;
    long) wanted+=("${long_packages[@]}") ;;
    *) echo "setup.sh: unknown set '$set' (build, kafka, long)" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
if [[ ${#missing[@]} -gt 0 ]]; then
  echo "setup: installing ${missing[*]}"
  sudo=""
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || { echo "setup.sh: needs root to install: ${missing[*]}" >&2; exit 1; }
    sudo="sudo"
  fi
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# The venv is shared by all checkouts of this user and named by its contents, so that a fresh clone costs nothing.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/thalweg
venv=$cache/venv-$(sha256sum scripts/requirements.txt | cut -c1-12)
mkdir -p "$cache"
exec 9>"$venv.lock"
flock 9
if [[ ! -e $venv/.done ]]; then
  echo "setup: creating the private Python environment"
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/requirements.txt
  touch "$venv/.done"
fi
tests=$venv/.tests-$(sha256sum scripts/requirements-tests.txt | cut -c1-12)
if [[ ! -e $tests ]]; then
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/requirements-tests.txt
  touch "$tests"
fi
exec 9>&-
ln -sfn "$venv" .venv

for set in "${sets[@]}"; do
  if [[ $set == kafka ]]; then tools/services/kafka.sh install; fi
done
