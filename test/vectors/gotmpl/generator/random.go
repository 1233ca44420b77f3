package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand"
	"strconv"
	"strings"
)

// A generator of templates that are mostly right, and of data they may fit.
type generator struct {
	*rand.Rand
	variables []string // in scope
	defined   []string // templates that may be invoked
	ranges    int
	paths     map[string][]string // of the document, by kind: "list", "map", "string", "number"; to be put behind $
}

func (g *generator) one(of ...string) string { return of[g.Intn(len(of))] }

// chance: num times of a hundred
func (g *generator) chance(num int) bool { return g.Intn(100) < num }

var keys = []string{"a", "b", "c", "d", "x", "Name", "n", "list", "é", "_1"}
var oddKeys = []string{"k-1", "", "0", "a b", "日本", "\"q\""}
var texts = []string{"", "x", "hello", "a,b:c", "it's", `say "hi"`, "<b>&amp;</b>", "a=b&c d", "tab\there", "line\nbreak", "日本語", "é", "😀", "\u0000",
	"\u007f", "\u00a0", "\u2028", "\ufeff", "\\", "`", "0", "true", "1e3", "*root*", "p@ss%w0rd", "long long long text that goes on", "\u200d\U000e0001", "%d %s %v", "{{.a}}"}
var numbers = []string{"0", "-0", "1", "-1", "2", "3", "7", "42", "255", "999999", "1000000", "1234567", "123456789", "9007199254740993", "1.5", "-2.75", "0.1",
	"0.0001", "0.00001", "1e3", "1e20", "1e21", "1e-7", "1.0", "100000.5", "12345678.9", "5e-324", "1.7976931348623157e308", "0.5", "2.5", "1e6", "3.14159265358979", "65", "128512", "1e400"[:3]}

// --- data

func quoteJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (g *generator) number() string {
	switch g.Intn(6) {
	case 0:
		return strconv.Itoa(g.Intn(2000) - 1000)
	case 1:
		for {
			if f := math.Float64frombits(g.Uint64()); !math.IsNaN(f) && !math.IsInf(f, 0) {
				return strconv.FormatFloat(f, 'g', -1, 64)
			}
		}
	case 2:
		return strconv.FormatFloat(g.NormFloat64()*math.Pow(10, float64(g.Intn(12)-4)), 'f', g.Intn(8), 64)
	}
	return numbers[g.Intn(len(numbers))]
}

func (g *generator) json(depth int) string {
	n := g.Intn(10)
	if depth <= 0 {
		n = g.Intn(7)
	}
	switch n {
	case 0:
		return "null"
	case 1:
		return g.one("true", "false")
	case 2, 3:
		return g.number()
	case 4, 5, 6:
		return quoteJSON(texts[g.Intn(len(texts))])
	case 7, 8:
		var parts []string
		for i := g.Intn(5); i > 0; i-- {
			parts = append(parts, g.json(depth-1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return g.object(depth)
}

func (g *generator) object(depth int) string {
	var parts []string
	for i := g.Intn(6); i > 0; i-- {
		key := keys[g.Intn(len(keys))]
		if g.chance(15) {
			key = oddKeys[g.Intn(len(oddKeys))]
		}
		parts = append(parts, quoteJSON(key)+":"+g.json(depth-1))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (g *generator) document() string {
	text := g.json(3)
	if g.chance(85) {
		text = g.object(3)
	}
	var parsed any
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		panic(err)
	}
	g.paths = map[string][]string{}
	g.collect("", parsed)
	return text
}

func (g *generator) collect(path string, v any) {
	kind := ""
	switch v := v.(type) {
	case map[string]any:
		kind = "map"
		for _, key := range keys {
			if inner, ok := v[key]; ok {
				g.collect(path+"."+key, inner)
			}
		}
	case []any:
		kind = "list"
	case string:
		kind = "string"
	case float64:
		kind = "number"
	}
	if path != "" {
		g.paths[kind] = append(g.paths[kind], path)
	}
}

// An operand that is of that kind, if there is one in the data.
func (g *generator) of(kind string) string {
	if all := g.paths[kind]; len(all) > 0 && g.chance(80) {
		return "$" + all[g.Intn(len(all))]
	}
	return g.operand(1)
}

// --- templates

func (g *generator) template() string {
	g.variables = nil
	g.defined = nil
	g.ranges = 0
	if g.chance(15) {
		return g.verbs()
	}
	var b strings.Builder
	for i := g.Intn(3); i > 0 && g.chance(40); i-- {
		name := fmt.Sprintf("t%d", len(g.defined))
		body := g.separate(2)
		b.WriteString(g.action("define "+strconv.Quote(name)) + body + g.action("end"))
		g.defined = append(g.defined, name)
	}
	b.WriteString(g.list(g.Intn(3)))
	text := b.String()
	if g.chance(8) {
		text = g.damaged(text)
	}
	return text
}

// A body that sees no variables and ranges of what is around it.
func (g *generator) separate(depth int) string {
	variables, ranges := g.variables, g.ranges
	g.variables, g.ranges = nil, 0
	body := g.list(depth)
	g.variables, g.ranges = variables, ranges
	return body
}

func (g *generator) damaged(text string) string {
	for i := 1 + g.Intn(3); i > 0; i-- {
		at := g.Intn(len(text) + 1)
		switch g.Intn(3) {
		case 0:
			end := min(len(text), at+1+g.Intn(4))
			text = text[:at] + text[end:]
		case 1:
			text = text[:at] + g.one("{{", "}}", "-", " ", "(", ")", "|", ":=", "=", ",", ".", "$", "\"", "`", "'", "/*", "*/", "0", "end", "else", "\n", "é", "\xff", "#", "1", "nil", "_") + text[at:]
		case 2:
			from := g.Intn(len(text) + 1)
			end := min(len(text), from+g.Intn(12))
			text = text[:at] + text[from:end] + text[at:]
		}
	}
	return text
}

func (g *generator) action(inside string) string {
	left, right := "{{", "}}"
	if g.chance(10) {
		left = "{{- "
	}
	if g.chance(10) {
		right = " -}}"
	}
	if g.chance(3) {
		inside = " " + inside + "\n"
	}
	return left + inside + right
}

func (g *generator) text() string {
	return g.one("", " ", "\n", "x", "a: ", "\"", ",", "\n  ", "-", "{ ", "}}", "text ", "é", "=")
}

func (g *generator) list(depth int) string {
	var b strings.Builder
	variables := len(g.variables)
	for i := 1 + g.Intn(depth+1); i > 0; i-- {
		b.WriteString(g.text())
		b.WriteString(g.statement(depth))
	}
	b.WriteString(g.text())
	g.variables = g.variables[:variables]
	return b.String()
}

func (g *generator) statement(depth int) string {
	n := g.Intn(20)
	if depth <= 0 && n >= 9 && n < 17 {
		n = g.Intn(9)
	}
	switch n {
	case 9, 10:
		return g.control("if", depth)
	case 11:
		return g.control("with", depth)
	case 12, 13, 14:
		return g.rangeOver(depth)
	case 15:
		name := fmt.Sprintf("b%d", g.Intn(1000))
		return g.action("block "+strconv.Quote(name)+" "+g.pipeline(1)) + g.separate(depth-1) + g.action("end")
	case 16:
		if len(g.defined) == 0 {
			return g.action(g.one("template \"missing\"", ".", "$", ".a"))
		}
		name := g.defined[g.Intn(len(g.defined))]
		return g.action("template " + strconv.Quote(name) + g.one("", " .", " "+g.pipeline(1)))
	case 17:
		name := fmt.Sprintf("$v%d", g.Intn(4))
		value := g.pipeline(1)
		assign := " = "
		if !g.has(name) || g.chance(50) {
			g.variables = append(g.variables, name)
			assign = " := "
		}
		return g.action(name + assign + value)
	case 18:
		return "{{" + g.one("/* note */", "- /* note */", "/* a\nb */ -", "- /**/ -") + "}}"
	case 19:
		if g.ranges > 0 {
			return g.action(g.one("break", "continue"))
		}
	}
	return g.action(g.pipeline(2))
}

func (g *generator) has(name string) bool {
	for _, v := range g.variables {
		if v == name {
			return true
		}
	}
	return false
}

func (g *generator) control(word string, depth int) string {
	variables := len(g.variables)
	var b strings.Builder
	pipe := g.pipeline(1)
	if g.chance(20) {
		g.variables = append(g.variables, "$w")
		pipe = "$w := " + pipe
	}
	b.WriteString(g.action(word + " " + pipe))
	b.WriteString(g.list(depth - 1))
	for g.chance(20) {
		b.WriteString(g.action("else " + word + " " + g.pipeline(1)))
		b.WriteString(g.list(depth - 1))
	}
	if g.chance(50) {
		b.WriteString(g.action("else") + g.list(depth-1))
	}
	g.variables = g.variables[:variables]
	return b.String() + g.action("end")
}

func (g *generator) rangeOver(depth int) string {
	variables := len(g.variables)
	over := g.one(".", g.of("list"), g.of("map"), g.fields(), g.of("list"), g.operand(1), "$", strconv.Itoa(g.Intn(5)), g.pipeline(1))
	switch g.Intn(5) {
	case 0:
		g.variables = append(g.variables, "$e")
		over = "$e := " + over
	case 1:
		g.variables = append(g.variables, "$i", "$e")
		over = "$i, $e := " + over
	case 2:
		if g.has("$e") && g.has("$i") {
			over = g.one("$e = ", "$i, $e = ") + over
		}
	}
	g.ranges++
	body := g.list(depth - 1)
	g.ranges--
	if g.chance(40) {
		body += g.action("else") + g.list(depth-1)
	}
	g.variables = g.variables[:variables]
	return g.action("range "+over) + body + g.action("end")
}

func (g *generator) pipeline(depth int) string {
	text := g.command(depth)
	for g.chance(20) {
		text += g.one(" | ", "|") + g.call(depth-1, true)
	}
	return text
}

func (g *generator) command(depth int) string {
	if depth > 0 && g.chance(45) {
		return g.call(depth-1, false)
	}
	return g.operand(depth)
}

func (g *generator) fields() string {
	if g.chance(60) {
		if all := g.paths[g.one("list", "map", "string", "number")]; len(all) > 0 {
			return all[g.Intn(len(all))]
		}
	}
	text := ""
	for {
		text += "." + keys[g.Intn(len(keys))]
		if !g.chance(25) {
			return text
		}
	}
}

func (g *generator) operand(depth int) string {
	switch n := g.Intn(16); {
	case n < 6:
		return g.fields()
	case n < 7:
		return "."
	case n < 8:
		return g.one("$", "$"+g.fields())
	case n < 10 && len(g.variables) > 0:
		name := g.variables[g.Intn(len(g.variables))]
		return g.one(name, name, name+g.fields())
	case n < 11 && depth > 0:
		group := "(" + g.pipeline(depth-1) + ")"
		return g.one(group, group, group+g.fields())
	}
	return g.literal()
}

// Literals that are none, or overflow.
var badLiterals = []string{"9223372036854775808", "18446744073709551615", "18446744073709551616", "08", "1e400", "1__0", "0x", "1e", "_1", "0x1i", "1i+2i", "0b1+1i", "1+1e400i",
	"''", "'ab'", "'\\400'", "'\\ud800'", "'\\\"'", `"\q"`, `"\ud800"`, `"a\'b"`, "0b12", "1.2.3", "1_", "0x1p", "-", "1+2", "'", `"`, "`", "0x1__1", "0o8", "1_.5", "0x_1p2_", "1e+", "a.b"}

func (g *generator) literal() string {
	switch g.Intn(120) {
	case 0:
		return badLiterals[g.Intn(len(badLiterals))]
	case 1:
		return "nil"
	}
	switch g.Intn(11) {
	case 0:
		return g.one("true", "false")
	case 1, 2, 3:
		return g.one("0", "1", "2", "3", "-1", "10", "1_000", "0x1F", "0X_1f", "0b101", "0o17", "017", "+5", "1.5", "1e3", "-2.5e-3", ".5", "5.", "0x1p4", "0x1.8p-2", "1e20",
			"9223372036854775807", "-9223372036854775808", "1e6", "-0", "0.0", "-0x1e3", "1_0.2_5", "0_7", "00", "0x1e3", "0xFFFFFFFF", "1e-400", "0x1p-2000", "123456789.0")
	case 4:
		return g.one("'a'", "'\\n'", "'é'", "'\\''", "'\\x41'", "'\\u00e9'", "'😀'", "'\\101'", "'\"'", "'\\U0001F600'", "'\\\\'")
	case 5:
		return g.one("1i", "1+2i", "-1.5-2i", "0i", "1e3i", "0x1p2+1i", "1_0+2_0i", "0+0i", "1e-3-1e+3i", "07i")
	case 6:
		return "`" + g.one("raw", "", "a\\n", "\"", "line\nbreak", "cr\r\nlf", "é", "%v", "<&>'") + "`"
	}
	return g.one(`""`, `"a"`, `"x"`, `"k-1"`, `"hello"`, `"\t\"q\""`, `"\u00e9\U0001F600"`, `"\x00\xff"`, `"\101"`, `"<b>&'"`, `"a=b c"`, `"é"`, `"\\"`, `"日本"`, `"0"`)
}

func (g *generator) arguments(depth, from, to int) string {
	text := ""
	for i := from + g.Intn(to-from+1); i > 0; i-- {
		text += g.one(" ", " ", " ", "  ") + g.operand(depth)
	}
	return text
}

// A call, with one argument less when the pipeline brings it.
func (g *generator) call(depth int, piped bool) string {
	less := 0
	if piped {
		less = 1
	}
	if g.chance(4) { // a wrong number
		return g.one("len", "eq", "lt", "index", "printf", "print", "not", "and", "call", "html") + g.arguments(depth, 0, 3)
	}
	switch g.Intn(14) {
	case 0:
		if !piped && g.chance(70) {
			return "len " + g.of(g.one("list", "map", "string"))
		}
		return g.one("len", "not") + g.arguments(depth, 1-less, 1-less)
	case 1, 2:
		if piped || g.chance(30) {
			return "index " + g.operand(depth) + g.arguments(depth, 1-less, 2-less)
		}
		return g.one("index "+g.of("list")+" "+g.one("0", "1", "2"), "index "+g.of("map")+" "+strconv.Quote(keys[g.Intn(len(keys))]), "index "+g.of("string")+" 0")
	case 3:
		return "slice " + g.one(g.of("list"), g.of("string"), g.of("list"), g.fields()) + " " + g.one("0", "1", "2", g.operand(depth)) + g.one("", " 1", " 2", " 3", " 2 4", " 4", " 8")
	case 4, 5:
		if g.chance(60) {
			kind := g.one("string", "number")
			other := g.of(kind)
			if g.chance(40) {
				other = map[string]string{"string": `"hello"`, "number": "1.5"}[kind]
			}
			if piped {
				other = ""
			}
			return g.one("eq", "ne", "lt", "le", "gt", "ge") + " " + g.of(kind) + " " + other
		}
		return g.one("eq", "ne", "lt", "le", "gt", "ge") + g.arguments(depth, 2-less, 2-less)
	case 6:
		return "eq" + g.arguments(depth, 2-less, 4-less)
	case 7, 8:
		return g.one("and", "or") + g.arguments(depth, 1-less, 3-less)
	case 9:
		return g.one("html", "js", "urlquery") + g.arguments(depth, 1-less, 2-less)
	case 10:
		return g.one("print", "println") + g.arguments(depth, 0, 4)
	}
	args := g.arguments(depth, 0, 3)
	return "printf " + strconv.Quote(g.format()) + args
}

// Values under verbs that fit them.
func (g *generator) verbs() string {
	var b strings.Builder
	for i := 1 + g.Intn(4); i > 0; i-- {
		format := "%"
		for g.chance(40) {
			format += g.one("+", "-", "#", "0", " ")
		}
		if g.chance(50) {
			format += strconv.Itoa(g.Intn(30))
		}
		if g.chance(50) {
			format += "." + g.one("", strconv.Itoa(g.Intn(25)), strconv.Itoa(g.Intn(400)))
		}
		value := ""
		switch g.Intn(5) {
		case 0, 1:
			format += g.one("v", "f", "g", "e", "E", "G", "F", "x", "X", "b")
			value = g.one(g.of("number"), g.one("1.5", "0.0", "-0.0", "1e20", "123456789.0", "0x1.fffffffffffffp1023", "5e-324", "2.5", "1e3i", "1+2i"), g.of("number"))
		case 2:
			format += g.one("v", "d", "b", "o", "O", "x", "X", "c", "q", "U")
			value = g.one("0", "1", "-1", "255", "65", "0x1F600", "-9223372036854775808", "9223372036854775807", "1114112", "0xD800", "'\\n'", "(index \"é\" 0)", "(len $)")
		case 3:
			format += g.one("v", "s", "q", "x", "X")
			value = g.one(g.of("string"), g.literal(), g.of("string"))
		case 4:
			format += g.one("v", "s", "q", "d", "x", "T", "g", "t")
			value = g.of(g.one("list", "map"))
		}
		b.WriteString("[{{printf " + strconv.Quote(format) + " " + value + "}}]")
	}
	return b.String()
}

// A format whose verbs may or may not fit.
func (g *generator) format() string {
	var b strings.Builder
	for i := 1 + g.Intn(3); i > 0; i-- {
		b.WriteString(g.one("", "", "x", " ", "é", "="))
		b.WriteByte('%')
		for g.chance(30) {
			b.WriteString(g.one("+", "-", "#", "0", " "))
		}
		if g.chance(6) {
			b.WriteString(g.one("[1]", "[2]", "[3]", "[9]", "[0]", "[x]", "[]", "[1", "[-1]"))
		}
		if g.chance(30) {
			b.WriteString(g.one("1", "3", "5", "8", "12", "20", "*", "[2]*", "101", "99999999999"))
		}
		if g.chance(30) {
			b.WriteString("." + g.one("", "0", "1", "2", "3", "5", "10", "20", "40", "*", "[1]*"))
		}
		if g.chance(4) {
			b.WriteString(g.one("[1]", "[2]", "[3]"))
		}
		if g.chance(97) {
			b.WriteString(g.one("v", "v", "v", "d", "s", "q", "x", "X", "f", "g", "e", "E", "G", "F", "t", "T", "c", "U", "b", "o", "O", "%", "z", "é", "w", "!"))
		}
	}
	return b.String()
}
