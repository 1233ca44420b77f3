#!/bin/sh
# vsecm exec: what its command line takes, and what is refused before anybody is asked.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1

row 'help' 0 '~usage: vsecm exec' '' -- exec --help
row 'help says what it is an exception from' 0 '~keeps secrets out of' '' -- exec -h
row 'nothing' 1 '' 'usage: vsecm exec' -- exec
row 'no dashes' 1 '' 'vsecm exec: put -- and a program' -- exec env
row 'a word before the dashes' 1 '' 'vsecm exec: put -- and a program' -- exec env -- env
row 'no program' 1 '' 'vsecm exec: there is no program' -- exec --prefix A_ --
row 'an option that is none' 1 '' 'did you mean --prefix?' -- exec --prefx A_ -- env
row 'a name that is none' 1 '' 'vsecm exec: --name: ' -- exec --name A-B -- env
row 'a name that is another matter' 1 '' 'vsecm exec: --name: ' -- exec --name LD_PRELOAD -- env
row 'a prefix that is none' 1 '' 'vsecm exec: --prefix: ' -- exec --prefix 1 -- env
row 'name and prefix' 1 '' 'vsecm exec: --prefix is for' -- exec --name A --prefix B -- env
row 'a wait that is none' 1 '' 'vsecm exec: --wait takes' -- exec --wait soon -- env
row 'a wait without a unit' 1 '' '--wait takes a duration with its unit, like 30s' -- exec --wait 30 -- env
environment="SPIFFE_ENDPOINT_SOCKET=unix://$scratch/none.sock"
row 'no Workload API' 4 '' 'vsecm exec: ' -- exec --wait 0 -- env
environment='VSECM_SAFE_ENDPOINT_URL=http://127.0.0.1/'
row 'an endpoint that is no https' 1 '' 'vsecm exec: VSECM_SAFE_ENDPOINT_URL' -- exec -- env

finish
