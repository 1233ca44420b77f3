#!/bin/sh
# vsecm keygen. All that it decrypts here was made by the age and openssl commands, or is a vector: nothing by us.
set -u
vectors=$(realpath "$(dirname "$0")/../vectors/keygen")
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1
cp "$vectors"/* . && mv root-key gcm-root-key

# --- a root key, and things sealed with it by other programs ---------------------------------------------------------
age-keygen -o id 2>/dev/null
recipient=$(age-keygen -y id)
seed=$(openssl rand -hex 32)
{ grep AGE-SECRET-KEY- id; echo "$recipient"; echo "$seed"; } >key
grep AGE-SECRET-KEY- id >key-line-1
echo "$seed" >key-line-3
sed 's/$/\r/' key >key-crlf
sed '1s/.$/b/' key >key-damaged-line-1
age-keygen 2>/dev/null | grep AGE-SECRET-KEY- >key-other

seal() { age -r "$recipient"; }
seal64() { seal | base64 -w0; }
seal_cfb() { # the original's AES: IV, then CFB
    openssl rand -out iv 16
    cat iv
    openssl enc -aes-256-cfb -K "$seed" -iv "$(od -An -tx1 iv | tr -d ' \n')"
}
record() { # NAME VALUE, as 0.28.1 writes it
    printf '{"name":"%s","value":"%s","valueTransformed":"","meta":{"namespaces":["default"],"template":"","Format":"json","correlationId":"c"},' "$1" "$2"
    printf '"created":"2024-05-06T07:08:09.5Z","updated":"2024-05-06T07:08:10Z","notBefore":"2024-05-06T07:08:09Z","expiresAfter":"9999-12-31T23:59:59.999999999Z"}'
}
item() { printf '{"name":"%s","value":%s,"created":"2024-05-06T07:08:09Z","updated":"2024-05-06T07:08:10Z"}' "$1" "$2"; }
dates='Created: 2024-05-06T07:08:09Z\nUpdated: 2024-05-06T07:08:10Z\n---\n'

# --- making a key ----------------------------------------------------------------------------------------------------
row 'prints a key, as the original does' 0 '~AGE-SECRET-KEY-1' '' -- keygen
cp .out made
truth 'an empty line, three lines, an empty line' [ "$(sed -n '1p;5p' made | tr -d '\n')$(wc -l <made)" = 5 ]
grep AGE-SECRET-KEY- made >made-line-1
truth 'line 2 is the public key of line 1' [ "$(age-keygen -y made-line-1)" = "$(sed -n 3p made)" ]
truth 'line 3 is 64 hex characters' grep -qxE '[0-9a-f]{64}' made
row 'writes a key to a file' 0 '' 'written to new-key' -- keygen --out new-key
truth 'with mode 0600' [ "$(stat -c %a new-key)" = 600 ]
cp new-key new-key.before
row 'never overwrites one' 1 '' 'File exists' -- keygen -o new-key
truth 'and did not' cmp -s new-key new-key.before
row 'tells how it is used' 0 '~vsecm keygen --decrypt --root-key' '' -- keygen --help
stdin=made
row 'a key just made decrypts' 1 '' 'neither an age file' -- keygen --decrypt --root-key made --file -

# --- usage -----------------------------------------------------------------------------------------------------------
row 'an unknown option' 1 '' 'did you mean --export' -- keygen --exprot x
row 'a word too many' 1 '' 'belongs to no option' -- keygen decrypt
row 'decrypting without --decrypt' 1 '' 'say so: --decrypt' -- keygen --root-key key --file x
row 'two inputs' 1 '' 'give one of' -- keygen --decrypt --file x --data y
row '--out when decrypting' 1 '' 'for a new root key' -- keygen --decrypt --out x --file y
row '--name of a single file' 1 '' '--name chooses' -- keygen --decrypt --root-key key --file x --name y
row 'no root key there' 1 '' 'root key: opening nowhere' -- keygen --decrypt --root-key nowhere --file id
echo '{}' >empty-key
row 'a root key that was never made' 1 '' 'no key' -- keygen --decrypt --root-key empty-key --file id

# --- one file: exact bytes -------------------------------------------------------------------------------------------
head -c 200000 /dev/urandom >plain
seal <plain >plain.bin
age -a -r "$recipient" <plain >plain.asc
: >nothing
seal <nothing >nothing.bin
row 'an age file' 0 @plain '' -- keygen --decrypt --root-key key --file plain.bin
row 'an armored one' 0 @plain '' -- keygen --decrypt -k key -f plain.asc
row 'an empty one' 0 '' '' -- keygen --decrypt --root-key key --file nothing.bin
stdin=plain.bin
row 'from standard input' 0 @plain '' -- keygen --decrypt --root-key key --file -
row 'with line 1 of the key alone' 0 @plain '' -- keygen --decrypt --root-key key-line-1 --file plain.bin
row 'with the file age-keygen made' 0 @plain '' -- keygen --decrypt --root-key id --file plain.bin
row 'with CRLF in the key' 0 @plain '' -- keygen --decrypt --root-key key-crlf --file plain.bin
row 'with another key' 1 '' 'plain.bin: age file is for none' -- keygen --decrypt --root-key key-other --file plain.bin
row 'with a line that does not serve' 1 '' 'age file is for none' -- keygen --decrypt --root-key key-line-3 --file plain.bin
row 'no root key told' 1 '' '(give the root key with --root-key FILE)' -- keygen --decrypt --file plain.bin
row 'nothing told to decrypt' 1 '' '(give what is to be decrypted with --export, --file, --value or --data)' -- keygen --decrypt --root-key key
row 'no such file' 1 '' 'opening nowhere: No such file' -- keygen --decrypt --root-key key --file nowhere
head -c 150000 plain.bin >cut.bin
head -c 131072 plain >cut
row 'one cut short: its authentic part, and an error' 1 @cut 'not all of it' -- keygen --decrypt --root-key key --file cut.bin
row 'a folder' 1 '' 'Is a directory' -- keygen --decrypt --root-key key --file .
row 'AES-256-GCM' 0 '~"value": "sealed value"' '' -- keygen --decrypt --root-key gcm-root-key --file gcm.age
row 'AES-256-GCM with another key' 1 '' 'sealed under AES key' -- keygen --decrypt --root-key key --file gcm.age

# --- one value in base64 ---------------------------------------------------------------------------------------------
printf 'VSecMRocks' | seal64 >value64
printf '\n%s\n\n' "$(cat value64)" >value64-framed
row 'a value as safe -e printed it' 0 'VSecMRocks' '' -- keygen --decrypt --root-key key --value value64-framed
stdin=value64
row 'a value from standard input' 0 'VSecMRocks' '' -- keygen --decrypt --root-key key -v -
row 'a value that is not base64' 1 '' 'keygen: id: base64' -- keygen --decrypt --root-key key --value id
printf 'old value' | seal_cfb | base64 -w0 >cfb64
row 'the original'"'"'s AES only when asked for' 1 '' 'neither an age file' -- keygen --decrypt --root-key key --value cfb64
row 'the original'"'"'s AES' 0 'old value' '' -- keygen --decrypt --root-key key-line-3 --value cfb64 --aes-cfb
row 'a damaged line of the key that is not needed' 0 'old value' 'line 1' -- keygen --decrypt --root-key key-damaged-line-1 --value cfb64 --aes-cfb

# --- exports ---------------------------------------------------------------------------------------------------------
{
    printf '\n{"secrets":['
    item one "\"$(printf 'first' | seal64)\"" && printf ,
    item many "[\"$(printf 'newest' | seal64)\",\"$(printf 'older' | seal64)\"]" && printf ,
    item quoted "\"$(printf 'a "quoted"\nsecond line' | seal64)\""
    printf '],"algorithm":"age"}\n\n'
} >export.json
all="Algorithm: age\n---\nName: one\nValue: first\n${dates}Name: many\nValue: newest\nValue: older\n${dates}Name: quoted\nValue: a \"quoted\"\nsecond line\n$dates"
row 'an export' 0 "$all" '' -- keygen --decrypt --root-key key --export export.json
environment="VSECM_KEYGEN_DECRYPT=true VSECM_KEYGEN_ROOT_KEY_PATH=key VSECM_KEYGEN_EXPORTED_SECRET_PATH=export.json"
row 'an export, by the original'"'"'s variables' 0 "$all" '' -- keygen
environment="VSECM_KEYGEN_EXPORTED_SECRET_PATH=export.json"
row 'an export, half by options' 0 "$all" '' -- keygen --decrypt --root-key key
stdin=export.json
row 'an export from standard input' 0 "$all" '' -- keygen --decrypt --root-key key --export -
row 'one value of it, exact bytes' 0 'a "quoted"\nsecond line' '' -- keygen --decrypt --root-key key --export export.json --name quoted
row 'one name with several values' 0 '["newest","older"]' '' -- keygen --decrypt --root-key key --export export.json -n many
row 'a name it does not have' 6 '' 'no secret named three' -- keygen --decrypt --root-key key --export export.json --name three
{
    printf '{"secrets":['
    item good "\"$(printf 'fine' | seal64)\"" && printf ,
    item foreign "\"$(printf 'x' | age -r "$(age-keygen -y made-line-1)" | base64 -w0)\"" && printf ,
    item rubbish '"not base64!"' && printf ,
    item empty '""' && printf ,
    item last "\"$(printf 'also fine' | seal64)\""
    printf '],"algorithm":"age"}'
} >mixed.json
row 'what does not open is named, the rest is printed' 1 "Algorithm: age\n---\nName: good\nValue: fine\n${dates}Name: last\nValue: also fine\n$dates" \
    'keygen: foreign: age file is for none' -- keygen --decrypt --root-key key --export mixed.json
truth 'Q14: all three by name, also the value that the export lacks' [ "$(grep -c '^keygen: \(foreign\|rubbish\|empty\): ' .err)" = 3 ]
row 'an export under another key' 1 'Algorithm: age\n---\n' 'keygen: one: ' -- keygen --decrypt --root-key key-other --export export.json
row 'an export in AES-256-GCM' 0 "Algorithm: aes-256-gcm\n---\nName: alpha\nValue: first value\n${dates}Name: beta\nValue: zwei\n\"Zeilen\" ü\n$dates" '' \
    -- keygen --decrypt --root-key gcm-root-key --export export-aes-256-gcm.json
{
    printf '{"secrets":['
    item alpha "\"$(printf 'the value of alpha' | seal_cfb | base64 -w0)\""
    printf '],"algorithm":"aes"}'
} >export-cfb.json
row 'an export of the original in AES' 0 "Algorithm: aes\n---\nName: alpha\nValue: the value of alpha\n$dates" 'does not protect' \
    -- keygen --decrypt --root-key key --export export-cfb.json
row 'Q13: the original'"'"'s AES under a wrong key' 1 'Algorithm: aes\n---\n' 'keygen: alpha: no AES seed' -- keygen --decrypt --root-key gcm-root-key --export export-cfb.json
echo '{"secrets":[],"algorithm":"rot13"}' >rot13.json
row 'an unknown algorithm' 1 '' 'none of age, aes' -- keygen --decrypt --root-key key --export rot13.json
echo '{"secrets":[' >broken.json
row 'broken JSON' 1 '' 'broken.json: ' -- keygen --decrypt --root-key key --export broken.json

# --- data folders ----------------------------------------------------------------------------------------------------
mkdir data data/history empty-folder
record one first | seal >data/one.age
record one first | seal >data/one-1-.age.backup
record k8s:two 'zwei\nZeilen' | seal >data/k8s:two.age
record 'a b' spaced | seal >data/a%20b.age
record old aes | seal_cfb >data/old.age
printf '{"name":"was","values":["newest","older"],"valuesTransformed":null,"meta":{},"created":"2024-05-06T07:08:09Z","updated":"2024-05-06T07:08:10Z"}' |
    seal >data/was.age
row 'a data folder of the original' 0 "---\nName: a b\nValue: spaced\n${dates}Name: k8s:two\nValue: zwei\nZeilen\n${dates}Name: old\nValue: aes\n${dates}Name: one\nValue: first\n${dates}Name: was\nValue: newest\nValue: older\n$dates" \
    'old.age: read as the original' -- keygen --decrypt --root-key key --data data
row 'one value of it' 0 'zwei\nZeilen' '' -- keygen --decrypt --root-key key --data data --name k8s:two
row 'a file of it, as it is' 0 "@$(record one first >expected && echo expected)" '' -- keygen --decrypt --root-key key --file data/one.age
row 'a file of the original in AES' 0 "@$(record old aes >expected-old && echo expected-old)" 'read as the original' -- keygen --decrypt --root-key key --file data/old.age
cp data/old.age renamed.age
row 'Q13: which must name itself' 1 '' 'neither an age file' -- keygen --decrypt --root-key key --file renamed.age
row 'a name it does not have' 6 '' 'no secret named three' -- keygen --decrypt --root-key key --data data --name three
# A server that was killed while a crowd wrote: its newest records are in the journal, the last block was cut.
mkdir killed && cp data/one.age killed/
block() {  # version, version it replaces, stem, file
    { printf '%s %s %s %s\n' "$1" "$2" "$(wc -c <"$4")" "$3" && cat "$4"; } >body
    printf 'block %s %s\n' "$(wc -c <body)" "$(sha256sum body | cut -d ' ' -f 1)" && cat body
}
record one second | seal >newer
record one third | seal >newest
record two other | seal >two
{ block 1 0 two two && block 2 1 one newer; } >killed/.journal
block 3 2 one data/one.age | head -c 50 >>killed/.journal
row 'a data folder with a journal' 0 "---\nName: one\nValue: second\n${dates}Name: two\nValue: other\n$dates" '' -- keygen --decrypt --root-key key --data killed
mkdir killed/history
record one zeroth | seal >killed/history/one.7.age
record gone buried | seal >killed/history/gone.2.age
{ block 1 0 two two && block 9 8 one newer && block 10 9 one newest; } >killed/.journal
row 'which without being asked prints the newest' 0 "---\nName: one\nValue: third\n${dates}Name: two\nValue: other\n$dates" '' -- keygen --decrypt --root-key key --data killed
row 'and with --history what was before, deleted ones too' 0 "---\nName: gone\nVersion: 2\nValue: buried\n${dates}Name: one\nValue: third\n${dates}Name: one\nVersion: 9\nValue: second\n${dates}Name: one\nVersion: 8\nValue: first\n${dates}Name: one\nVersion: 7\nValue: zeroth\n${dates}Name: two\nValue: other\n$dates" \
    '' -- keygen --decrypt --root-key key --data killed --history
row 'of one secret' 0 "Name: gone\nVersion: 2\nValue: buried\n$dates" '' -- keygen --decrypt --root-key key --data killed --history --name gone
row 'which else is not there' 6 '' 'no secret named gone' -- keygen --decrypt --root-key key --data killed --name gone
cp newest killed/one.age
row 'the journal half made into files' 0 "Name: one\nValue: third\n${dates}Name: one\nVersion: 9\nValue: second\n${dates}Name: one\nVersion: 7\nValue: zeroth\n$dates" \
    '' -- keygen --decrypt --root-key key --data killed --history --name one
record one theirs | sed 's/"updated":"2024/"updated":"2034/' | seal >killed/one.age
row 'what the original wrote since is newer than the journal' 0 'theirs' '' -- keygen --decrypt --root-key key --data killed --name one
row 'which is earlier then' 0 "Name: one\nValue: theirs\nCreated: 2024-05-06T07:08:09Z\nUpdated: 2034-05-06T07:08:10Z\n---\nName: one\nVersion: 10\nValue: third\n${dates}Name: one\nVersion: 9\nValue: second\n${dates}Name: one\nVersion: 7\nValue: zeroth\n$dates" \
    '' -- keygen --decrypt --root-key key --data killed --history --name one
rm killed/one.age
row 'what the original removed since is not there' 6 '' 'no secret named one' -- keygen --decrypt --root-key key --data killed --name one
row 'but for its versions' 0 "Name: one\nVersion: 10\nValue: third\n${dates}Name: one\nVersion: 9\nValue: second\n${dates}Name: one\nVersion: 7\nValue: zeroth\n$dates" \
    '' -- keygen --decrypt --root-key key --data killed --history --name one
printf X | dd of=killed/.journal bs=1 seek=100 conv=notrunc 2>/dev/null
row 'of a damaged journal the rest, and an error' 1 "---\nName: one\nValue: third\n$dates" 'keygen: .journal: a part of it is damaged' -- keygen --decrypt --root-key key --data killed
row 'history of what is no folder' 1 '' 'it goes with --data' -- keygen --decrypt --root-key key --file key --history
cp data/one.age data/moved.age
head -c 100 data/one.age >data/cut.age
row 'damaged and misplaced records are named' 1 '~Value: spaced' 'keygen: moved.age: the record in it is that of another secret, one' -- keygen --decrypt --root-key key --data data
truth 'each of them' grep -q '^keygen: cut.age: age header: cut short' .err
row 'a folder without records' 1 '' 'has no store files' -- keygen --decrypt --root-key key --data empty-folder
row 'no such folder' 1 '' 'nowhere' -- keygen --decrypt --root-key key --data nowhere
truth 'a full disk is an error' sh -c '! "$1" keygen --decrypt --root-key key --file plain.bin >/dev/full 2>/dev/null' - "$VSECM"
finish
