# Words the scripts share. Sourced, after `set -euo pipefail`.
# shellcheck shell=bash

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly repo

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# The names in package lists, one a line, without their comments.
packages_of() {
  local set
  for set in "$@"; do
    [[ -r $repo/scripts/packages/$set.txt ]] || die "there is no package list scripts/packages/$set.txt"
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$repo/scripts/packages/$set.txt"
  done
}

in_root() { "$repo/scripts/build-root" "$@"; }

# "75 s" or "3 min 05 s" since the given value of SECONDS.
elapsed() {
  local taken=$((SECONDS - $1))
  if ((taken < 120)); then printf '%d s' "$taken"; else printf '%d min %02d s' $((taken / 60)) $((taken % 60)); fi
}
