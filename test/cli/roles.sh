#!/bin/sh
# The roles that take no arguments: what their command lines say before anything starts.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1

for role in safe sidecar init keystone inspector demo; do
    row "$role: help" 0 "~vsecm $role - " '' -- "$role" --help
    row "$role: help by its letter" 0 "~usage: vsecm $role" '' -- "$role" -h
done
for role in sidecar init; do
    row "$role: an option that is none" 1 '' "vsecm $role: argument 1 is no option" -- "$role" --version
    row "$role: a word" 1 '' "vsecm $role: one argument belongs to no option" -- "$role" now
    row "$role: a wait that is none" 1 '' "vsecm $role: --wait takes a duration" -- "$role" --wait soon
done
row 'sidecar: to wait is for once' 1 '' 'vsecm sidecar: --wait goes with --once' -- sidecar --wait 1s
row 'init: no Secret has that name' 1 '' 'vsecm init: --secret: ' -- init --secret 'a/B_'
row 'init: a Secret has no file' 1 '' 'vsecm init: --file is for' -- init --secret a/b --file
row 'init: no cluster' 1 '' 'VSECM_SAFE_K8S_API_URL' -- init --secret a/b
environment='VSECM_SIDECAR_ON_CHANGE_URL=http://10.0.0.1/'
row 'sidecar: a call to another host' 1 '' 'vsecm sidecar: VSECM_SIDECAR_ON_CHANGE_URL: ' -- sidecar
environment='VSECM_SIDECAR_PROBE_PORT=nonsense'
row 'sidecar: a probe that is nowhere' 1 '' 'vsecm sidecar: VSECM_SIDECAR_PROBE_PORT' -- sidecar
for role in safe keystone inspector demo; do
    row "$role: an argument is a mistake" 1 '' "usage: vsecm $role" -- "$role" --version
    row "$role: which is said last" 1 '' "vsecm $role: it takes no arguments" -- "$role" -l
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

# --- what the original has and this program has not: never a start that looks like one --------------------------------
environment='VSECM_SAFE_BACKING_STORE=postgres'
row 'Q29 Q43 Q45: safe: the PostgreSQL store' 1 '' 'VSECM_SAFE_BACKING_STORE=postgres is not supported: use file or memory' -- safe
for part in scout relay-client relay-server; do
    row "Q60: $part" 127 '' "the original's \`$part\` is not built" -- "$part"
    ln -s "$VSECM" "vsecm-$part" && ln -sf "$VSECM" "$part"
    for name in "vsecm-$part" "$part"; do
        "./$name" >.out 2>.err
        truth "Q60: called as /$name" [ "$?$(cat .out)" = 127 ]
    done
done

finish
