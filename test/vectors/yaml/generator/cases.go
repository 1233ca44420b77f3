package main

import (
	"encoding/json"
	"strings"
)

// Texts that YAML could take for something else, or that need quotes, escapes or a block.
var words = []string{
	"", " ", "a", "a b", " a", "a ", "\t", "a\tb", "*root*", "'*root*'", "\"", "'", "it's", "a\"b", "\\", "a\\b",
	"true", "True", "TRUE", "tRue", "false", "False", "FALSE", "null", "Null", "NULL", "~", "nil", "none",
	"y", "Y", "yes", "Yes", "YES", "yEs", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF", "oN",
	".nan", ".NaN", ".NAN", ".inf", ".Inf", "+.inf", "-.INF", "+.INF", ".INf", "inf", "nan", "Infinity", "-inf",
	"0", "1", "-1", "+1", "1_000", "_1", "1_", "-_1", "0_", "+", "-", "--", "---", "----", "...", "....", "..", ".", "0.", ".0", "1.5", "-1.5", "+1.5",
	"1.", "1e3", "1E3", "1e+3", "1e-3", "1e", "1e+", ".5", ".5e3", ".5e", ".e5", "-.5", "+.5", "-.e", "1.5.5", "1..5", ".1e999", "1e999", "-1e999", ".1_2", "1_2.5", "1.5_2", "1e-999",
	"0x1f", "0X1F", "0xg", "0x", "-0x1f", "+0x1f", "0b1", "0b2", "0b", "0b-1", "0b+1", "-0b1", "-0b-1", "+0b1", "0B1", "0o7", "0o8", "0O7", "0o", "-0o7", "0o-7", "-0o-7", "+0o7", "07", "08", "0778", "00", "-07",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "+18446744073709551615",
	"0xffffffffffffffff", "0x1ffffffffffffffff", "0b" + strings.Repeat("1", 64), "0b" + strings.Repeat("1", 65), "0o1777777777777777777777", "0o2777777777777777777777", "0b-" + strings.Repeat("1", 64),
	"1:2", "1:20", "1:60", "12:30:45", "12:30:45.5", "12:30:45.5_", "-1:2", "+1:2", "1_0:2", "1:2:", "1:2x", "1:234", ":1:2", "190:20:30", "1:2.", "1:.5",
	"2024-01-02", "2024-1-2", "2024-13-02", "2024-02-30", "2024-02-29", "2023-02-29", "2024-00-01", "2024-01-00", "2024-1-02x", "20240102", "2024-01", "2024-", "0000-01-01", "1900-02-29", "2000-02-29",
	"2024-01-02T03:04:05Z", "2024-01-02t03:04:05Z", "2024-01-02 03:04:05", "2024-01-02 03:04:05Z", "2024-01-02T03:04:05", "2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.1234567890Z", "2024-01-02T03:04:05,5Z",
	"2024-01-02T03:04:05+01:00", "2024-01-02T03:04:05-0100", "2024-01-02T03:04:05+24:00", "2024-01-02T03:04:05+25:00", "2024-01-02T03:04:05+01:60", "2024-01-02T03:04:05+01:61", "2024-01-02T03:04:05z",
	"2024-01-02T3:4:5Z", "2024-01-02T24:00:00Z", "2024-01-02T23:60:00Z", "2024-01-02T23:59:60Z", "2024-01-02 3:4:5.", "2024-01-02 3:4:5.5", "2024-01-02 3:4", "2024-01-02T", "2024-01-02 ", "2024-001-2", "2024-1-002", "2024-1-2T003:4:5Z",
	"a: b", "a:b", "a:", ":", ": a", ":a", "a :b", "a:\tb", "::", "a #b", "a#b", "#a", "a\t#b", "?", "? a", "?a", "a?", "-a", "- a", "a - b", "-\ta",
	",", ",a", "a,b", "[", "[]", "[a", "a]", "]", "{", "{}", "{a", "a}", "}", "&a", "a&b", "*a", "!a", "!!str a", "a!", "|", "|a", ">", ">a", "%a", "a%", "@a", "`a", "a`", "=", "<<", "<", "a=b", "$a", "(a)", "~a", "^",
	"a\nb", "a\nb\n", "a\n", "a\n\n", "\n", "\n\n", "\na", " a\nb", "  a\n b\n", "a \nb", "a\n b", "a\nb ", "a\n\nb", "a\n\tb", "\ta\nb", "a\tb\nc", "a: b\nc: d\n", "- a\n- b", "# a\n", "a\r\nb", "a\rb", "\r", "a\n...\nb", "---\na\n", "true\n", "1\n",
	"-----BEGIN KEY-----\nMIIB+/=\n-----END KEY-----\n",
	"\x00", "a\x00b", "\x01", "\x07\x08\x0b\x0c\x0d\x1b", "\x7f", "\u0080", "\u0085", "a\u0085b", "\u00a0", "a\u00a0b", "é", "日本", "\u2027", "\u2028", "a\u2028b", "\u2029", "\ufeff", "\ufeffa b", "a\ufeffb", "\ufffd", "\ufffe", "\uffff", "\ud7ff", "\ue000", "😀", "a😀\nb", "\U0010ffff", "\u200b",
	strings.Repeat("word ", 60) + "end", strings.Repeat("x", 128), strings.Repeat("x", 129), strings.Repeat("é", 64), strings.Repeat("é", 65), strings.Repeat("-", 200),
}

// In the natural order: digits by their number, letters behind what is none.
var names = []string{
	"a", "b", "B", "A", "a1", "a2", "a10", "a01", "a001", "a0", "a00", "a1b", "a10b", "1", "2", "10", "01", "001", "0", "00", "1a", "1b", "10a", "_", "_a", "a_", "a-b", "a.b", "ab", "a b", "é", "É", "z", "ß", "日本", "日", "😀",
	"a1.5", "a1.10", "a1.05", "v1.2.3", "v1.10.0", "v1.2.10", "x100", "x99", "x1e3", "9223372036854775807", "9223372036854775808", "99999999999999999999999", "x٣", "x٤", "x12", "", "-", "-1", "~", "A1", "A10", "b0c", "b00c", "b1", "b1-", "b1_", "b1a", "b10",
	"USERNAME", "PASSWORD", "DB_HOST", "DB_PORT", "DB_PORT2", "DB_PORT10",
}

func cases() []any {
	var all []any
	object := func(parts ...any) any {
		made := map[string]any{}
		for i := 0; i < len(parts); i += 2 {
			made[parts[i].(string)] = parts[i+1]
		}
		return made
	}
	for _, w := range words {
		all = append(all, object("k", w), object(w, "v"), w)
		all = append(all, object("l", []any{w, []any{w}, object("in", w, "more", object("in", w))}), []any{w, object(w, []any{w})})
		all = append(all, object(w, object(w, w)))
	}
	everything := map[string]any{}
	for _, n := range names {
		everything[n] = "v"
	}
	all = append(all, everything)
	for i, a := range names {
		for _, b := range names[i+1:] {
			all = append(all, object(a, "1", b, "2"))
		}
	}
	for _, number := range []string{"0", "-0", "1", "-1", "5432", "1234567", "-1234567", "123456", "999999", "1000000", "1.5", "-1.5", "0.1", "0.0001", "0.00001", "1e-7", "1e20", "1e21", "1e22", "1.7976931348623157e308", "5e-324",
		"9007199254740993", "12345678901234567890", "3.141592653589793", "100", "1e5", "1e6", "0.000123456", "21", "2.50"} {
		all = append(all, object("n", json.Number(number)), []any{json.Number(number)})
	}
	empty := []any{nil, true, false, []any{}, object(), []any{[]any{}, object()}, object("a", []any{}, "b", object(), "c", nil, "d", true, "e", false)}
	all = append(all, empty...)
	all = append(all, []any{empty}, object("deep", object("deeper", object("deepest", []any{[]any{[]any{1, object("a", 1, "b", []any{2})}}, object("x", nil)}))))
	all = append(all, object("username", "*root*", "password", "*CasHC0w*"), object("username", "admin", "password", "VSecMRocks!"))
	return all
}
