package main

import (
	"encoding/json"
	"time"
)

// Which versions write a record like this one.
type shape int

const (
	single shape = iota // 0.28.1: one value
	list                // 0.26 to 0.28.0: `values`, most names in capitals
	oldest              // up to 0.25: with what was dropped since
)

type secret struct {
	name, delivered, template, format string
	values, namespaces, backups       []string
	created, updated                  time.Time
	shape                             shape
}

var never = time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)

func secrets() []secret {
	const credentials = `{"username":"*root*","password":"*CasHC0w*"}`
	all := []secret{
		{name: "example", values: []string{credentials}, template: `{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}"}`, format: "json",
			delivered: `{"USERNAME":"*root*", "PASSWORD":"*CasHC0w*"}`, backups: []string{"0", "1", "2"}},
		{name: "billing", values: []string{credentials}, template: `{"USERNAME":"{{.username}}", "PASSWORD":"{{.password}}"}`, format: "yaml",
			delivered: "PASSWORD: '*CasHC0w*'\nUSERNAME: '*root*'\n", namespaces: []string{"default", "shop"}},
		{name: "several", values: []string{"YouRockToo!", "VSecMRocks!"}, delivered: `["YouRockToo!","VSecMRocks!"]`, shape: list, backups: []string{"1"}},
		{name: "one-of-a-list", values: []string{"VSecMRocks!"}, delivered: "VSecMRocks!", shape: list},
		{name: "grandfather", values: []string{"from 2023"}, delivered: "from 2023", shape: oldest},
		{name: "never-dated", values: []string{"zero"}, delivered: "zero", shape: oldest, created: time.Time{}.Add(1)},
		{name: "untransformed", values: []string{" spaces\tand\nlines "}, delivered: ""},
		{name: "markup", values: []string{"<a href=\"x\">&amp;\u2028'%s{{.}}\u0000é😀\ufffd"}, delivered: "<a href=\"x\">&amp;\u2028'%s{{.}}\u0000é😀\ufffd", format: "raw"},
		{name: "k8s:db", values: []string{credentials}, delivered: credentials, namespaces: []string{"a", "b"}},
		{name: "raw:vsecm-scout-crt", values: []string{"LS0tLS1CRUdJTg=="}, delivered: "LS0tLS1CRUdJTg=="},
		{name: "vsecm-keystone", values: []string{"keystone-init"}, delivered: "keystone-init", namespaces: []string{"vsecm-system"}},
	}
	for _, name := range []string{"my app", "my%20app", "100%", "käse", "日本", ".hidden", "..", ".tmp-1", "foo.agent", "foo.age", "a-1-", "App", "app", "a\tb\nc", `q"uo'te\s`, "*?[x]", "-rf", "~", "a<b>&c",
		"with:colon@at+plus=is", "long-" + string(make220())} {
		all = append(all, secret{name: name, values: []string{"value of " + name}, delivered: "value of " + name, backups: []string{"1"}})
	}
	zone := time.FixedZone("", 2*3600)
	for i := range all {
		s := &all[i]
		if len(s.namespaces) == 0 {
			s.namespaces = []string{"default"}
		}
		if s.format == "" {
			s.format = "json"
		}
		if s.created.IsZero() {
			s.created = time.Date(2024, 1, 2, 15, 4, 5, 123456789+i, time.UTC)
		}
		s.updated = time.Date(2024, 7, 6, 5, 4, 3, 0, zone)
	}
	return all
}

func make220() []byte {
	text := make([]byte, 220)
	for i := range text {
		text[i] = "abcdefghij"[i%10]
	}
	return text
}

// The members and their order are those of the original's records; a Go time is RFC 3339 with nanoseconds.
func (s secret) record() []byte {
	type newMeta struct {
		Namespaces    []string `json:"namespaces"`
		Template      string   `json:"template"`
		Format        string
		CorrelationID string `json:"correlationId"`
	}
	type oldMeta struct {
		Kubernetes bool   `json:"k8s"`
		Storage    string `json:"storage"`
		newMeta
	}
	meta := newMeta{s.namespaces, s.template, s.format, "Ab3dEf7h"}
	var record any
	switch s.shape {
	case single:
		record = struct {
			Name        string    `json:"name"`
			Value       string    `json:"value"`
			Transformed string    `json:"valueTransformed"`
			Meta        newMeta   `json:"meta"`
			Created     time.Time `json:"created"`
			Updated     time.Time `json:"updated"`
			NotBefore   time.Time `json:"notBefore"`
			Expires     time.Time `json:"expiresAfter"`
		}{s.name, s.values[0], s.delivered, meta, s.created, s.updated, s.updated, never}
	case list:
		record = struct {
			Name             string
			Values           []string `json:"values"`
			Transformed      string   `json:"valuesTransformed"`
			Meta             newMeta
			Created, Updated time.Time
			NotBefore        time.Time `json:"notBefore"`
			Expires          time.Time `json:"expiresAfter"`
		}{s.name, s.values, s.delivered, meta, s.created, s.updated, s.updated, never}
	case oldest:
		old := struct {
			Name             string
			Values           []string `json:"values"`
			Transformed      string   `json:"valuesTransformed"`
			Meta             oldMeta
			Created, Updated time.Time
			NotBefore        time.Time `json:"notBefore"`
			Expires          time.Time `json:"expiresAfter"`
		}{Name: s.name, Values: s.values, Transformed: s.delivered, Meta: oldMeta{false, "file", meta}, Created: s.created, Updated: s.updated}
		if s.name != "never-dated" { // a record from before there were dates, written again since, has Go's zero time
			old.NotBefore, old.Expires = s.updated, never
		}
		record = old
	}
	text, err := json.Marshal(record)
	must(err)
	return text
}
