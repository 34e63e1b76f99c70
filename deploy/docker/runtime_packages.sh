#!/usr/bin/env bash
# runtime_packages.sh PROGRAM: the Debian packages of the libraries that PROGRAM itself is linked with, one a line.
# What those need in turn is apt's to know.
set -euo pipefail
loaded="$(ldd "$1")"
objdump -p "$1" | sed -nE 's/^ *NEEDED +//p' | while read -r library; do
  path="$(awk -v library="$library" '$1 == library { print $3 }' <<<"$loaded")"
  if [ "${path:0:1}" != / ]; then
    printf '%s: %s is not found\n' "$1" "$library" >&2
    exit 1
  fi
  path="$(realpath "$path")"
  # Debian 12 has it recorded in /lib, which is /usr/lib.
  { dpkg-query -S "$path" 2>/dev/null || dpkg-query -S "${path#/usr}"; } | sed -E 's/:.*//'
done | sort -u
