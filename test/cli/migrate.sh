#!/bin/sh
# One data folder, as docs/migrate.md carries it: left by the original, served and changed by this program, taken back. What
# the original does with it is done here by the stock `age`: it wants NAME.age with its record, and nothing else.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1
for name in safe env keygen; do ln -s "$VSECM" $name; done
running=
trap 'kill $running 2>/dev/null; wait; rm -rf "$scratch"' EXIT

# --- what the original left --------------------------------------------------------------------------------------------
mkdir -p dev/data
env -i ./keygen | sed '/^$/d' >dev/root-key
chmod 600 dev/root-key
sed -n 1p dev/root-key >identity
recipient=$(sed -n 2p dev/root-key)
leave() {  # leave NAME VALUE-AS-JSON [FILE]
    printf '{"name":"%s","value":%s,"valueTransformed":"","meta":{"namespaces":["default"],"template":"","Format":"json","correlationId":"a1b2c3d4"},"created":"2025-01-02T03:04:05.678Z","updated":"2025-01-02T03:04:05.678Z","notBefore":"2025-01-02T03:04:05.678Z","expiresAfter":"9999-12-31T23:59:59.999999999Z"}' \
        "$1" "$2" | age -r "$recipient" -o "dev/data/${3:-$1.age}"
}
leave app '"as it was"'
leave app '"as it was"' app-1-.age.backup
leave gone '"to be removed"'
leave quiet '"never touched"'
leave 'k8s:db' '"{\"user\":\"root\"}"'
cp dev/data/quiet.age quiet.before

# --- forward -------------------------------------------------------------------------------------------------------------
start() {
    "$VSECM" dev --dir dev --workload app --workload quiet --workload fresh >dev.out 2>dev.err &
    running=$!
    eventually grep -q 'is ready' dev.out
}
stop() { kill "$running" && wait "$running"; running=; }
# shellcheck disable=SC2046 # words are meant to be split
safe() { env -i $(variables_of vsecm-sentinel) ./safe "$@" 2>>safe.err; }
# shellcheck disable=SC2046
sees() { [ "$(env -i $(variables_of "$1") ./env 2>env.err)" = "$2" ]; }
lists() { [ "$(safe -l | grep -o '"name":"[^"]*"' | sort | tr -d '\n')" = "$1" ]; }
truth 'it starts on the folder and the key' start
truth 'every secret is there' lists '"name":"app""name":"gone""name":"k8s:db""name":"quiet"'
truth 'a workload sees its own' sees app 'as it was'
truth 'one is changed' [ "$(safe -w app -s 'changed here' | tr -d '\n')" = OK ]
truth 'one is removed' [ "$(safe -w gone -d | tr -d '\n')" = OK ]
truth 'one is new, of several values' [ "$(safe -w fresh -s one >/dev/null; safe -w fresh -a -s two | tr -d '\n')" = OK ]
truth 'it ends properly' stop

# --- back --------------------------------------------------------------------------------------------------------------
# All regular files that do not end in .age.backup are secrets to it, and folders are passed over.
names=$(find dev/data -maxdepth 1 -type f ! -name '*.age.backup' -printf '%f\n' | sort | tr '\n' ' ')
truth 'there are its files and no others' [ "$names" = 'app.age fresh.age k8s:db.age quiet.age ' ]
reads() {  # reads NAME VALUE-AS-JSON
    age -d -i identity "dev/data/$1.age" >record || return 1
    python3 - "$1" "$2" <<'PYTHON'
import datetime, json, sys
record = json.load(open('record'))
good = record['name'] == sys.argv[1] and record['value'] == json.loads(sys.argv[2]) and isinstance(record['meta']['namespaces'], list)
for date in ('created', 'updated'):
    datetime.datetime.fromisoformat(record[date].split('.')[0].rstrip('Z'))
sys.exit(not good)
PYTHON
}
truth 'it reads what was changed' reads app '"changed here"'
truth 'and what is new, several values as one text' reads fresh '"[\"two\",\"one\"]"'
truth 'and what is a Kubernetes Secret' reads 'k8s:db' '"{\"user\":\"root\"}"'
truth 'what nobody touched is the same to the byte' cmp -s quiet.before dev/data/quiet.age
truth 'the root key is its own' [ "$(sed -n 2p dev/root-key)" = "$recipient" ]

# --- and forward once more, after it wrote something ---------------------------------------------------------------------
rm dev/data/fresh.age
leave app '"written by the original"'
truth 'it starts again' start
truth 'what the original wrote is what counts' sees app 'written by the original'
truth 'what the original removed is gone' lists '"name":"app""name":"k8s:db""name":"quiet"'
truth 'it ends' stop
finish
