#!/bin/sh
# vsecm sentinel (also called as `safe`): first what it refuses by itself, then real commands against a real safe.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1
ln -s "$VSECM" safe
hint='(Type `safe -h` for help.)'

# --- help and usage --------------------------------------------------------------------------------------------------
row 'help' 0 '~safe -w NAME [-w NAME]... [-n NAMESPACE]... -s VALUE|-' '' -- sentinel --help
row 'help wins over all else' 0 '~exit status' '' -- sentinel -l -h
row 'version' 0 '~vsecm ' '' -- sentinel --version
row 'Q52: nothing given' 1 '' "safe: Please provide a workload name. $hint" -- sentinel
row 'Q52: no secret' 1 '' "safe: Please provide a secret. $hint" -- sentinel -w billing
row 'an unknown option' 1 '' 'did you mean --secret?' -- sentinel --secert=hunter2
truth 'whose value is not repeated' sh -c '! grep -q hunter2 .err'
row 'a stray word' 1 '' 'one argument belongs to no option' -- sentinel -w billing hunter2
truth 'which is not repeated' sh -c '! grep -q hunter2 .err'
row 'an option twice' 1 '' '-s is given more than once' -- sentinel -s x -s y
row 'Q28: a date that cannot be read' 1 '' '-E takes `never` or a date' -- sentinel -w billing -s x -E tomorrow
row 'Q19: a name with a slash' 1 '' 'must not contain `/`' -- sentinel -w ../x -s y
row 'an unknown format' 1 '' '-f takes json, yaml, raw or none' -- sentinel -w billing -s x -f xml
row 'Q26: a bad pattern' 1 '' 'column 14 of the pattern: the range runs backwards' -- sentinel -w billing -s 'gen:{"x":"admin-[z-a]{8}"}'
row 'Q25: an escape that is none' 1 '' 'column 2 of the pattern: a backslash goes before w, d or x' -- sentinel -w billing -s 'gen:[\a]{3}'
row 'a pattern with nothing random' 1 '' 'nothing would be random' -- sentinel -w billing -s gen:hunter2
truth 'which is not repeated' sh -c '! grep -q hunter2 .err'
row 'a generated ciphertext' 1 '' '-e says that the secret is ciphertext already' -- sentinel -w billing -e -s 'gen:[a-z]{8}'
row 'doctor takes nothing' 1 '' 'takes no' -- sentinel doctor -l
printf 'w:one\ns:x\n' >one
row 'a word behind an option' 1 '' 'this command takes no arguments' -- sentinel --output json doctor now
row 'a script behind an option' 0 '~"outcome":"1 byte would be received"' '' -- sentinel --output json apply --dry-run one
row 'apply without a file' 1 '' 'apply takes the name of one file, or -' -- sentinel apply
row 'apply of no file' 1 '' 'nowhere' -- sentinel apply nowhere
printf 'w:one,two\ns:gen:[a-z]{8}\n--\nwait:10\n--\nw:k8s:three\nn:x\ns:hunter2\n' >script
row 'apply, only told' 0 'line 1: put one, two: 8 bytes would be received\nline 4: wait 10 ms\nline 6: put k8s:three: 7 bytes would be received\n' '' -- sentinel apply script --dry-run
printf -- '- w: [one, two]\n  s: gen:[a-z]{8}\n- wait: 10\n- {w: "k8s:three", n: x, s: hunter2}\n' >list.yaml
row 'a YAML list' 0 'line 1: put one, two: 8 bytes would be received\nline 3: wait 10 ms\nline 4: put k8s:three: 7 bytes would be received\n' '' -- sentinel apply list.yaml --dry-run
row 'for a program' 0 '{"line":1,"what":"put one, two","outcome":"8 bytes would be received","warnings":[]}\n{"line":3,"what":"wait 10 ms"}\n{"line":4,"what":"put k8s:three","outcome":"7 bytes would be received","warnings":[]}\n' '' -- sentinel apply list.yaml --dry-run --output json
stdin=list.yaml
row 'from standard input' 0 '~line 4: put k8s:three' '' -- sentinel apply - --dry-run
printf 'w:one,k8s:two\nn:x\ns:{"u":"hunter2"}\nt:{"USER":"{{.u}}"}\nf:yaml\n--\nw:one\ns:hunter2\nt:{{.u}}\n--\nw:one\nd:true\n--\nw:one\ns:x\ne:true\n' >templates
row 'its templates are tried' 0 'line 1: put one, k8s:two: 14 bytes would be received, 18 bytes by k8s:two\nline 7: put one: 7 bytes would be received\nline 11: delete one\nline 14: put one: the value is encrypted: only safe can tell what would be received\n' 'safe: line 7: warning: the template is not applied' -- sentinel apply templates --dry-run
truth 'and nothing of them is shown' sh -c '! grep -q hunter2 .out .err'
printf 'w:one\ns:{"u":"hunter2"}\nt:{{.u.x}}\n--\nw:one\ns:x\n' >failing
row 'one of which fails' 1 'line 1: put one: would fail\nline 5: put one: 1 byte would be received\n' 'safe: line 1: template: secret:1:4' -- sentinel apply failing --dry-run
truth 'without a word of the data' sh -c '! grep -q hunter2 .out .err'
printf 'w:one\ns:hunter2\n--\nhunter2\n' >broken
row 'a broken script' 1 '' 'line 4: a line is a key, a colon and a value' -- sentinel apply broken
truth 'of which nothing is repeated' sh -c '! grep -q hunter2 .err'
row 'Q17: what is no root key' 1 '' 'the root key has three lines' -- sentinel -i hunter2
row 'no such file' 1 '' 'nowhere' -- sentinel -w billing --secret-file nowhere
printf 'a\377' >binary
row 'a file JSON could not carry' 1 '' 'not UTF-8 text' -- sentinel -w billing --secret-file binary
row 'an empty standard input' 1 '' 'the secret is empty' -- sentinel -w billing -s -

# --- nobody there ----------------------------------------------------------------------------------------------------
environment="SPIFFE_ENDPOINT_SOCKET=unix://$scratch/none.sock"
row 'no Workload API' 4 '' 'the socket does not exist' -- sentinel -l
environment="SPIFFE_ENDPOINT_SOCKET=unix://$scratch/none.sock"
row 'doctor: no Workload API' 4 "no  socket    $scratch/none.sock: No such file or directory\\n    -> Is the SPIRE agent running, and its socket mounted here? On a laptop: \`vsecm dev --dir DIR\`, then \`. DIR/env/vsecm-sentinel\` in this shell.\\n" '' -- sentinel doctor
environment="SPIFFE_ENDPOINT_SOCKET=unix://$VSECM"
row 'doctor: not even a socket' 4 '~is no socket' '' -- sentinel doctor
environment='SPIFFE_ENDPOINT_SOCKET=nonsense'
row 'a socket address that is none' 1 '' 'SPIFFE_ENDPOINT_SOCKET' -- sentinel -l
environment='VSECM_SAFE_ENDPOINT_URL=http://127.0.0.1/'
row 'an endpoint that is no https' 1 '' 'VSECM_SAFE_ENDPOINT_URL' -- sentinel -l
environment='VSECM_LOG_FORMAT=xml'
row 'a variable of ours that does not parse' 1 '' 'VSECM_LOG_FORMAT must be one of' -- sentinel -l

# --- serve -----------------------------------------------------------------------------------------------------------
VSECM_PROBE_LIVENESS_PORT=127.0.0.1:0 VSECM_SENTINEL_PORTS_FILE=ports "$VSECM" sentinel serve 2>serve.err &
serve=$!
truth 'serve tells its port' eventually grep -q '^live=[0-9]' ports
kill -TERM $serve
wait $serve
truth 'SIGTERM ends it with 0' [ $? -eq 0 ]
environment='VSECM_PROBE_LIVENESS_PORT=nonsense'
row 'serve with an address that is none' 1 '' 'VSECM_PROBE_LIVENESS_PORT' -- sentinel serve
environment='VSECM_SENTINEL_OIDC_ENABLE_RESOURCE_SERVER=true'
row 'Q58 Q59: serve with what is not built' 1 '' 'OIDC' -- sentinel serve

# --- a whole system --------------------------------------------------------------------------------------------------
"$VSECM" dev --dir "$scratch/dev" --workload app >dev.out 2>dev.err &
dev=$!
trap 'kill $dev 2>/dev/null; wait $dev 2>/dev/null; rm -rf "$scratch"' EXIT
truth 'dev starts' eventually grep -q 'is ready' dev.out
operator=$(variables_of vsecm-sentinel)
workload=$(variables_of app)
sentinel() { # like row, as the operator
    environment=$operator
    row "$@"
}

sentinel 'doctor: all is well' 0 '~ok  store     every stored secret opens' '' -- sentinel doctor
sentinel 'for a program' 0 '~{"ok":true,"checks":[{"check":"socket","ok":true,' '' -- sentinel doctor --output json
environment="$workload"
row 'doctor: a workload is no operator' 4 '~no  identity  ' '' -- sentinel doctor
environment="$operator VSECM_SAFE_ENDPOINT_URL=https://127.0.0.1:1/"
row 'doctor: nobody answers' 5 '~VSECM_SAFE_ENDPOINT_URL (https://127.0.0.1:1/)' '' -- sentinel doctor
environment="$operator VSECM_SPIFFEID_PREFIX_SAFE=spiffe://vsecm.com/workload/else"
row 'doctor: whom we do not trust' 2 '~no  trust     ' '' -- sentinel doctor
sentinel 'status: the store, nothing written yet' 0 "~store: file $(cd "$scratch" && pwd)/dev/data" '' -- sentinel status
sentinel 'put, to be seen in the status' 0 '\nOK\n\n' '' -- sentinel -w app -s x
sentinel 'status: the last write' 0 '~lastWrite: 20' '' -- sentinel status
sentinel 'which goes again' 0 '\nOK\n\n' '' -- sentinel -w app -d
environment="$operator VSECM_SENTINEL_LOGGER_URL=127.0.0.1:1"
row 'Q24: no command waits for a log server' 0 '\n{"secrets":[]}\n\n' '' -- sentinel -l
sentinel 'an empty list' 0 '\n{"secrets":[]}\n\n' '' -- sentinel -l
sentinel 'put' 0 '\nOK\n\n' '' -- sentinel -w app -n default -s '!VSecMRocks!'
sentinel 'Q53: put a value that looks like options' 0 '\nOK\n\n' '' -- sentinel -w app -s -hello
sentinel 'the list' 0 '~{"secrets":[{"name":"app","created":"20' '' -- sentinel -l
sentinel 'two workloads' 0 '\nOKOK\n\n' '' -- sentinel -w one -w two -n x -n y -s v
sentinel 'a name that nobody has' 0 '\nOK\n\n' 'no workload can have that name: give several with a -w each' -- sentinel -w one,two -s v
sentinel 'which goes again' 0 '\nOK\n\n' '' -- sentinel -w one,two -d
sentinel 'append' 0 '\nOK\n\n' '' -- sentinel -w app -a -s newest
sentinel 'the first of its name' 0 '\nOK\n\n' '' -- sentinel -w versioned -s one --if-version 0
sentinel 'which is not there a second time' 2 '' 'version 0 was expected, it is 1' -- sentinel -w versioned -s two --if-version 0
sentinel 'nor for one of several' 2 '' 'version 1 was expected, it is 0' -- sentinel -w versioned -w nobody -s two --if-version 1
sentinel 'of which none was written' 0 '~"version":1' '' -- sentinel -l
truth 'not even named' sh -c '! grep -q nobody .out'
sentinel 'over the version it has' 0 '\nOK\n\n' '' -- sentinel -w versioned -a -s two --if-version 1
sentinel 'no longer over that' 2 '' 'version 1 was expected, it is 2' -- sentinel -w versioned -s three --if-version 1
row 'no version' 1 '' '--if-version takes' -- sentinel -w versioned -s x --if-version latest
sentinel 'what is kept of it' 0 '~bytes  current' '' -- sentinel -w versioned --versions
sentinel 'as JSON' 0 '~{"name":"versioned","versions":[{"version":2,"state":"current",' '' -- sentinel -w versioned --versions --output json
sentinel 'back to the first' 0 '\nOK\n\n' '' -- sentinel -w versioned --rollback 1 --if-version 2
sentinel 'no longer over that' 2 '' 'version 2 was expected, it is 3' -- sentinel -w versioned --rollback 1 --if-version 2
sentinel 'which is one version more' 0 '~"version":3,"state":"current"' '' -- sentinel -w versioned --versions --output json
sentinel 'a version it never had' 6 '' 'version 9 is not kept' -- sentinel -w versioned --rollback 9
sentinel 'the one it has' 2 '' 'is the current one' -- sentinel -w versioned --rollback 3
sentinel 'versions of nobody' 6 '' 'there is no secret named `nobody`' -- sentinel -w nobody --versions
sentinel 'undelete what is there' 2 '' 'is not deleted' -- sentinel -w versioned --undelete
sentinel 'delete it' 0 '\nOK\n\n' '' -- sentinel -w versioned -d
sentinel 'no rollback of what is deleted' 6 '' 'undelete it first' -- sentinel -w versioned --rollback 1
sentinel 'take that back' 0 '{"ok":true,"workloads":["versioned"],"warnings":[]}\n' '' -- sentinel -w versioned --undelete --output json
row 'no number' 1 '' '--rollback takes' -- sentinel -w versioned --rollback last
printf ' exact \n\n' >exact
stdin=exact
sentinel 'from standard input' 0 '\nOK\n\n' '' -- sentinel -w exact -s -
sentinel 'from a file' 0 '\nOK\n\n' '' -- sentinel -w exact --secret-file exact
sentinel 'the export' 0 '~"algorithm":"age"}' '' -- sentinel -l -e
cp .out export.json
row 'holds the exact bytes' 0 @exact '' -- keygen --decrypt --root-key dev/root-key --export export.json --name exact
row 'and the appended value first' 0 '["newest","-hello"]' '' -- keygen --decrypt --root-key dev/root-key --export export.json --name app
sentinel 'encrypt only' 0 '~YWdlLWVuY3J5cHRpb24ub3JnL3Yx' '' -- sentinel -e -s abc
cp .out cipher
row 'which keygen opens' 0 'abc' '' -- keygen --decrypt --root-key dev/root-key --value cipher
stdin=cipher
sentinel 'put ciphertext, as it was printed' 0 '\nOK\n\n' '' -- sentinel -w abc -e -s -
sentinel 'put what is no ciphertext' 2 '' 'not base64' -- sentinel -w abc -e -s hunter2
truth 'which is not repeated' sh -c '! grep -q hunter2 .err'
sentinel 'the export again' 0 '~"secrets"' '' -- sentinel -le --output json
cp .out export.json
row 'holds the decrypted value' 0 'abc' '' -- keygen --decrypt --root-key dev/root-key --export export.json --name abc
sentinel 'a generated secret' 0 '\nOK\n\n' '' -- sentinel -w made -s 'gen:{"username":"admin-[a-z0-9]{6}","password":"[a-zA-Z0-9]{12}"}'
sentinel 'which is in the export' 0 '~"secrets"' '' -- sentinel -le
cp .out export.json
row 'and of its pattern' 0 '~{"username":"admin-' '' -- keygen --decrypt --root-key dev/root-key --export export.json --name made
truth 'all of it' grep -Eqx '\{"username":"admin-[a-z0-9]{6}","password":"[a-zA-Z0-9]{12}"\}' .out
sentinel 'generated and encrypted at once' 0 '~YWdlLWVuY3J5cHRpb24ub3JnL3Yx' '' -- sentinel -e -s 'gen:[\w]{12}'
environment="$operator VSECM_SENTINEL_SECRET_GENERATION_PREFIX=random:"
row 'another prefix' 1 '' 'column 1 of the pattern: the class is empty' -- sentinel -w made -s 'random:[]{1}'
sentinel 'a script by hand' 0 'line 1: put one, two: left as it is: one, two are there already\nline 4: wait 10 ms: done\nline 6: put k8s:three: done\n' 'line 6: warning: ' -- sentinel apply script
sentinel 'and told to a program' 0 '~{"line":6,"what":"put k8s:three","outcome":"done","warnings":[' 'line 6: warning: ' -- sentinel apply script --output json
printf 'w:four,five\ns:gen:[a-z]{8}\n--\nw:one\nd:\n--\nw:six,vsecm-safe\ns:x\n--\nw:seven\ns:x\n' >stops
stdin=stops
sentinel 'stops where safe says no' 2 'line 1: put four, five: done\nline 4: delete one: done\nline 7: put six, vsecm-safe: failed; the blocks behind it were not begun\n' 'safe: line 7: ' -- sentinel apply -
sentinel 'with nothing behind it' 0 '~"four"' '' -- sentinel -l
truth 'begun' sh -c '! grep -q -e seven -e six .out'
sentinel 'JSON output' 0 '{"ok":true,"workloads":["app"],"warnings":[]}\n' '' -- sentinel -w app -s x --output json
sentinel 'a Kubernetes name waits, and says so' 0 '\nOK\n\n' 'safe: warning: ' -- sentinel -w k8s:db -s x
sentinel 'a reserved name' 2 '' 'reserved' -- sentinel -w vsecm-safe -s x
sentinel 'delete' 0 '\nOK\n\n' '' -- sentinel -w app -d
sentinel 'delete what is not there' 0 '\nOK\n\n' - -- sentinel -w app -d
sentinel 'status' 0 '~phase: serving' '' -- sentinel status
sentinel 'status as JSON' 0 '~"phase":"serving"' '' -- sentinel status --output json
stdin=dev/root-key
sentinel 'the root key it has already' 0 '\nOK\n\n' '' -- sentinel -i -
"$VSECM" keygen >other-key
stdin=other-key
sentinel 'Q17: another root key' 2 '' 'has a root key already' -- sentinel -i -
environment=$workload
row 'not the sentinel' 4 '' "is not the sentinel's" -- sentinel -l
environment="$operator VSECM_SAFE_ENDPOINT_URL=https://127.0.0.1:1/"
row 'nobody listens there' 5 '' 'safe: ' -- sentinel -l
# /proc shows arguments to everybody: the secret is gone from ours before safe is asked. A stopped safe gives time to look.
kill -STOP "$(cat dev/safe.pid)"
# shellcheck disable=SC2086
env $operator "$VSECM" sentinel -w app -s hunter2-in-argv >/dev/null 2>&1 &
command=$!
truth 'Q54: the secret leaves the arguments' eventually sh -c "tr '\\0' ' ' </proc/$command/cmdline | grep -q ' -s ' && ! grep -q hunter2 /proc/$command/cmdline"
# shellcheck disable=SC2086
env $operator "$VSECM" sentinel -l >cancelled.out 2>cancelled.err &
cancelled=$!
# SIGTERM is bit 14 of the mask of caught signals: in its fourth hex digit from the end.
truth 'a command catches SIGTERM' eventually grep -q '^SigCgt:.*[4567cdef]...$' /proc/$cancelled/status
kill -TERM $cancelled
wait $cancelled
truth 'and can be cancelled' [ "$?-$(cat cancelled.err)" = '1-safe: Operation was cancelled.' ]
# Whose answer nobody takes: its pipe is full.
mkfifo full
exec 3<>full
dd if=/dev/zero bs=65536 count=1 >&3 2>/dev/null
# shellcheck disable=SC2086
env $operator "$VSECM" sentinel -l >&3 2>&3 &
unread=$!
truth 'another catches SIGTERM' eventually grep -q '^SigCgt:.*[4567cdef]...$' /proc/$unread/status
truth 'and can be ended while it waits for its reader' eventually sh -c \
    "kill -TERM $unread 2>/dev/null; [ ! -e /proc/$unread ] || grep -q '^State:.Z' /proc/$unread/status"
kill -KILL $unread 2>/dev/null
exec 3>&-
kill -CONT "$(cat dev/safe.pid)"
wait $command
truth 'and still arrives' [ $? -eq 0 ]
VSECM=$scratch/safe
sentinel 'called as safe' 0 '~{"secrets":[' '' -- -l
finish
