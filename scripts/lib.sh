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

# Runs a command that ends with `N passed, N failed, N skipped`, shows all it says and adds it up; its exit status is in
# `status` then. A run without that last line has failed, and so has one whose exit status says more than its counts.
passed=0 failed=0 skipped=0
count_run() {
  local output last
  status=0
  output=$(mktemp)
  "$@" </dev/null 2>&1 | tee "$output" || status=$?
  last=$(tail -n 1 "$output")
  rm -f "$output"
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    ((passed += BASH_REMATCH[1], failed += BASH_REMATCH[2], skipped += BASH_REMATCH[3])) || true
    if ((status && BASH_REMATCH[2] == 0)); then ((++failed)); fi
  else
    ((++failed))
  fi
}
