#!/bin/sh
# vsecm sentinel render: templates over data, exact bytes, nobody contacted. What templates give is tested by the goldens of
# test/vectors/gotmpl; here is that the command passes them through.
set -u
# shellcheck source=test/cli/table.sh
. "$(dirname "$0")/table.sh"
cd "$scratch" || exit 1
data='{"username":"root","password":"a,b","n":1234567,"list":[1,"x",null],"nested":{"b":true,"a":1.5}}'

# --- exact bytes -----------------------------------------------------------------------------------------------------
row 'a field' 0 'root' '' -- sentinel render -t '{{.username}}' -s "$data"
row 'no newline is added, none is taken away' 0 '\n root\n\n' '' -- sentinel render -t '
 {{.username}}

' -s "$data"
row 'commas and text that is no JSON survive' 0 'P:a,b; free text' '' -- sentinel render -t 'P:{{.password}}; free text' -s "$data"
row 'an empty result' 0 '' '' -- sentinel render -t '{{if .missing}}x{{end}}' -s "$data"
row 'an empty template' 0 '' '' -- sentinel render -t '' -s '{}'
row 'a missing field' 0 '<no value>' '' -- sentinel render -t '{{.missing}}' -s "$data"
row 'lists and objects' 0 '[1 x <nil>] map[a:1.5 b:true]' '' -- sentinel render -t '{{.list}} {{.nested}}' -s "$data"
row 'a text' 0 'text' '' -- sentinel render -t '{{.}}' -s '"text"'
row 'null' 0 '<no value>' '' -- sentinel render -t '{{.}}' -s null
row 'a list' 0 '1,2,' '' -- sentinel render -t '{{range .}}{{.}},{{end}}' -s '[1,2]'
row 'a negative number' 0 '-5' '' -- sentinel render -t '{{.}}' -s -5
row 'a template that looks like an option' 0 '-h root' '' -- sentinel render -t '-h {{.username}}' -s "$data"
row 'zero bytes' 0 'a\0000b' '' -- sentinel render -t '{{.}}' -s '"a\u0000b"'
row 'what is no UTF-8 in the template' 0 '\0377x' '' -- sentinel render -t "$(printf '\377')x" -s 0
row 'all of the language' 0 'B-a 2|a=1 b=2 |&lt;| 003' '' -- sentinel render -t '{{define "t"}}{{.b}}-{{.a}}{{end}}{{template "t" .}} {{len .}}|{{range $k, $v := .}}{{if eq $k "b"}}{{$k}}={{2}}{{else}}{{$k}}={{1}}{{end}} {{end}}|{{html "<"}}| {{printf "%03d" 3}}' -s '{"a":"a","b":"B"}'

# --- data from elsewhere ---------------------------------------------------------------------------------------------
printf '{"a":"from a file"}\n' >data
stdin=data
row 'from standard input' 0 'from a file' '' -- sentinel render -t '{{.a}}' -s -
row 'from a file' 0 'from a file' '' -- sentinel render -t '{{.a}}' --secret-file data
row 'from a file that is not there' 1 '' 'nowhere' -- sentinel render -t x --secret-file nowhere

# --- numbers ---------------------------------------------------------------------------------------------------------
row 'integers are exact' 0 '1234567 [1000000] 1e+06' '' -- sentinel render -t '{{.n}} {{.l}} {{.f}}' -s '{"n":1234567,"l":[1000000],"f":1e6}'
environment='VSECM_SAFE_TEMPLATE_NUMBERS=go'
row 'or as Go prints them' 0 '1.234567e+06 [1e+06] 1e+06' '' -- sentinel render -t '{{.n}} {{.l}} {{.f}}' -s '{"n":1234567,"l":[1000000],"f":1e6}'
environment='VSECM_SAFE_TEMPLATE_NUMBERS=float'
row 'or not at all' 1 '' 'VSECM_SAFE_TEMPLATE_NUMBERS' -- sentinel render -t x -s 0

# --- errors: line and column, exit 1, nothing on standard output, nothing of the data ----------------------------------
row 'a template that is none' 1 '' 'safe: template: secret:2:3: function "foo" not defined' -- sentinel render -t 'text
 {{foo}}' -s "$data"
row 'a template that fails' 1 '' 'safe: template: secret:1:22: executing "secret" at <.username.x>: can'"'"'t evaluate field x in type interface {}' -- sentinel render -t 'text {{.n}}{{.username.x}}' -s "$data"
row 'a value is not repeated' 1 '' 'range can'"'"'t iterate over string' -- sentinel render -t '{{range .p}}{{end}}' -s '{"p":"hunter2"}'
truth 'not even in part' sh -c '! grep -q hunter .err'
row 'data that is no JSON' 1 '' 'safe: the data: not valid JSON at byte 0' -- sentinel render -t x -s hunter2
truth 'which is not repeated' sh -c '! grep -q hunter2 .err'
row 'an endless recursion' 1 '' 'exceeded maximum template depth (1000)' -- sentinel render -t '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}' -s 0
row 'an endless loop' 1 '' 'takes more than 5000000 steps' -- sentinel render -t '{{range 9000000000000000000}}{{end}}' -s 0
row 'an endless result' 1 '' 'the result has more than 16777216 bytes' -- sentinel render -t '{{range 9000000000}}{{printf "%9999d" 1}}{{end}}' -s 0
environment='VSECM_SAFE_TEMPLATE_MAX_OUTPUT=4 VSECM_SAFE_TEMPLATE_MAX_STEPS=10'
row 'limits of one'"'"'s own' 1 '' 'the result has more than 4 bytes' -- sentinel render -t '12345' -s 0
environment='VSECM_SAFE_TEMPLATE_MAX_STEPS=10'
row 'of steps' 1 '' 'takes more than 10 steps' -- sentinel render -t '{{range 20}}{{end}}' -s 0
environment='VSECM_SAFE_TEMPLATE_MAX_DEPTH=10'
row 'and of depth' 1 '' 'exceeded maximum template depth (10)' -- sentinel render -t '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}' -s 0

# --- usage -----------------------------------------------------------------------------------------------------------
row 'no template' 1 '' 'give the template by -t' -- sentinel render -s 0
row 'no data' 1 '' 'give the data' -- sentinel render -t x
row 'an option of another command' 1 '' 'render takes -t, -s and --secret-file, nothing else' -- sentinel render -t x -s 0 -w app
row 'a stray word' 1 '' 'render takes no arguments' -- sentinel render -t x -s 0 hunter2
truth 'which is not repeated either' sh -c '! grep -q hunter2 .err'
row 'help' 0 '~safe render -t TEMPLATE' '' -- sentinel render --help
finish
