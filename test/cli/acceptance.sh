#!/bin/sh
# The original's own integration tests (`ci/test`), case by case with their commands: `safe` is its command line, `./env` of its
# SDK example the inspector, `./env` of its sidecar example the file, and a pod that becomes ready an init container that ends.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1
ln -s "$VSECM" safe && ln -s "$VSECM" env

children=
trap 'kill $children 2>/dev/null; wait; rm -rf "$scratch"' EXIT
"$VSECM" dev --dir dev --workload example --workload example-sidecar --workload example-init >dev.out 2>dev.err &
children=$!
truth 'the system is there' eventually grep -q 'is ready' dev.out
operator=$(variables_of vsecm-sentinel)

# shellcheck disable=SC2086 # words are meant to be split
safe() { env -i $operator ./safe "$@"; }
# shellcheck disable=SC2046
sees() { env -i $(variables_of "$1") ./env 2>/dev/null; }  # sees WORKLOAD: its value, and status 6 if there is none
body() { sed '/^$/d'; }                                    # the lines that are not blank, as those tests take them
is() { [ "$1" = "$2" ] || { echo "# got: $1" && false; }; }
holds() { [ -f secrets.json ] && [ "$(cat secrets.json)" = "$1" ]; }

value='!VSecMRocks!'
credentials='{"username": "*root*", "password": "*CasHC0w*"}'
to_upper='{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}"}'
upper='{"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"}'
yaml="PASSWORD: '*CasHC0w*'
USERNAME: '*root*'"

cipher=$(safe -s "$value" -e | body)
truth '1: encrypt' [ -n "$cipher" ]
truth '2: encrypted registration' is "$(safe -w example -n default -s "$cipher" -e | body)" OK
truth '2: the workload sees it at once' is "$(sees example)" "$value"
truth '3: cleanup' is "$(safe -w example -d | body)" OK
truth '3: of what is not there' is "$(safe -w example -d | body)" OK
truth '4: registration' is "$(safe -w example -n default -s "$value" | body)" OK
truth '4: the workload sees it at once' is "$(sees example)" "$value"
truth '5: deletion' is "$(safe -w example -n default -d | body)" OK
truth '5: the workload sees nothing at once' is "$(sees example; echo $?)" 6
safe -w example -n default -s "$credentials" -t "$upper" -f json >/dev/null
truth '6: JSON' is "$(sees example)" "$upper"
safe -w example -n default -d >/dev/null
safe -w example -n default -s "$credentials" -t "$to_upper" -f yaml >/dev/null
truth '7: YAML' is "$(sees example)" "$yaml"
safe -w example -n default -d >/dev/null

# shellcheck disable=SC2046
env -i $(variables_of example-sidecar) VSECM_SIDECAR_SECRETS_PATH=secrets.json VSECM_SIDECAR_POLL_INTERVAL=5000 "$VSECM" sidecar 2>sidecar.err &
children="$children $!"
safe -w example-sidecar -n default -s "$value" >/dev/null
truth '8: sidecar, registration' eventually holds "$value"
safe -w example-sidecar -n default -d >/dev/null
truth '9: sidecar, deletion: the file is there, and empty' eventually holds ''
safe -w example-sidecar -n default -s "$credentials" -t "$to_upper" -f json >/dev/null
truth '10: sidecar, JSON, verbatim' eventually holds "$upper"
safe -w example-sidecar -n default -d >/dev/null
truth '10: and deleted' eventually holds ''
safe -w example-sidecar -n default -s "$credentials" -t "$to_upper" -f yaml >/dev/null
truth '11: sidecar, YAML' eventually holds "$yaml"
safe -w example-sidecar -n default -d >/dev/null
truth '11: and deleted' eventually holds ''

# shellcheck disable=SC2046
env -i $(variables_of example-init) "$VSECM" init 2>init.err &
init=$!
children="$children $init"
asked() { grep -q 'workload/example-init/' dev/log/audit; }
truth '12: the init container asks' eventually asked
truth '12: and waits' kill -0 $init
safe -w example-init -n default -s '{"username": "root", "password": "SuperSecret", "value": "VSecMRocks"}' \
    -t '{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}", "VALUE": "{{.value}}"}' >/dev/null
wait $init
truth '12: until the secret is there' [ $? -eq 0 ]
truth '12: which is transformed' is "$(sees example-init)" '{"USERNAME":"root", "PASSWORD":"SuperSecret", "VALUE": "VSecMRocks"}'
for name in example example-sidecar example-init; do safe -w $name -d >/dev/null; done
truth '13: cleanup' sh -c "! env -i $operator ./safe -l | grep -q example"

finish
