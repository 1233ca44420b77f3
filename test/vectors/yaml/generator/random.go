package main

import (
	"math/rand"
	"strings"
)

type maker struct{ *rand.Rand }

// Pieces whose neighbourhood decides how a text is written.
var pieces = []string{
	" ", " ", "  ", "\n", "\n", "\n\n", "\t", ":", ": ", "#", " #", "-", "- ", "?", "!", "*", "&", "'", "\"", "\\", "%", "@", "`", ",", "[", "]", "{", "}", "|", ">", "~", "=", "<", ".", "...", "---", "+", "_",
	"a", "b", "yes", "no", "true", "null", "é", "日", "😀", "0", "1", "12", "60", "0x", "0b", "0o", "e", "E", "inf", "nan", "2024-01-02", "T", "03:04:05", "Z", "\r", "\u0085", "\u00a0", "\ufeff", "\x00", "\x7f", "word", "key", "٣",
}

func (m *maker) text() string {
	if m.Intn(4) == 0 {
		return words[m.Intn(len(words))]
	}
	var b strings.Builder
	for range m.Intn(7) {
		b.WriteString(pieces[m.Intn(len(pieces))])
	}
	return b.String()
}

func (m *maker) name() string {
	if m.Intn(3) == 0 {
		return m.text()
	}
	return names[m.Intn(len(names))]
}

func (m *maker) value(depth int) any {
	switch n := m.Intn(10); {
	case n < 5 || depth > 4:
		return m.text()
	case n == 5:
		return []any{nil, true, false, 0, 1, -7, 1234567, 0.25, 1e21, 1e-9}[m.Intn(10)]
	case n < 8:
		list := make([]any, m.Intn(4))
		for i := range list {
			list[i] = m.value(depth + 1)
		}
		return list
	}
	return m.object(depth + 1)
}

func (m *maker) object(depth int) any {
	made := map[string]any{}
	for range m.Intn(5) {
		made[m.name()] = m.value(depth)
	}
	return made
}

func (m *maker) document() any { return m.object(0) }
