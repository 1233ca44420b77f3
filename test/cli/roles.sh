#!/bin/sh
# The roles that take no arguments: what their command lines say before anything starts.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1

for role in safe sidecar init keystone inspector demo; do
    row "$role: help" 0 "~vsecm $role - " '' -- "$role" --help
    row "$role: help by its letter" 0 "~usage: vsecm $role" '' -- "$role" -h
    row "$role: an argument is a mistake" 1 '' "usage: vsecm $role" -- "$role" --version
done
full() { "$VSECM" "$@" >/dev/full 2>"$scratch/.err"; [ $? -eq 1 ] && grep -q 'standard output' "$scratch/.err"; }
for command in '' '--help' '--version' 'safe --help' 'sentinel --help' 'sentinel --version' 'keygen --help' 'dev --help' 'help env'; do
    # shellcheck disable=SC2086 # words
    truth "an answer that cannot be written is no success: vsecm $command" full $command
done
for role in sidecar init keystone inspector; do
    environment='VSECM_SAFE_ENDPOINT_URL=http://127.0.0.1/'
    row "$role: an endpoint that is no https" 1 '' "vsecm $role: VSECM_SAFE_ENDPOINT_URL" -- "$role"
    environment='SPIFFE_ENDPOINT_SOCKET=nonsense'
    row "$role: a socket address that is none" 1 '' "vsecm $role: SPIFFE_ENDPOINT_SOCKET" -- "$role"
    environment='SPIFFE_ENDPOINT_SOCKET=nonsense VSECM_SADE_ENDPOINT_URL=x'
    row "$role: a misspelt variable is warned about" 1 '' 'VSECM_SADE_ENDPOINT_URL' -- "$role"
done
environment='VSECM_SAFE_THREADS=many'
row 'safe: a variable of ours that does not parse' 1 '' 'vsecm safe: VSECM_SAFE_THREADS' -- safe
environment="SPIFFE_ENDPOINT_SOCKET=unix://$scratch/none.sock"
row 'inspector: no Workload API' 4 '' 'vsecm inspector: ' -- inspector

finish
