// Makes the goldens of src/gotmpl with the real text/template, and its Unicode tables. See ../README.md.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"
)

// One line of a golden file. What is not UTF-8 is given in base64 under the second name.
type golden struct {
	Template   *string `json:"template,omitempty"`
	Template64 *string `json:"template64,omitempty"`
	Data       *string `json:"data,omitempty"` // the JSON text; that of the line before if there is none
	Output     *string `json:"output,omitempty"`
	Output64   *string `json:"output64,omitempty"`
	Error      *string `json:"error,omitempty"`
	Error64    *string `json:"error64,omitempty"`
}

func field(s string) (plain, encoded *string) {
	if utf8.ValidString(s) {
		return &s, nil
	}
	e := base64.StdEncoding.EncodeToString([]byte(s))
	return nil, &e
}

const maxOutput = 1 << 16
const longestRun = 2 * time.Second

var errTooMuch = fmt.Errorf("too much output")

type limited struct{ strings.Builder }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxOutput {
		return 0, errTooMuch
	}
	return l.Builder.Write(p)
}

// What became of a template.
type outcome struct {
	text   string // its output, or what is wrong
	failed bool
}

// One run, over a document of its own; nothing if it is too long, or too much.
func run(text, data string) (outcome, bool) {
	var document any
	if err := json.Unmarshal([]byte(data), &document); err != nil {
		panic(fmt.Sprintf("%s: %v", data, err))
	}
	var result limited
	t, err := template.New("secret").Parse(text)
	if err == nil {
		done := make(chan error, 1)
		go func() { done <- t.Execute(&result, document) }() // cannot be stopped: an empty loop of 2^63 turns is left to itself
		select {
		case err = <-done:
		case <-time.After(longestRun):
			return outcome{}, false
		}
	}
	switch {
	case err == errTooMuch:
		return outcome{}, false
	case err != nil:
		return outcome{err.Error(), true}, true
	}
	return outcome{result.String(), false}, true
}

// What two runs agree on: an address (%p) is another each time.
func steady(text, data string) (outcome, bool) {
	first, ok := run(text, data)
	if !ok {
		return first, false
	}
	second, ok := run(text, data)
	return first, ok && first == second
}

func main() {
	seed := flag.Int64("seed", 1, "of the random templates")
	count := flag.Int("count", 1000, "how many random templates")
	longest := flag.Int("longest", 1<<20, "longest line, in bytes; what would be longer is left out")
	flag.Parse()
	stdout := bufio.NewWriter(os.Stdout)
	defer stdout.Flush()
	out := &goldens{out: stdout, longest: *longest}
	switch flag.Arg(0) {
	case "cases":
		for _, c := range cases() {
			out.write(c.template, c.data)
		}
	case "random":
		r := &generator{Rand: rand.New(rand.NewSource(*seed))}
		for i := 0; i < *count; i++ {
			data := r.document()
			out.write(r.template(), data)
		}
	case "tests":
		tests(out)
	case "files": // as the fuzzer keeps them: a template, and JSON on the last line
		for _, name := range flag.Args()[1:] {
			input, err := os.ReadFile(name)
			if err != nil {
				continue // the fuzzer has found a shorter one since
			}
			text, data := string(input), ""
			if line := strings.LastIndexByte(text, '\n'); line >= 0 {
				text, data = text[:line], text[line+1:]
			}
			if json.Unmarshal([]byte(data), new(any)) != nil {
				data = document
			}
			out.write(text, data)
		}
	case "unicode":
		writeUnicode(stdout)
	default:
		fmt.Fprintln(os.Stderr, "say what to make: cases, random, tests, files FILE... or unicode")
		os.Exit(2)
	}
}

// Writes golden files.
type goldens struct {
	out      io.Writer
	longest  int
	lastData string
}

func (w *goldens) write(text, data string) {
	var g golden
	if data != w.lastData {
		g.Data = &data
	}
	if !utf8.ValidString(data) {
		return // ours makes U+FFFD of it before anybody looks, and so does Go; the file cannot say it
	}
	g.Template, g.Template64 = field(text)
	result, ok := steady(text, data)
	if !ok {
		return
	}
	if result.failed {
		g.Error, g.Error64 = field(result.text)
	} else {
		g.Output, g.Output64 = field(result.text)
	}
	var line strings.Builder
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(g); err != nil {
		panic(err)
	}
	if line.Len() <= w.longest {
		io.WriteString(w.out, line.String())
		w.lastData = data
	}
}
