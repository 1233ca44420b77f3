package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// The templates and formats that Go's own tests try, read where Go is installed, over data that came from JSON. Nothing of
// them is kept here: what a template gives is asked of Go, not of its tables.

// Has, as JSON can, what the tests' own struct has under the same names.
const testDocument = `{"True":true,"I":17,"U16":16,"X":"x","S":"xyz","U":{"V":"v"},"V0":{"j":6666},"W0":{"k":888},"SI":[3,4,5],"SICap":[0,0,0,0,0],"SIEmpty":[],"SB":[true,false],"AI":[3,4,5],
"MSI":{"one":1,"two":2,"three":3},"MSIone":{"one":1},"MSIEmpty":{},"MXI":{"one":1},"MII":{"1":1},"MI8S":{"2":"i82"},"MUI8S":{"2":"u82"},"SMSI":[{"one":1,"two":2},{"eleven":11,"twelve":12}],
"Empty0":null,"Empty1":3,"Empty2":"empty2","Empty3":[7,8],"Empty4":{"V":"UinEmpty"},"NonEmptyInterface":{"X":"x"},"NonEmptyInterfacePtS":["a","b"],"NonEmptyInterfaceNil":null,"NonEmptyInterfaceTypedNil":null,
"Str":"foozle","Err":"erroozle","PI":23,"PS":"a string","PSI":[21,22,23],"NIL":null,"Tmpl":"test template","a":[1,"two",null],"html":"<b>&'\""}`

var otherDocuments = []string{"17", `"x"`, "[3,4,5]", "null", "true", `{"one":1,"two":{"three":[0.5,-1e21]}}`}

var testOperands = []string{"true", "12345", "-7", "'x'", "`abc`", "`\xe6\x97\xa5\\xff`", "1.0", "-1e-7", "1+2i", "nil", ".a", ".MSI", ".PI", ".html"}

func tests(out *goldens) {
	root := filepath.Join(runtime.GOROOT(), "src")
	for _, text := range literalsOf(root, "text/template/*_test.go", "text/template/parse/*_test.go", "html/template/exec_test.go") {
		out.write(text, testDocument)
		if strings.Contains(text, "{{") {
			for _, document := range otherDocuments {
				out.write(text, document)
			}
		}
	}
	for _, format := range literalsOf(root, "fmt/*_test.go") {
		if !strings.Contains(format, "%") || strings.ContainsAny(format, "`\r") {
			continue
		}
		for i, operand := range testOperands {
			out.write(fmt.Sprintf("{{printf `%s` %s}}|{{printf `%s` %s %s}}", format, operand, format, testOperands[(i+1)%len(testOperands)], operand), testDocument)
		}
	}
}

// Every string in the source of those files, once, in the order of their appearance.
func literalsOf(root string, patterns ...string) []string {
	var all []string
	seen := map[string]bool{}
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(names) == 0 {
			fmt.Fprintln(os.Stderr, "no", pattern, "in", root)
			os.Exit(1)
		}
		for _, name := range names {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				panic(err)
			}
			ast.Inspect(file, func(node ast.Node) bool {
				if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil && !seen[text] {
						seen[text] = true
						all = append(all, text)
					}
				}
				return true
			})
		}
	}
	return all
}
