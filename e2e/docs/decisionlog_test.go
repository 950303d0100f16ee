package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"context"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// schema is what of a JSON Schema the decision log's needs.
type schema struct {
	Type       string            `json:"type"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Enum       []any             `json:"enum"`
	Const      any               `json:"const"`
	Minimum    *float64          `json:"minimum"`
}

func lineSchema(t *testing.T) schema {
	t.Helper()
	var s schema
	if err := json.Unmarshal([]byte(read(t, "docs/decision-log.schema.json")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// faults lists what a line has against the schema. A field that the schema
// does not have is a fault too.
func (s schema) faults(line []byte) []string {
	var object map[string]any
	if err := json.Unmarshal(line, &object); err != nil {
		return []string{"no JSON object: " + err.Error()}
	}
	var faults []string
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			faults = append(faults, name+" is missing")
		}
	}
	for name, value := range object {
		want, ok := s.Properties[name]
		if !ok {
			faults = append(faults, name+" is not in the schema")
			continue
		}
		var kind string
		switch v := value.(type) {
		case string:
			kind = "string"
		case bool:
			kind = "boolean"
		case float64:
			kind = "integer"
			if want.Minimum != nil && v < *want.Minimum {
				faults = append(faults, fmt.Sprintf("%s is %v", name, v))
			}
		}
		if kind != want.Type {
			faults = append(faults, fmt.Sprintf("%s is a %s, want %s", name, kind, want.Type))
		}
		if want.Const != nil && value != want.Const || want.Enum != nil && !slices.Contains(want.Enum, value) {
			faults = append(faults, fmt.Sprintf("%s is %v", name, value))
		}
	}
	return faults
}

// TestDecisionLineFields: the struct, the schema and the table have the same
// fields of the same types.
func TestDecisionLineFields(t *testing.T) {
	src := source(t)
	fields, err := src.Fields("decisionLine")
	if err != nil {
		t.Fatal(err)
	}
	s := lineSchema(t)
	documented := map[string]string{}
	for _, row := range cells(read(t, "docs/decision-log.md"), 3) {
		documented[codes(row[0])[0]] = row[1]
	}
	kinds := map[string]string{"string": "string", "int": "integer", "bool": "boolean"}
	for _, f := range fields {
		if got := s.Properties[f.Key].Type; got != kinds[f.Type] {
			t.Errorf("%s: the schema says %q, want %q", f.Key, got, kinds[f.Type])
		}
		if got := strings.Replace(documented[f.Key], "number", "integer", 1); got != kinds[f.Type] {
			t.Errorf("%s: the table says %q, want %q", f.Key, got, kinds[f.Type])
		}
		if got := slices.Contains(s.Required, f.Key); got == f.Omit {
			t.Errorf("%s: required is %v in the schema, and omitempty %v in the code", f.Key, got, f.Omit)
		}
		delete(s.Properties, f.Key)
		delete(documented, f.Key)
	}
	for name := range s.Properties {
		t.Errorf("%s is in the schema and not in the code", name)
	}
	for name := range documented {
		t.Errorf("%s is in the table and not in the code", name)
	}

	reasons, err := src.Constants("reason")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, word := range lineSchema(t).Properties["reason"].Enum {
		listed[word.(string)] = true
	}
	for _, word := range reasons {
		if !listed[word] {
			t.Errorf("the schema does not list the reason %q", word)
		}
		delete(listed, word)
	}
	for word := range listed {
		t.Errorf("the schema lists the reason %q, and the plugin has none such", word)
	}
}

// childEnv marks the child of TestDecisionLines.
const childEnv = "DOCS_TEST_DECISIONS"

// TestDecisionLines: what the plugin writes fits the schema. It writes to the
// process's standard output, so it runs in a process of its own.
func TestDecisionLines(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"=1")
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := lineSchema(t)
	outcomes := map[string]int{}
	leftOut := 0.0
	for line := range bytes.Lines(out) {
		var head struct {
			Msg, Outcome, Mode string
			Reason             string
			LeftOut            float64
		}
		if err := json.Unmarshal(line, &head); err != nil || !strings.HasPrefix(head.Msg, "decision") {
			continue
		}
		for _, fault := range s.faults(line) {
			t.Errorf("%s: %s", fault, line)
		}
		outcomes[head.Outcome+" "+head.Reason+" "+head.Mode]++
		leftOut += head.LeftOut
	}
	for _, want := range []string{
		"allow public enforce", "allow granted enforce", "deny no_token enforce", "deny roles enforce", "deny no_rule enforce",
		"deny type enforce", "deny bad_header enforce", "allow preflight enforce", "error keys_unavailable enforce",
		"deny roles shadow", "allow granted shadow", " no_token ",
	} {
		if outcomes[want] == 0 {
			t.Errorf("no line %q among %v", want, slices.Sorted(maps.Keys(outcomes)))
		}
	}
	if leftOut == 0 {
		t.Error("no line says how many were left out")
	}
}

// decideAloud lets the plugin write decisions of every outcome.
func decideAloud() {
	iss := issuer.MustStart(issuer.Options{Realms: []string{"labs64io"}, Algorithms: []string{"RS256"}})
	defer iss.Close()
	plugin := func(extra string) http.Handler {
		config, err := host.Config(`plugin: {authproxy: {issuer: "` + iss.URL + `", audience: labs64-api, decisionLog: all, ` +
			`allowPreflight: true, jwksTimeout: 500ms, rules: [{path: /open, public: true}, {path: /admin, roles: [admin-role]}, ` +
			`{path: /audit, roles: [auditflow-role]}, {path: /audit, roles: [admin-role], mode: shadow}]` + extra + `}}`)
		if err != nil {
			panic(err)
		}
		h, err := host.Compiled().New(context.Background(), &backend.Echo{}, config, "auth@file")
		if err != nil {
			panic(err)
		}
		return h
	}
	h, down := plugin(""), plugin(`, jwksUrl: "http://127.0.0.1:1/"`)
	bob := "Bearer " + iss.Default().Access("bob").String()
	ask := func(h http.Handler, method, target, credential string, headers ...string) {
		r := httptest.NewRequest(method, target, nil)
		if credential != "" {
			r.Header.Set("Authorization", credential)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	ask(h, "GET", "/open", "")
	ask(h, "GET", "/audit", bob)
	ask(h, "GET", "/audit", "Bearer "+iss.Default().Access("alice").String())
	ask(h, "GET", "/admin", bob)
	ask(h, "GET", "/nowhere", bob)
	ask(h, "GET", "/audit", "Bearer "+iss.Default().ID("bob").String())
	ask(h, "GET", "/audit", "Bearer")
	ask(h, "GET", "/audit?token=secret", "Bearer "+strings.Repeat("x", 1000))
	ask(h, "OPTIONS", "/audit", "", "Origin", "https://app.example", "Access-Control-Request-Method", "GET")
	ask(down, "GET", "/audit", bob)
	for range 200 {
		ask(h, "GET", "/audit", "")
	}
	time.Sleep(2500 * time.Millisecond) // until the line with what was left out
}

// TestDocumentedDecisionLines: the lines that the page shows fit the schema.
func TestDocumentedDecisionLines(t *testing.T) {
	s := lineSchema(t)
	blocks, err := AllBlocks(root(t))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, b := range blocks {
		if b.Mark != "decision line" {
			continue
		}
		n++
		for _, fault := range s.faults([]byte(b.Text)) {
			t.Errorf("%s: %s", b, fault)
		}
	}
	if n == 0 {
		t.Error("no documented line")
	}
}
