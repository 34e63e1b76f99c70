#!/bin/bash
# Runs commands in a fresh Debian 12 root that has only git and ca-certificates:
#
#   tests/support/bare.sh 'git clone /offtake.git offtake && cd offtake && ./dev demo --once'
#
# /offtake.git in it holds what is committed here. The commands start in /root, in a process namespace of their
# own: whatever they leave running ends with them, and the root is removed. The network is this machine's, and so
# are the settings of its package clients (apt, pip, npm, Go, Maven) and its certificate authorities; the project
# itself contains none of them. Exit code: the commands'. Needs root. OFFTAKE_BARE_KEEP=1 keeps the root for a look.
set -euo pipefail

if [ $# -ne 1 ]; then
  echo "usage: tests/support/bare.sh 'commands'" >&2
  exit 2
fi
commands="$1"
here="$(cd "$(dirname "$0")" && pwd)"
repository="$(cd "$here/../.." && pwd)"
. "$here/deps.sh"

if [ "$(id -u)" != 0 ]; then
  echo "bare.sh: making a root takes root; run it with sudo" >&2
  exit 1
fi
deps_apt debootstrap util-linux

suite=bookworm
mirror="$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
  grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ' || true)"
mirror="${mirror:-http://deb.debian.org/debian}"

make_root() {
  deps_say "debootstrap of $suite"
  debootstrap --variant=minbase --include=git,ca-certificates "$suite" "$1" "$mirror" >"$1.log" 2>&1 || {
    tail -n 20 "$1.log" >&2
    return 1
  }
}

# The pristine root is kept in the cache; each run gets a copy.
pristine="$offtake_cache/bare-$suite"
deps_into "$pristine" make_root
root="$(mktemp -d /var/tmp/offtake-bare.XXXXXX)"
remove_root() {
  if [ "${OFFTAKE_BARE_KEEP:-}" = 1 ]; then
    deps_say "kept $root"
  else
    rm -rf --one-file-system "$root"
  fi
}
trap remove_root EXIT
cp -a --reflink=auto "$pristine/." "$root/"
rm -f "$root/.complete"

# bring PATH…: copies what exists to the same place.
bring() {
  local path
  for path in "$@"; do
    [ -e "$path" ] || continue
    mkdir -p "$root$(dirname "$path")"
    rm -rf "${root:?}$path"
    cp -a "$path" "$root$path"
  done
}

bring /etc/resolv.conf /etc/hosts
bring /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/auth.conf /etc/apt/auth.conf.d /etc/apt/keyrings
rm -f "$root"/etc/apt/sources.list.d/*.disabled*
# Of apt's settings those that are this machine's own, not some package's.
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
  if [ -e "$file" ] && ! dpkg-query -S "$file" >/dev/null 2>&1; then bring "$file"; fi
done
bring /usr/local/share/ca-certificates
bring /etc/pip.conf /root/.pip /root/.config/pip /root/.npmrc /root/.config/go /root/.m2/settings.xml
# A Maven whose global settings were changed: they become the user's.
if [ -e /etc/maven/settings.xml ] && [ ! -e /root/.m2/settings.xml ] &&
  dpkg --verify libmaven3-core-java 2>/dev/null | grep -q '/etc/maven/settings.xml'; then
  mkdir -p "$root/root/.m2"
  cp /etc/maven/settings.xml "$root/root/.m2/settings.xml"
fi
git clone -q --bare --no-hardlinks "$repository" "$root/offtake.git"

settings=(HOME=/root USER=root TERM="${TERM:-dumb}" LANG=C.UTF-8
          PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
while IFS= read -r -d '' setting; do
  if [[ "$setting" =~ ^((https?|all|no)_proxy|(HTTPS?|ALL|NO)_PROXY|PIP_[A-Z_]+|npm_config_[a-z_]+|NODE_EXTRA_CA_CERTS|GO(PROXY|SUMDB|NOSUMDB|PRIVATE|NOPROXY)|MAVEN_(OPTS|ARGS)|SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE|GIT_SSL_CAINFO)= ]]; then
    settings+=("$setting")
  fi
done < <(env -0)

export root commands
# The mounts and every process vanish with the namespaces.
unshare --mount --pid --fork --kill-child=SIGKILL --propagation private bash -euc '
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  # It becomes the root of the namespace itself, as on a machine: who enters one made within it comes out here.
  mkdir -p "$root/.machine"
  pivot_root "$root" "$root/.machine"
  cd /
  umount --lazy /.machine
  rmdir /.machine
  exec env -i "$@" bash -c "update-ca-certificates >/dev/null 2>&1; cd /root; $commands"
' bare "${settings[@]}"
