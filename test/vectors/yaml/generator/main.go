// Makes the goldens of src/delivery's YAML with the real yaml.v3. See ../../README.md.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"math/rand"
	"os"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// One line of a golden file. Lossy: yaml.v3, or a reader of YAML 1.2 (to which the breaks of Unicode are none), reads back
// something else than was written, so this text is not to be had.
type golden struct {
	Data  string `json:"data"`
	YAML  string `json:"yaml"`
	Lossy bool   `json:"lossy,omitempty"`
}

func main() {
	seed := flag.Int64("seed", 1, "of the random documents")
	count := flag.Int("count", 1000, "how many random documents")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	switch flag.Arg(0) {
	case "cases":
		for _, document := range cases() {
			write(out, document)
		}
	case "random":
		made := &maker{rand.New(rand.NewSource(*seed))}
		for range *count {
			if document := made.document(); steady(document) {
				write(out, document)
			}
		}
	default:
		flag.Usage()
		os.Exit(2)
	}
}

func write(out *bufio.Writer, document any) {
	data, err := json.Marshal(document)
	must(err)
	var decoded any
	must(json.Unmarshal(data, &decoded))
	text, err := yaml.Marshal(decoded)
	must(err)
	var again any
	lossy := yaml.Unmarshal(text, &again) != nil || !reflect.DeepEqual(plain(again), plain(decoded)) || strings.ContainsAny(string(text), "\u2028\u2029")
	line, err := json.Marshal(golden{string(data), string(text), lossy})
	must(err)
	out.Write(line)
	out.WriteByte('\n')
}

// Whether it is always written the same: where yaml.v3's order of names goes in a circle (twenty digits, `1a`, `_`), it follows
// the map's, which is another each time.
func steady(document any) bool {
	text, err := yaml.Marshal(document)
	must(err)
	for range 32 {
		again, err := yaml.Marshal(document)
		must(err)
		if !bytes.Equal(again, text) {
			return false
		}
	}
	return true
}

// Numbers as float64, whatever YAML took them for.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name := range v {
			out[name] = plain(v[name])
		}
		return out
	}
	return v
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
