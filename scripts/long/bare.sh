#!/usr/bin/env bash
# A bare Debian 12 machine: the two commands of the README, nothing typed between
# A debootstrap'd root with nothing but git and ca-certificates gets this machine's package sources, certificates and
# pip/Maven configuration (a bare machine would have its own), then a clone of HEAD, then the commands. Needs root.
# BARE_COMMANDS overrides the commands, one a line; BARE_KEEP=1 keeps the root for a look; BARE_CCACHE=1 gives the root a copy of this
# machine's compiler cache, which saves most of the time and leaves the rest bare.
set -euo pipefail
cd "$(dirname "$0")/../.."
commands=${BARE_COMMANDS:-$'./scripts/quickstart.sh\n./scripts/test.sh'}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/thalweg
root=$cache/bare-root
log=$cache/bare.log

make_root() {
  local tarball=$cache/bookworm-git-ca.tar
  if [[ ! -s $tarball ]]; then
    debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$(debian_mirror)" >>"$log" 2>&1
    tar -C "$root" -cf "$tarball.part" .
    mv "$tarball.part" "$tarball"
  else
    mkdir -p "$root"
    tar -C "$root" -xf "$tarball"
  fi
}

# The first Debian URI among this machine's own sources.
debian_mirror() {
  local found
  found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE '^[^#]*https?://[^ ]*/debian/?( |$)' | grep -oE 'https?://[^ ]*') || true
  found=${found%%$'\n'*}
  echo "${found:-http://deb.debian.org/debian}"
}

# copy_in PATH...: the same path inside, if it is there outside
copy_in() {
  local path
  for path in "$@"; do
    [[ -e $path ]] || continue
    mkdir -p "$root$(dirname "$path")"
    cp -aL --no-target-directory "$path" "$root$path"
  done
}

give_configuration() {
  rm -f "$root/etc/apt/sources.list"
  copy_in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/auth.conf.d /etc/apt/keyrings /etc/apt/trusted.gpg.d
  copy_in $(grep -lsE '^\s*Acquire' /etc/apt/apt.conf.d/* || true) /usr/share/keyrings
  copy_in /usr/local/share/ca-certificates /etc/resolv.conf /etc/hosts /etc/pip.conf "$HOME/.config/pip" "$HOME/.m2/settings.xml"
  if [[ ! -e $HOME/.m2/settings.xml && -e /etc/maven/settings.xml ]]; then
    mkdir -p "$root/root/.m2"
    cp /etc/maven/settings.xml "$root/root/.m2/settings.xml"
  fi
  chroot "$root" update-ca-certificates >/dev/null 2>&1
  if [[ -n ${BARE_CCACHE:-} ]]; then
    mkdir -p "$root/root/.cache"
    cp -a "${CCACHE_DIR:-$HOME/.cache/ccache}" "$root/root/.cache/ccache"
  fi
}

clone() {
  git bundle create --quiet "$root/tmp/thalweg.bundle" HEAD
  inside "git -c advice.detachedHead=false clone --quiet /tmp/thalweg.bundle thalweg"
}

# inside COMMAND: in the root with a fresh environment, /proc, /sys and /dev; its processes and mounts end with it.
inside() {
  local passed=() name
  for name in $(compgen -e | grep -E '^(PIP_|SSL_CERT|CURL_CA|REQUESTS_CA|GIT_SSL|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|MAVEN_|JAVA_TOOL_OPTIONS)'); do
    [[ $name == PIP_FIND_LINKS ]] || passed+=("$name=${!name}")   # that one is a folder of this machine
  done
  # Single quotes: the inner shell expands.
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child bash -c '
    set -e
    root=$1 command=$2; shift 2
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t sysfs -o ro sysfs "$root/sys"
    exec chroot "$root" /usr/bin/env -i HOME=/root TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      "$@" bash -c "cd /root; $command"' bash "$root" "$1" "${passed[@]}"
}

run_commands() {
  local command started rc=0 verdict
  echo '| command | seconds | result |'
  echo '|---|---|---|'
  while read -r command; do
    started=$SECONDS verdict=ok
    inside "cd thalweg && $command" </dev/null >>"$log" 2>&1 || { verdict="**exit code $?**"; rc=1; }
    echo "| \`$command\` | $((SECONDS - started)) | $verdict |"
    [[ $rc == 0 ]] || break
  done <<<"$commands"
  return $rc
}

rm -rf --one-file-system "$root"
mkdir -p "$cache"
: >"$log"
make_root || { tail -n 20 "$log" >&2; exit 1; }
give_configuration
clone
echo "Packages in the root before: $(chroot "$root" dpkg-query -W | wc -l) (minbase, git, ca-certificates)."
[[ -z ${BARE_CCACHE:-} ]] || echo "The compiler cache of this machine was given (BARE_CCACHE): the seconds are not those of a first build."
echo
rc=0
run_commands || rc=$?
echo
echo 'The end of what they printed:'
echo '```'
tail -n 25 "$log" | cut -c1-160
echo '```'
[[ -n ${BARE_KEEP:-} ]] || rm -rf --one-file-system "$root"
exit $rc
