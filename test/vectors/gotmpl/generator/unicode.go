package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// The code points at which membership of a set begins and ends, in turn.
func edges(in func(rune) bool) []rune {
	var out []rune
	inside := false
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		if now := r <= unicode.MaxRune && in(r); now != inside {
			out = append(out, r)
			inside = now
		}
	}
	return out
}

// writeUnicode prints src/gotmpl/unicode_tables.hpp.
func writeUnicode(w io.Writer) {
	fmt.Fprintf(w, `// Code points as Go knows them (Unicode %s): where each set begins, ends, begins again ... Made by
// test/vectors/gotmpl/generator, not by hand.
#pragma once

#include <array>

namespace vsecm::gotmpl {

`, unicode.Version)
	writeEdges(w, "word_edges", "unicode.IsLetter or unicode.IsDigit", edges(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }))
	writeEdges(w, "digit_edges", "unicode.IsDigit", edges(unicode.IsDigit))
	writeEdges(w, "printable_edges", "unicode.IsPrint", edges(unicode.IsPrint))
	fmt.Fprint(w, "}  // namespace vsecm::gotmpl\n")
}

func writeEdges(w io.Writer, name, what string, all []rune) {
	fmt.Fprintf(w, "inline constexpr std::array<char32_t, %d> %s{  // %s\n", len(all), name, what)
	line := "   "
	for _, r := range all {
		word := fmt.Sprintf(" %#x,", r)
		if len(line)+len(word) > 125 {
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			line = "   "
		}
		line += word
	}
	fmt.Fprintf(w, "%s\n};\n\n", line)
}
