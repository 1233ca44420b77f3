#!/bin/sh
# The original's documented use cases with the commands as its manual prints them: `safe`, `./env` and the keygen image's
# variables are this program under its other names; a cluster's pods are the identities of `vsecm dev`.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1
for name in safe env keygen; do ln -s "$VSECM" $name; done


children=
trap 'kill $children 2>/dev/null; wait; rm -rf "$scratch"' EXIT
VSECM_LOG_LEVEL=7 "$VSECM" dev --dir dev --workload example --workload billing --workload waiting >dev.out 2>dev.err &
children=$!
truth 'A1, A2: the system is there' eventually grep -q 'is ready' dev.out
operator=$(variables_of vsecm-sentinel)
example=$(variables_of example)
billing=$(variables_of billing)

# shellcheck disable=SC2086 # words are meant to be split
safe() { env -i $operator VSECM_LOG_LEVEL=7 ./safe "$@" 2>err; status=$?; cat err >>commands.err; return $status; }                 # kubectl exec "$SENTINEL" -n vsecm-system -- safe …
# shellcheck disable=SC2086
inspect() { env -i $example VSECM_LOG_LEVEL=7 ./env 2>err; status=$?; cat err >>commands.err; return $status; }                     # kubectl exec "$INSPECTOR" -- ./env
says() { [ "$1" = "$2" ] || { echo "# got: $1" && false; }; }  # says GOT WANTED
body() { sed '/^$/d'; }                                        # what is between the empty lines the original prints

# --- A, B: registering, listing, deleting ------------------------------------------------------------------------------
truth 'A4: register' says "$(safe -w "example" -n "default" -s "VSecMRocks" | body)" OK
truth 'A4: observe' says "$(inspect)" VSecMRocks
truth 'B1: a workload nobody runs' says "$(safe -w "example-workload-demo" -n "default" -s 'TopSecret!#' | body)" OK
safe -w example -d >/dev/null
safe -w "example" -n "default" -s "VSecMRocks!" -a >/dev/null
safe -w "example" -n "default" -s "YouRockToo!" -a >/dev/null
truth 'B3: several secrets, newest first' says "$(inspect)" '["YouRockToo!","VSecMRocks!"]'
truth 'B4: several workloads and namespaces' says "$(safe -w one -w two -n x -n default -s shared | body)" OKOK
safe -l >list
truth 'B5: list' grep -q '"name":"example","created":"' list
truth 'B5: and its dates' grep -q '"notBefore":".*"expiresAfter":"' list
safe -l -e >list
truth 'B6: list with ciphertext' grep -q '"value":.*YWdlLWVuY3J5cHRpb24ub3JnL3Yx' list
truth 'B6: and the algorithm' grep -q '"algorithm":"age"' list
truth 'B7: delete' says "$(safe -w example -d | body)" OK
inspect >out
truth 'B7: it is gone' says "$?$(cat out)" 6
truth 'B8: validity dates' says "$(safe -w example -s x -N "2019-10-12T07:20:50.52Z" -E "2042-10-12T08:21:51.53Z" | body)" OK
safe -l >list
truth 'B8: are listed' grep -q '"expiresAfter":"[^"]*2042' list
safe -w example -s x -E tomorrow >out
truth 'B8, Q28: a date that is none is refused' says "$?$(cat out)" 1

# --- C: encrypting and exporting ---------------------------------------------------------------------------------------
ENCRYPTED_SECRET=$(safe -s "VSecMRocks" -e | body)
truth 'C1: encrypt without storing' sh -c "echo '$ENCRYPTED_SECRET' | grep -q ^YWdlLWVuY"
truth 'C2: register ciphertext' says "$(safe -w example -s "$ENCRYPTED_SECRET" -e | body)" OK
truth 'C2: the workload sees the secret' says "$(inspect)" VSecMRocks
safe -l -e >secrets.json
env -i VSECM_KEYGEN_EXPORTED_SECRET_PATH=secrets.json VSECM_KEYGEN_ROOT_KEY_PATH=dev/root-key VSECM_KEYGEN_DECRYPT=true ./keygen >revealed
truth 'C3: reveal as operator' grep -q '^Algorithm: age' revealed
truth 'C3: each value' grep -q '^Name: *example$' revealed
truth 'C3: in the clear' grep -q '^Value: *VSecMRocks' revealed
AES_KEY=$(openssl rand -hex 32)
echo 'a large file' >myfile.txt
safe -w "example" -n "default" -s "$AES_KEY" >/dev/null
openssl enc -aes-256-cbc -salt -in myfile.txt -out myfile.enc -k "$AES_KEY" 2>/dev/null
truth 'C5: a large file, by its key' says "$(openssl enc -d -aes-256-cbc -in myfile.enc -k "$(inspect)" 2>/dev/null)" 'a large file'

# --- D: transforming ---------------------------------------------------------------------------------------------------
credentials='{"username": "*root*", "password": "*CasHC0w*"}'
safe -w example -n default -s "$credentials" -t '{"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"}' -f json >/dev/null
truth 'D1: a template that is the result already' says "$(inspect)" '{"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"}'
safe -w example -n default -s "$credentials" -t '{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}"}' -f yaml >/dev/null
truth 'D1: YAML' says "$(inspect)" "PASSWORD: '*CasHC0w*'
USERNAME: '*root*'"
safe -w example -n default -s 'gen:{"username":"admin-[a-z0-9]{6}","password":"[a-zA-Z0-9]{12}"}' -t '{"USR":"{{.username}}","PWD":"{{.password}}"}' >/dev/null
inspect >out
truth 'D3: random values' grep -Eqx '\{"USR":"admin-[a-z0-9]{6}","PWD":"[a-zA-Z0-9]{12}"\}' out
safe -w example -d >/dev/null

# --- E: delivering -----------------------------------------------------------------------------------------------------
holds() { says "$(cat "$1" 2>&1)" "$2" >/dev/null; }  # holds FILE TEXT
# shellcheck disable=SC2086
env -i $example VSECM_SIDECAR_SECRETS_PATH=secrets.txt VSECM_SIDECAR_POLL_INTERVAL=5000 VSECM_LOG_LEVEL=7 "$VSECM" sidecar 2>sidecar.err &
children="$children $!"
safe -w "example" -n "default" -s "VSecMRocks!" >/dev/null
truth 'E1: the sidecar writes the file' eventually holds secrets.txt 'VSecMRocks!'
safe -w example -n default -s "$credentials" -t '{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}"}' -f json >/dev/null
truth 'E1: the transformed secret, verbatim' eventually holds secrets.txt '{"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"}'
safe -w example -n default -d >/dev/null
truth 'E1: deleted, the file is empty' eventually sh -c '[ -f secrets.txt ] && [ ! -s secrets.txt ]'
# shellcheck disable=SC2046
env -i $(variables_of waiting) "$VSECM" init 2>/dev/null &
waiting=$!
safe -w "k8s:example-secret" -n "default" -s '{"username":"root","password":"SuperSecret","value":"VSecMRocks"}' \
    -t '{"USERNAME":"{{.username}}","PASSWORD":"{{.password}}","VALUE":"{{.value}}"}' >out
truth 'E2: a Kubernetes Secret is registered' says "$(body <out)" OK
truth 'E2: the init container waits' kill -0 $waiting
safe -w "waiting" -s "trigger" -n default >/dev/null
wait $waiting
truth 'E2: the trigger lets it go' says $? 0
truth 'E7: the inspector: nothing there' says "$(inspect; echo $?)" 6
printf 'w:billing\nn:default\ns:from the script\n--\nsleep:10\n--\nw:one,two\nn:x,y\ns:gen:[a-z0-9]{12}\n--\nexit\n--\n' >data
# shellcheck disable=SC2086
env -i $operator VSECM_SENTINEL_INIT_COMMAND_PATH=data VSECM_PROBE_LIVENESS_PORT=127.0.0.1:0 VSECM_LOG_LEVEL=7 "$VSECM" sentinel serve 2>serve.err &
children="$children $!"
# shellcheck disable=SC2046
keystone=$(variables_of vsecm-keystone)
keystone_is_marked() { env -i $operator ./safe -l --output json 2>/dev/null | grep -q '"name":"vsecm-keystone"'; }
truth 'E8: init commands end with keystone' eventually keystone_is_marked
# shellcheck disable=SC2086
truth 'E8: having done what they say' says "$(env -i $billing ./env)" 'from the script'
truth 'E8: and the keystone pod is told' says "$(env -i $keystone ./env >/dev/null 2>&1; echo $?)" 0

# --- F: keys -----------------------------------------------------------------------------------------------------------
truth 'F1: the keygen image prints a root key' sh -c "env -i ./keygen | sed '/^$/d' | tr '\n' ' ' | grep -Eqx 'AGE-SECRET-KEY-1[0-9A-Z]+ age1[0-9a-z]+ [0-9a-f]{64} '"
safe -i "hunter2" >out
truth 'F1, Q17: what is no root key is refused' says "$?$(cat out)" 1

# --- what the original does wrong here -----------------------------------------------------------------------------------
count=0
while [ $count -lt 15 ]; do
    count=$((count + 1))
    safe -w passing -b memory -s "value $count" >/dev/null && safe -w passing -d >/dev/null || break
done
truth 'Q2: deletions go on, in memory too' says "$count $(safe -l | grep -c passing)" '15 0'
truth 'Q16: there are logs at the level of everything' sh -c 'for log in dev.err serve.err sidecar.err commands.err; do [ -s $log ] || exit 1; done'
truth 'Q16: and no value in any' sh -c "! grep -E 'VSecMRocks|YouRockToo|TopSecret|CasHC0w|SuperSecret|from the script|hunter2|$AES_KEY' dev.err serve.err sidecar.err commands.err"
truth 'Q16: nor a key' sh -c '! grep -ri "AGE-SECRET-KEY" dev.out dev.err serve.err sidecar.err commands.err'

finish
