#!/bin/sh
# vsecm sentinel --dry-run: what a workload would receive, exact bytes, nobody contacted. The whole table of what becomes of
# which value, template and format is tested with a real safe (test/integration/templates_test.cpp) and in the room `delivery`.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1
data='{"username": "admin", "password": "VSecMRocks!"}'
template='{"USR":"{{.username}}", "PWD":"{{.password}}"}'

# --- exact bytes -----------------------------------------------------------------------------------------------------
row 'a value' 0 "$data" '' -- sentinel -w app -s "$data" --dry-run
row 'without a name' 0 'TopSecret' '' -- sentinel -s ' TopSecret ' --dry-run
row 'a template' 0 '{"USR":"admin", "PWD":"VSecMRocks!"}' '' -- sentinel -w app -s "$data" -t "$template" --dry-run
row 'yaml' 0 'PWD: VSecMRocks!\nUSR: admin\n' '' -- sentinel -w app -s "$data" -t "$template" -f yaml --dry-run
row 'raw' 0 'user=admin, and a comma' '' -- sentinel -w app -s "$data" -t 'user={{.username}}, and a comma' -f raw --dry-run
row 'what becomes a Kubernetes Secret keeps its fields' 0 '{"USR":"admin", "PWD":"VSecMRocks!"}' '' -- sentinel -w k8s:app -s "$data" -t "$template" -f yaml --dry-run
printf '  exact\n' >value
row 'a file' 0 '  exact\n' '' -- sentinel -w app --secret-file value --dry-run
stdin=value
row 'standard input, asked for as json' 0 'exact' '' -- sentinel -w app -s - -f json --dry-run
row 'json, for programs' 0 '{"data":"TopSecret","warnings":[]}\n' '' -- sentinel -s TopSecret --output json --dry-run
row 'a generated value' 0 '~{"U":"' '' -- sentinel -w app -s 'gen:{"u":"[a-z]{8}"}' -t '{"U":"{{.u}}"}' --dry-run
environment='VSECM_SAFE_TEMPLATE_NUMBERS=go'
row 'numbers as Go prints them' 0 '1.234567e+06' '' -- sentinel -s '{"n":1234567}' -t '{{.n}}' -f raw --dry-run

# --- what could not be done is said ----------------------------------------------------------------------------------
row 'a result that is no JSON' 0 "$data" "safe: warning: the template's result is not a JSON object" -- sentinel -w app -s "$data" -t '{USR":"{{.username}}"}' --dry-run
row 'a value that is no JSON' 0 'hunter2' 'warning: the template is not applied: the secret is not a JSON object' -- sentinel -w app -s hunter2 -t "$template" --dry-run
truth 'which is not repeated' sh -c '! grep -q hunter2 .err'
row 'yaml of what is no JSON' 0 'x' 'warning: what is delivered is not YAML' -- sentinel -w app -s x -f yaml --dry-run
row 'a pair without a value' 0 '{"U":"admin"}' 'their pairs are left out' -- sentinel -w app -s "$data" -t '{"U":"{{.username}}","X":{{.x}}}' --dry-run
row 'one of several' 0 'x' 'with -a, the workload receives a list' -- sentinel -w app -a -s x --dry-run

# --- a bad template: line and column, nothing on standard output -----------------------------------------------------
row 'that does not compile' 1 '' 'safe: template: secret:2:' -- sentinel -w app -s "$data" -t 'x
{{.username' --dry-run
row 'that fails' 1 '' 'secret:1:11: executing "secret"' -- sentinel -w app -s "$data" -t '{{.username.x}}' --dry-run
row 'that never ends' 1 '' 'takes more than 5000000 steps' -- sentinel -w app -s "$data" -t '{{range 9000000000000000000}}{{end}}' --dry-run

# --- usage -----------------------------------------------------------------------------------------------------------
row 'nothing to show' 1 '' 'Please provide a secret.' -- sentinel -w app --dry-run
row 'a deletion' 1 '' 'goes with neither -d nor -e' -- sentinel -w app -d --dry-run
row 'a list' 1 '' 'goes with neither -l nor -i' -- sentinel -l --dry-run
row 'an unknown format' 1 '' '-f takes json, yaml, raw or none' -- sentinel -s x -f xml --dry-run
finish
