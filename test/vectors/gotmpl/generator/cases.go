package main

import "fmt"

// The cases made by hand: what Go's own tests of text/template try, where it concerns data that came from JSON; every verb
// over every type; every comparison of every two types; every kind of literal; and what is easily got wrong.

type testCase struct{ template, data string }

const document = `{"X":"x","I":17,"U":{"V":"v"},"SI":[3,4,5],"SB":[true,false],"empty":{"list":[],"map":{},"text":"","zero":0,"no":false,"nil":null},
"MSI":{"one":1,"two":2,"three":3},"MSIone":{"one":1},"SMSI":[{"one":1,"two":2},{"eleven":11,"twelve":12}],"f":1.5,"big":1234567,"s":"xyz","é":{"ü":"ö"},"_":"under",
"html":"<a href=\"x\">'&'</a>\u0000","js":"It'd = <\\>\"&\u0001\n\u2028\u00a0é😀\u007f","url":"a b&c=d/é?~-_.","n":"nested","nested":[[1,[2,["x",null]]],{"k":[{}]}]}`

func cases() []testCase {
	var all []testCase
	add := func(data string, templates ...string) {
		for _, t := range templates {
			all = append(all, testCase{t, data})
		}
	}
	for _, group := range [][]string{values, variables, conditions, ranges, functions, escapes, templates, trims, parseErrors, executionErrors} {
		add(document, group...)
	}
	for _, literal := range literals {
		add("0", "{{printf `%T %v|` "+literal+" "+literal+"}}{{"+literal+"}}")
	}
	for _, data := range []string{"null", "true", "false", "0", "-0", "1.50", `""`, `"text"`, "[]", "[null]", "{}", `{"a":null}`, `[1,"a",null,{"b":[]}]`,
		`{"b":1,"a":{"z":null,"":"x"},"B":[[]],"é":"","a":2}`, "1234567", "0.000012345", "1e100", "[1000000,1e6,100000.5,123456789.125,5e-324]"} {
		add(data, "{{.}}", "{{print .}}|{{println .}}|{{printf `%v %+v %#v` . . .}}", "{{html .}} {{js .}} {{urlquery .}}", "{{if .}}true{{else}}false{{end}}", "{{len .}}", "{{.a}}",
			"{{.a.b}}", "{{range $k, $v := .}}{{$k}}={{$v}};{{else}}none{{end}}", "{{with .}}{{.}}{{else}}none{{end}}", "{{not .}}", "{{index .}}", "{{slice .}}", "{{index . 0}}", "{{index . `a`}}")
	}
	verbs := []string{"v", "+v", "#v", "T", "t", "d", "s", "q", "x", "X", "c", "U", "b", "o", "O", "e", "E", "f", "F", "g", "G", "w", "z", "é", "#x", "#X", "# x", "+q", "#q", "#U", "#o", "#b", "+d", " d",
		"08d", "-8d|", "+08.3d", "8.3f", "-8.1f|", "+.2e", "08.2f", "#g", "#.3g", "#.0f", "010v", "10v", "-10v|", ".2v", ".0s", "5.1s", "-5.2s|", "05s", "6q", ".1x", "6x", "-6X|", "06x", "+v", "#+v", "20.10d", "+c", "6c", "-6U|", "#10U", ".6U", ".10g",
		".3x", "#.3x", "+x", " x", "# X", "#O", "#08x", ".0d", "5.0d|", "+.0d", ".20f", ".40e", ".17g"}
	for _, verb := range verbs {
		template := ""
		for _, value := range []string{"true", "0", "-42", "'é'", "(index .s 0)", "1.5", "-0.0", "1e21", ".big", ".f", "1+2i", "``", "`é\"x`", ".s", ".nested", ".MSI", ".empty.nil", ".missing"} {
			template += fmt.Sprintf("{{printf `%%%s` %s}};", verb, value)
		}
		add(`{"big":1234567,"f":-0.000025,"s":"a\u0007\u00a0","nested":[[1,"x"],null],"MSI":{"b":true,"a":65},"empty":{"nil":null}}`, template)
	}
	operands := []string{"nil", "true", "1", "1.0", "`a`", "1i", "(index `a` 0)", ".n", ".s", ".l", ".m", ".z", ".x", "$.l"}
	for _, function := range []string{"eq", "lt", "ge"} {
		for _, left := range operands {
			for _, right := range operands {
				add(`{"n":1,"s":"a","l":[1],"m":{},"z":null}`, "{{"+function+" "+left+" "+right+"}}")
			}
		}
	}
	for _, number := range numbers {
		add("["+number+"]", "{{index . 0}} {{printf `%f %e %g %.3g %x %b %6.2f %+v %#v` (index . 0) (index . 0) (index . 0) (index . 0) (index . 0) (index . 0) (index . 0) (index . 0) (index . 0)}}")
	}
	for _, n := range []int{0, 1, 3, 5, 9, 33, 70, 72, 144, 304, 600} { // how far beyond its end a list may be sliced
		list := "["
		for i := 0; i < n; i++ {
			if i > 0 {
				list += ","
			}
			list += "1"
		}
		for _, end := range []int{n, n + 1, n + 2, n + 10, n + 38, n + 39, n + 71} {
			add(list+"]", fmt.Sprintf("{{len (slice . 0 %d)}} {{slice . %d %d}}", end, n, end))
		}
	}
	return all
}

var values = []string{"", "some text", "{{nil}}", "-{{.X}}-", "-{{.U.V}}-", "{{.MSI.one}}{{.MSI.NO}}", "{{.MSI.one 1}}", "{{.X.one}}", "<{{.I}}>", "{{$}}", "{{$.U.V}}", "{{.foo.bar.baz}}", "{{(.).foo}}",
	"{{.empty.nil}}", "{{.empty.nil.x}}", "{{.empty.nil.x.y}}", "{{1 2}}", "{{(1) 2}}", "{{(1)}}", "{{($).X}}{{(.U).V}}{{(.U.V)}}", "{{((.U)).V}}", "{{print .X}}{{(print .X).y}}", "{{.é.ü}}{{._}}", "{{.SI}} {{.nested}} {{.SMSI}}",
	"{{true}}{{false}}", "{{.big}} {{.f}} {{.I}}", "{{print}}{{println}}", "{{print.x}}", "{{.U .V}}", "{{.U. V}}", "{{. X}}", "{{.U | .X}}", "{{$.X.y.z}}", "{{.missing | print}}{{.missing | printf `%v %s`}}", "{{with .empty.nil}}{{else}}{{print .}}{{end}}"}

var variables = []string{"{{$x := $.U.V}}{{$x}}", "{{$x := 2}}{{$x = 3}}{{$x}}", "{{$x := 2}}{{if true}}{{$x = 3}}{{end}}{{$x}}", "{{$x := 1}}{{if true}}{{$x := 2}}{{if true}}{{$x = 3}}{{end}}{{end}}{{$x}}",
	"{{$x = 1}}", "{{$x}}", "{{if $x := true}}{{$x}}{{end}}{{$x}}", "{{$x := 1}}{{$y := $x}}{{$x = 2}}{{$x}}{{$y}}", "{{$x := .}}{{$x.U.V}}", "{{print ($x := 1) $x}}{{$x}}", "{{and false ($x := 1)}}{{$x}}",
	"{{with $x := 1}}{{$x}}{{else}}{{$x}}{{end}}", "{{with $x := 0}}{{$x}}{{else}}{{$x}}{{end}}", "{{range $x := 0}}{{else}}{{$x}}{{end}}", "{{range $i, $x := .SI}}{{end}}{{$i}}", "{{$1 := 3}}{{$1}}", "{{$é := 3}}{{$é}}", "{{$ := 3}}{{$}}",
	"{{$x:=1}}{{$x|print}}{{print $x}}{{($x)}}", "{{$x := nil}}", "{{$x := .empty.nil}}{{$x}}{{$x.y}}", "{{$x, $y := .SI}}", "{{if $x, $y := .SI}}{{end}}", "{{range $x, $y, $z := .SI}}{{end}}", "{{range $x, 1 := .SI}}{{end}}", "{{range $x, := .SI}}{{end}}",
	"{{range $x,}}{{end}}", "{{$x := 1 | print}}{{$x}}", "{{$x := $x}}", "{{$x 1}}", "{{$x := 1}}{{$x 2}}", "{{$x := 1}}{{3 | $x}}", "{{$x :=}}", "{{$x =}}", "{{$x := 1, 2}}", "{{$.x := 1}}", "{{range $i, $e = .SI}}{{end}}", "{{$i := 0}}{{range $i = .SI}}{{end}}{{$i}}"}

var conditions = []string{"{{if true}}TRUE{{end}}", "{{if false}}TRUE{{else}}FALSE{{end}}", "{{if nil}}TRUE{{end}}", "{{if 1}}1{{else}}0{{end}}{{if 0}}1{{else}}0{{end}}{{if 1.5}}1{{end}}{{if 0.0}}1{{end}}{{if 1.5i}}1{{end}}{{if 0i}}1{{end}}{{if -0.0}}1{{end}}",
	"{{if ``}}1{{else}}0{{end}}{{if `x`}}1{{else}}0{{end}}", "{{range $k, $v := .empty}}{{$k}}:{{if $v}}1{{else}}0{{end}} {{end}}", "{{if .MSI.none}}1{{else}}0{{end}}{{if not .MSI.none}}1{{else}}0{{end}}",
	"{{if $x := true}}{{with $y := .I}}{{$x}},{{$y}}{{end}}{{end}}", "{{if $x := true}}{{with $x := .I}}{{$x}},{{end}}{{$x}}{{end}}", "{{if false}}1{{else if true}}2{{end}}", "{{if eq 1 3}}1{{else if eq 2 3}}2{{else if eq 3 3}}3{{else}}4{{end}}",
	"{{if false}}1{{else if false}}2{{else}}3{{end}}", "{{with true}}{{.}}{{end}}{{with 0}}{{.}}{{else}}ZERO{{end}}{{with 1.5i}}{{.}}{{end}}", "{{with .SI}}{{.}}{{end}}{{with .empty.list}}{{.}}{{else}}EMPTY{{end}}",
	"{{with $x := $}}{{$y := $.U.V}}{{$y}}{{end}}", "{{with 0}}{{.}}{{else with true}}{{.}}{{end}}", "{{with 0}}{{.}}{{else with false}}{{.}}{{else with `notempty`}}{{.}}{{else}}no{{end}}", "{{with .U}}{{.V}}{{$.X}}{{end}}",
	"{{if and true 1 `hi`}}T{{else}}F{{end}}{{if and true 1 `hi` | not}}T{{else}}F{{end}}{{if true | not | and 1}}T{{else}}F{{end}}", "{{if index `0` 0}}T{{end}}", "{{if `0`}}T{{end}}{{if .SB}}T{{end}}"}

var ranges = []string{"{{range .SI}}-{{.}}-{{end}}", "{{range .empty.list}}-{{.}}-{{end}}", "{{range .SI}}-{{.}}-{{else}}EMPTY{{end}}", "{{range .empty.map}}-{{.}}-{{else}}EMPTY{{end}}", "{{range .SI}}-{{.}}-{{break}}NO{{else}}EMPTY{{end}}",
	"{{range .SI}}-{{.}}-{{continue}}NO{{else}}EMPTY{{end}}", "{{range .MSI}}-{{.}}-{{end}}", "{{range .empty.nil}}-{{.}}-{{else}}E{{end}}", "{{range $x := .SI}}<{{$x}}>{{end}}", "{{range $x, $y := .SI}}<{{$x}}={{$y}}>{{end}}",
	"{{range $x, $y := .MSI}}<{{$x}}={{$y}}>{{end}}", "{{range $x := .SI}}<{{$foo:=$x}}{{$x}}>{{end}}", "{{range $v := 5}}{{printf `%T%d` $v $v}}{{end}}", "{{range 3}}{{.}}{{end}}", "{{range 0}}x{{else}}none{{end}}", "{{range -5}}x{{else}}none{{end}}",
	"{{range $i, $v := 3}}{{end}}", "{{range 1.5}}{{end}}", "{{range `abc`}}{{end}}", "{{range .s}}{{end}}", "{{range .I}}{{end}}", "{{range true}}{{end}}", "{{range 1i}}{{end}}", "{{range index `\\x03` 0}}{{printf `%T` .}}{{end}}", "{{range len .SI}}{{.}}{{end}}",
	"{{range .SMSI}}{{range $k, $v := .}}{{$k}}{{$v}}{{end}};{{end}}", "{{range .SI}}{{if eq . 4.0}}{{break}}{{end}}{{.}}{{end}}", "{{range .SI}}{{if eq . 4.0}}{{continue}}{{end}}{{.}}{{end}}", "{{range .SI}}{{range $.SB}}{{break}}x{{end}}{{.}}{{end}}",
	"{{range .SI}}{{range 0}}{{else}}{{break}}{{end}}{{.}}{{end}}", "{{range .SI}}{{range 0}}{{else}}{{continue}}{{end}}{{.}}{{end}}", "{{range .SI}}{{with .}}{{break}}{{end}}{{end}}!", "{{range .SI}}{{$.X}}{{end}}", "{{$i := 0}}{{$x := 0}}{{range $i, $x = .SI}}{{end}}{{$i}}{{$x}}",
	"{{range $i, $e := .SB}}{{$i}}{{$e}}{{else}}{{end}}", "{{range .SI}}{{.x}}{{end}}", "{{range nil}}{{end}}", "{{range $k, $v := .nested}}{{$k}}{{$v}}{{end}}", "{{range slice .SI 1}}{{.}}{{end}}", "{{range .nested}}{{range .}}[{{.}}]{{end}}{{end}}", "{{range}}{{end}}"}

var functions = []string{"{{print `hello, print`}}{{print 1 2 3}}{{print nil}}{{println 1 2 3}}", "{{print 1 `a` 2 3 `b` `c` true nil nil}}", "{{println `a` 1 `b`}}", "{{printf `%04x` 127}}{{printf `%g` 3.5}}{{printf `%g` 1+7i}}{{printf `%s` `hello`}}",
	"{{printf `%d %s %g %s` 127 `hello` 7-3i .X}}", "{{printf `%d %d` 1}}", "{{printf `%d` 1 2 `x` nil}}", "{{printf `%[2]d %[1]d` 1 2}}", "{{printf `%[3]d` 1 2}}", "{{printf `%[x]d %[0]d %[]d %[1` 1}}", "{{printf `%[2]*[1]d|%-*d|%.*f` 1 5}}",
	"{{printf `%*d` 5 42}}{{printf `%-*d|` 5 42}}{{printf `%*d|` -5 42}}{{printf `%.*f` 2 3.14159}}{{printf `%*d` `x` 1}}{{printf `%.*d` -1 5}}{{printf `%.*d` `x` 5}}", "{{printf `%`}}{{printf `%5`}}{{printf `%.`}}{{printf `%-`}}{{printf `%%%5%`}}",
	"{{printf `%!`}}{{printf `%z` 1}}{{printf `%é` 1}}{{printf `%\\xff` 1}}", "{{printf `%1000000000d` 1}}", "{{printf `%.1000000000f` 1.0}}", "{{printf `%[1000000000]d` 1}}", "{{printf `%1000d|` 1}}", "{{printf `%.500f` 1.5}}", "{{printf `%*d` 1000001 1}}", "{{printf `%p %p %p %p` 1 .X nil .f}}",
	"{{printf .}}", "{{printf 1}}", "{{printf nil}}", "{{printf .missing}}", "{{printf .empty.nil}}", "{{printf .X 1}}", "{{1 | printf}}", "{{true|printf}}", "{{1.1|printf}}", "{{'x'|printf}}", "{{0i|printf}}", "{{.f|printf}}", "{{`aaa`|printf}}", "{{1+2i|printf `%v`}}", "{{printf}}",
	"{{range .SI}}{{printf .}}{{end}}", "{{range .empty}}{{printf .}}{{end}}", "{{printf (print `%` `d`) 3}}", "{{not true}} {{not false}} {{not .missing}} {{not 0}}", "{{and false 0}} {{and 1 0}} {{and 0 true}} {{and 1 1}}", "{{or 0 0}} {{or 1 0}} {{or 0 true}} {{or 1 1}}",
	"{{or 0 1 (index 1 2)}}", "{{and 1 0 (index 1 2)}}", "{{or 0 0 (index 1 2)}}", "{{1 | and 1}} {{0 | and 1}} {{1 | or 0}} {{0 | or 0}}", "{{and 1 .Unknown}} {{or 0 .Unknown}}", "{{and}}", "{{or}}", "{{and nil}}", "{{or .empty.nil .missing}}", "{{.missing | or 0}}", "{{len (or .SI 1)}}",
	"{{index .SI 0}}{{index .SI 2}}", "{{index .SI 3}}", "{{index .SI 10}}", "{{index .SI -1}}", "{{index .SI `hello`}}", "{{index .SI nil}}", "{{index .SI 1.0}}", "{{index .SI .I}}", "{{index .MSI `one`}}{{index .MSI `XXX`}}", "{{index .MSI nil}}", "{{index .MSI 10}}", "{{index .MSI ``}}",
	"{{index .SMSI 1 `eleven`}}", "{{index .SMSI 1 `none` `x`}}", "{{index nil 1}}", "{{index .missing 1}}", "{{index .empty.nil}}", "{{index .X 0}}{{index .X 1}}", "{{index}}", "{{index .SI (index .SI 0)}}", "{{index .X (index .X 0)}}", "{{index .X (len .X)}}", "{{index 1 0}}", "{{index . `a` `b`}}",
	"{{slice .SI}}{{slice .SI 1}}{{slice .SI 1 2}}{{slice .SI 0 2 2}}", "{{slice .SI -1}}", "{{slice .SI 1 -2}}", "{{slice .SI 1 2 -1}}", "{{slice .SI 2 1}}", "{{slice .SI 2 2 1}}", "{{slice .SI 4 5}}", "{{slice .SI 3 4}}", "{{slice (slice .SI 0 4) 1 4}}", "{{slice (slice .SI 1 2) 0 3}}", "{{slice (slice .SI 1 2 2) 0 2}}",
	"{{slice .s}}{{slice .s 0 1}}{{slice .s 1}}{{slice .s 1 2}}", "{{slice .s 1 5}}", "{{slice .s 1 2 2}}", "{{slice .s 3}}", "{{slice .I}}", "{{slice nil}}", "{{slice .missing 1}}", "{{slice .SI 0 1 2 3}}", "{{slice .SI `a`}}", "{{slice .SI nil}}", "{{slice .SI .I}}", "{{slice .SI .empty.nil}}", "{{slice `é` 0 1}}", "{{slice .MSI 1}}",
	"{{len .SI}}{{len .MSI}}{{len .s}}{{len `é`}}{{len .empty.list}}", "{{len 3}}", "{{len .missing}}", "{{len .empty.nil}}", "{{len nil}}", "{{len .f}}", "{{len true}}", "{{len}}", "{{len 1 2}}", "{{range .empty}}{{len .}}{{end}}", "{{range .nested}}{{len .}}{{end}}", "{{call}}", "{{call nil}}", "{{call .X}}", "{{call .I 1 2}}", "{{1 | call}}",
	"{{.X | call}}", "{{call (len `test`)}}", "{{call .missing 1}}", "{{eq 1}}", "{{eq}}", "{{eq 1 2 3 1}}", "{{eq `a` 1}}", "{{eq 1 2 `a`}}", "{{eq 1 1 `a`}}", "{{ne 1 2 3}}", "{{lt 1}}", "{{lt 1 2}}{{le 2 2}}{{gt 2 1}}{{ge 1 2}}{{ne `a` `b`}}", "{{lt `a` `B`}}{{lt `` `a`}}{{lt `é` `z`}}", "{{eq .SI .SI}}", "{{eq .MSI .SI}}",
	"{{eq .missing .empty.nil}}{{eq .missing nil}}{{ne .X nil}}", "{{eq .I 17.0}}{{eq .X `x`}}{{lt .f 2.0}}", "{{eq 0.0 -0.0}}{{eq 1i 1i}}{{eq true false}}", "{{eq 'a' 97}}{{eq (index `a` 0) 'a'}}", "{{.SI | len | printf `%03d`}}", "{{3 | printf `%d` | len}}", "{{print 1 | print 2 | print 3}}",
	"{{printf `%v %v` .nested .MSI}}", "{{printf `%q` .nested}}", "{{printf `%d` .MSI}}", "{{printf `%#v` .nested}}", "{{printf `%T %T %T %T %T %T %T` 1 1.0 'a' `s` nil .SI .MSI}}", "{{printf `%T` (index `a` 0)}}{{printf `%T` 0xEF}}{{printf `%T` 1e3}}{{printf `%T` -0x1e3}}", "{{undefined}}", "{{print undefined}}"}

var escapes = []string{"{{html .html}}", "{{.html | html}}", "{{html `<script>alert(\"XSS\");</script>`}}", "{{html .missing}}{{html nil}}{{html .empty.nil 1 `x`}}", "{{html 1 2 `a` 3}}", "{{html .SI .MSI}}", "{{html}}", "{{js .js}}", "{{js `It'd be nice.`}}", "{{js .missing}}{{js 1 2}}", "{{js \"\\xff\\u200b\\U000e0001\"}}",
	"{{urlquery .url}}", "{{`http://www.example.org/`|urlquery}}", "{{urlquery .missing 1}}", "{{urlquery \"\\xff\\x00 +\"}}", "{{printf `%q %+q %#q %x % x %#x %X` .js .js .js .js .js .js .js}}", "{{printf `%q %+q %#q` \"`\" `\\` \"\\t\"}}", "{{printf `%c%c%c %q %+q %U %#U` 65 0x1F600 -1 0x1F600 0x1F600 0x1F600 0x1F600}}", "{{print \"\\xff\"}}", "{{printf `%.2s|%5s|%-5s|%05s` `日本語` `日本` `é` `ab`}}"}

var templates = []string{`{{define "foo"}} FOO {{end}}`, `{{define "a"}}A{{.}}{{end}}{{template "a"}}{{template "a" 1}}{{template "a" .X}}`, `{{template "x"}}`, `{{template "x" .missing.y}}`, `{{define "x"}}TEXT{{end}}{{define "dotV"}}{{.V}}{{end}}{{template "x" .SI}}{{template "dotV" .U}}`,
	`{{define "dot"}}{{.}}{{end}}{{define "nested"}}{{template "dot" .}}{{end}}{{template "nested" .I}}`, `{{define "n"}}{{.}}{{end}}{{template "n" $x:=.SI}},{{index $x 1}}`, `{{define "a"}}{{$x}}{{end}}`, `{{$x := 1}}{{define "a"}}{{$x}}{{end}}`, `{{define "a"}}{{$}}{{end}}{{template "a" 3}}`,
	`{{block "foo" .}}hello{{end}}`, `{{block "foo" .U}}{{.V}}{{end}}{{template "foo" .MSI}}`, `{{block "foo"}}hello{{end}}`, `{{block "foo" .}}{{else}}{{end}}`, `{{define "a"}}{{else}}{{end}}`, `{{define "a"}}x{{end}}{{define "a"}}y{{end}}`, `{{define "a"}} {{end}}{{define "a"}}y{{end}}{{template "a"}}`,
	`{{define "a"}}y{{end}}{{define "a"}}{{/* c */}} {{end}}{{template "a"}}`, `{{define "secret"}}self{{end}}`, `{{define "secret"}}self{{end}}text`, `{{define "secret"}}{{end}}text`, `{{define "a"}}x`, `{{define "foo}} FOO `, `{{define foo}}{{end}}`, `{{define "a" .}}{{end}}`, `{{define}}{{end}}`, "{{define `raw`}}r{{end}}{{template `raw`}}",
	`{{if true}}{{define "a"}}{{end}}{{end}}`, `{{template}}`, `{{template foo}}`, `{{template "a" 1 2}}`, `{{template "a" . | print}}{{define "a"}}[{{.}}]{{end}}`, `{{range .SI}}{{block "b" .}}{{.}}{{end}}{{end}}`, `{{range .SI}}{{block "b" .}}{{break}}{{end}}{{end}}`, `{{define "\u0061"}}A{{end}}{{template "a"}}`, `{{define "\q"}}A{{end}}`,
	`{{define "a"}}{{if gt (len .) 0}}{{index . 0}}{{template "a" (slice . 1)}}{{end}}{{end}}{{template "a" .SI}}`, `{{define "t"}}{{.x.y}}{{end}}{{template "t" .empty}}{{template "t" .X}}`, `{{define "a"}}{{$y := 2}}{{end}}{{$y := 1}}{{template "a"}}{{$y}}`, `{{template "secret2"}}`, `{{with .U}}{{template "t" .}}{{end}}{{define "t"}}{{.V}}{{$.V}}{{end}}`}

var trims = []string{"{{3 -}}\n\n\ty", "x\r\n\t{{- 3}}", "x\n\n\t{{- 3 -}}\n\n\ty", "x \n{{- /* hi */ -}} \ny", "{{/* hi */}}", "{{/*hi*/ -}} \n x", "x {{- /* hi */}} y", "{{-3}}", "{{- 3}}", "{{3-}}", "{{3 - }}", "{{ - }}", "{{-}}", "{{- -}}", "{{-\n3\n-}}", " {{- if true -}} a {{- else -}} b {{- end -}} c", "{{ 3\n}}", "{{\n`x`\n|\nprintf\n}}",
	"{{/* a */}}{{/* b */}}", "{{/* a", "{{/* a */", "{{/* a */ }}", "{{ /* a */}}", "{{/* a */ x}}", "{{/**/}}", "{{/*/}}", "{{- /* a */-}}", "{{{3}}", "{{3}}}", "{ {3} }", "}}", "{{`{{`}}{{`}}`}}", "{{\"}}\"}}", "{{\"{{\"}}", "a{{- `` -}}b", "\u00a0{{- 3}}", "{{ \t\r\n3 }}", "a\n{{- \"x\" -}}\n\nb", "{{3 -}}", "{{- 3}}\n", "\xff{{1}}\xfe"}

var parseErrors = []string{"{{", "{{}}", "{{ }}", "{{.", "{{.X", "{{.X\n", "\n\n{{.X\n\n", "hello{{range", "{{range .x}}", "{{end}}", "{{else}}", "{{if .X}}hello{{end}}{{end}}", "{{if .X}}hello", "{{if}}{{end}}", "{{with}}{{end}}", "{{if .X}}{{else}}{{else}}{{end}}", "{{if .X}}{{else if}}{{end}}", "{{if .X}}{{else with .X}}{{end}}", "{{with .X}}{{else if .X}}{{end}}",
	"{{range .X}}{{else if .X}}{{end}}", "{{range .X}}{{else range .X}}{{end}}", "{{if .X}}{{else 1}}{{end}}", "{{end 1}}", "{{break}}", "{{continue}}", "{{range .X}}{{break 20}}{{end}}", "{{range .X}}{{continue .}}{{end}}", "{{range .X}}{{else}}{{break}}{{end}}", "{{range .X}}{{else}}{{continue}}{{end}}", "{{template \"v\"}}{{define \"v\"}}{{end}}{{1 | 2}}",
	"{{.|.}}", "{{1|print|2}}", "{{print|nil}}", "{{print|true}}", "{{print|`x`}}", "{{print|'x'}}", "{{print|(1)}}", "{{print|.X}}", "{{|print}}", "{{print|}}", "{{print||print}}", "{{print | | print}}", "{{(}}", "{{)}}", "{{(1}}", "{{(1))}}", "{{()}}", "{{ ( ) }}", "{{print ( )}}", "{{(1) (2)}}", "{{((1)}}", "{{\n(\n1\n}}", "{{print (1\n}}", "{{\"a}}", "{{`a}}", "{{'a}}",
	"{{\"a\n\"}}", "{{'\n'}}", "{{\"\\\n\"}}", "{{\"a", "\n{{\n\"a", "{{'a", "{{`a\n", "{{\"x\".guys}}", "{{1.E}}", "{{1.5.x}}", "{{nil.x}}", "{{true.x}}", "{{.x.}}", "{{..x}}", "{{...}}", "{{.1}}", "{{.1a}}", "{{.x.1}}", "{{.a-b}}", "{{.a+b}}", "{{a-b}}", "{{$a-b}}", "{{.a,b}}", "{{,}}", "{{.a;}}", "{{#}}", "{{a@b}}", "{{!x}}", "{{.x!}}", "{{\x01}}", "{{é}}", "{{.é.ü}}", "{{世界}}", "{{.😀}}", "{{\xff}}", "{{.\xff}}", "{{a\xff}}",
	"{{:}}", "{{: =}}", "{{:= 1}}", "{{= 1}}", "{{.x := 1}}", "{{x := 1}}", "{{$x : 1}}", "{{1 := 2}}", "{{foo}}", "{{.X | foo}}", "{{foo.bar}}", "{{if foo}}{{end}}", "{{printf 1 2 foo}}", "{{$}}{{$y}}", "{{3x}}", "{{0x}}", "{{1e}}", "{{0b2}}", "{{0o8}}", "{{+}}", "{{-}}", "{{1+2}}", "{{1+}}", "{{1+2j}}", "{{1 +2}}", "{{'ab'}}", "{{''}}", "{{'\\q'}}", "{{\"\\q\"}}", "{{define}}", "{{block}}", "{{template}}", "{{nil}}", "{{if nil}}{{end}}",
	"{{if end}}{{end}}", "{{range range}}{{end}}", "{{print else}}", "{{print if}}", "{{print define}}", "{{with .x}}{{/* c }}", "{{if .X}}a{{end", "{{if .X}}a\n\n{{end x}}", "{{\"a\"\n\n|\n\nfoo}}", "{{print 1\n2\n3 ~}}", "{{veryLongIdentifierName}}", "{{\"a very long text in quotes\" \"b\"~}}", "{{print}}{{\"日本語日本語日本語日本語\" .}}", "{{range $i .SI}}{{end}}", "{{range $i, .SI}}{{end}}", "{{.X.Y | .Z 1 2}}{{foo}}", "{{template \"x\" .X .Y | foo}}"}

var executionErrors = []string{"{{.X.y}}", "\n\n  {{.X.y}}", "a{{.X}}b{{.X.y.z}}", "{{.X.y 1}}", "{{$.I.a}}", "{{.SI.a}}", "{{.MSI.one.a}}", "{{.nested.a}}", "{{(index .nested 0).a}}", "{{(index .SMSI 0).one.a}}", "{{with .X}}{{.y}}{{end}}", "{{range .SI}}\n{{.y}}{{end}}", "{{range .SMSI}}{{.one.two}}{{end}}", "{{print .X (.U.V.w) 1}}", "{{print (index .SI 9) | len}}",
	"{{.X | index .SI}}", "{{if .X.y}}{{end}}", "{{if len 3}}{{end}}", "{{with index .SI 7}}{{end}}", "{{$x := index .SI 7}}", "{{template \"t\" index .SI 7}}{{define \"t\"}}{{end}}", "{{define \"t\"}}\n {{.a.b}}{{end}}{{template \"t\" .X}}", "{{define \"t\"}}{{template \"u\" .}}{{end}}{{define \"u\"}}{{.a}}{{end}}{{template \"t\" .X}}", "{{(print .X).y.z}}", "{{.MSI.one | .X}}", "{{.MSI.x 1}}", "{{1 | .X}}", "{{1 | .missing}}", "{{1 | .missing.x}}", "{{1 | .X.y}}", "{{1 | $}}", "{{(.) 1}}",
	"{{1 | (.)}}", "{{9223372036854775808}}", "{{print 9223372036854775808}}", "{{printf `%d` 18446744073709551615}}", "{{`x` 1}}", "{{true 1}}", "{{. 1}}", "{{nil 1}}", "{{nil | print}}", "{{print nil | print}}", "{{(nil).x}}", "{{(1.0).x}}", "{{(`x`).true}}", "{{eq .SI 1}}", "{{lt .X 1}}", "{{lt nil 1}}", "{{gt true false}}", "{{le 1 1.0}}", "{{ge .MSI .MSI}}", "{{lt 1i 2i}}", "{{index .SI 0 0}}", "{{index .X `a`}}", "{{index . 1}}", "{{html (index .SI 5)}}",
	"{{printf `%d` (len 1)}}", "{{printf 3 4}}", "{{printf (1)}}", "{{printf (print 1) (slice 1)}}", "{{and 1 (len 2)}}", "{{or 0 .X.y}}", "{{not}}", "{{not 1 2}}", "{{len .s .s}}", "{{1 | len 2}}", "{{ne 1}}", "{{1 | lt}}", "{{1 | lt 2 3}}", "{{$x := .}}{{$x.X.y}}", "{{$x := .X}}{{$x.y}}", "{{range $i, $e := .SI}}{{$e.x}}{{end}}", "{{range $i, $e := .SI}}{{$i.x}}{{end}}", "{{range $k, $e := .MSI}}{{$k.x}}{{end}}", "{{.é.ü.x}}", "{{\"日本\"}}{{.X.y}}", "{{`\n\n`}}{{.X.y}}", "{{`\n`}}\n{{- .X.y}}"}

var literals = []string{"0", "1", "-1", "+1", "1234", "12_34", "0b101", "0b_1_0_1", "0B101", "0377", "0o377", "0o_3_7_7", "0O377", "0x123", "0x1_23", "0X123ABC", "123.4", "0_0_1_2_3.4", "+0x1.ep+2", "+0x_1.e_0p+0_2", "+0X1.EP+2", "1_2_3_4", "7.5_00_00_00", "0x0_1.e_0p+02", "1e1", "1e-1", "1E3", "1e+3", ".5", "5.", "-.5", "0.", "00", "007", "08", "0_7",
	"0x1e3", "-0x1e3", "+0x1E3", "0x1p4", "0x1P-4", "0x.8p0", "0x1.fffffffffffff8p1023", "0x1p1024", "0x1p-1074", "0x1p-1075", "0x1p-1076", "9223372036854775807", "-9223372036854775808", "-9223372036854775809", "0xFFFFFFFFFFFFFFFF", "0x7FFFFFFFFFFFFFFF", "0x10000000000000000", "1e308", "1e309", "1e-308", "1e-324", "4.9e-324", "1e-400", "1e99999999999", "1e-99999999999", "100000000000000000000", "100000000000000000000.0", "0x1e", "1e",
	"1i", "-1i", "0i", "1.5i", "1e3i", "0x1p2i", "010i", "0b1i", "1+2i", "1-2i", "-1.5e3-2.5E-3i", "1+0i", "0x1p1+0x1p1i", "0x1+1i", "1_0+1_0i", "1__0+1i", "1+1__0i", "1e400+1i", "1+i", "07+07i", "'a'", "'é'", "'日'", "'😀'", "'\\a'", "'\\b'", "'\\f'", "'\\n'", "'\\r'", "'\\t'", "'\\v'", "'\\\\'", "'\\''", "'\\\"'", "'\\000'", "'\\377'", "'\\400'", "'\\18'", "'\\x00'", "'\\xFF'", "'\\xF'", "'\\u00e9'", "'\\u00E'", "'\\ud800'", "'\\U0001F600'",
	"'\\U00110000'", "'\xff'", "'ab'", "''", "' '", `""`, `"plain"`, `"\a\b\f\n\r\t\v\\\""`, `"\'"`, `"'"`, `"\000\377\x00\xff"`, `"\u00e9\U0001F600"`, `"\ud800"`, `"\U00110000"`, `"\xg0"`, `"\8"`, `"\1"`, "\"\xff\xfe\"", "\"\\n\xff\"", "\"tab\there\"", "``", "`raw \\n`", "`a\r\nb`", "`\xff`", "`a\nb`", "true", "false", "nil", "1_", "_1", "1__2", "0x_", "0_x1", "1._5", "1_.5", "1.5_", "1e_5", "1e5_", "0b", "0o", "0b1.0", "0o1e3", "0b1e3", "1p4", "0x1.8", "1.2.3", "1..2", "--1", "+-1", "1-", "0xg"}
