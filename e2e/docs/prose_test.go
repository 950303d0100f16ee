package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/traps"
)

var (
	camelCase = regexp.MustCompile(`^[a-z]+[A-Z]\w*`)
	written   = regexp.MustCompile(`(?s)<!-- (?:measured|generated): .*?<!-- end -->`)
	comment   = regexp.MustCompile(`(?s)<!--.*?-->`)
	figure    = regexp.MustCompile(`[~<>]?\d[\d.,]*[  ]?(?:µs|us|ms|s|seconds?|minutes?|hours?|kB|KB|MB|GB|KiB|MiB|%|×|times)(?:\W|$)`)
)

// prose is a page without its blocks, its written regions and its comments:
// what somebody has typed.
func prose(markdown string) string {
	return comment.ReplaceAllString(written.ReplaceAllString(fenced.ReplaceAllString(markdown, ""), ""), "")
}

// othersKeys are names in the plugin's way of writing that belong to others.
var othersKeys = map[string]string{
	"abortOnPluginFailure": "Traefik", "additionalArguments": "Traefik's chart", "allowCrossNamespace": "Traefik",
	"authResponseHeaders": "Traefik", "basicAuth": "Traefik", "entryPoints": "Traefik", "forwardAuth": "Traefik",
	"localPlugins": "Traefik", "readOnlyRootFilesystem": "Kubernetes", "removeHeader": "Traefik", "sanitizePath": "Traefik",
	"stripPrefix": "Traefik", "subPath": "Kubernetes", "trustForwardHeader": "Traefik", "clientScopes": "Keycloak",
	"leftOut": "the decision log", "retryIn": "the log",
}

// TestNamedKeysExist: a key that a page names is one of the plugin's, or known
// to be another's. Traefik drops a misspelt one without a word.
func TestNamedKeysExist(t *testing.T) {
	s := source(t)
	known := map[string]bool{}
	for _, name := range []string{"Config", "IssuerConfig", "RuleConfig"} {
		fields, err := s.Fields(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			known[f.Key] = true
		}
	}
	for key, owner := range othersKeys {
		if known[key] {
			t.Errorf("%s is said to be of %s, and the plugin has it", key, owner)
		}
	}
	files, err := Files(root(t))
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, file := range files {
		for _, code := range codes(fenced.ReplaceAllString(read(t, file), "")) {
			key := camelCase.FindString(code)
			if key == "" {
				continue
			}
			named++
			if !known[key] && othersKeys[key] == "" {
				t.Errorf("%s: `%s` is no key of the plugin's", file, code)
			}
		}
	}
	if named < 100 {
		t.Errorf("only %d keys named", named)
	}
}

// TestNamedTargetsExist: so it is with the Makefile's targets, where they stand
// in a sentence; those of blocks are looked at with the blocks.
func TestNamedTargetsExist(t *testing.T) {
	c := newChecker(t)
	files, err := Files(root(t))
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, file := range files {
		for _, code := range codes(fenced.ReplaceAllString(read(t, file), "")) {
			if strings.HasPrefix(code, "make ") {
				named++
				if err := c.targetsExist(Block{Text: code}); err != nil {
					t.Errorf("%s: `%s`: %v", file, code, err)
				}
			}
		}
	}
	if named == 0 {
		t.Error("no target named")
	}
}

// TestFiguresAreMeasured: no figure with a unit is written by hand. Those of a
// run stand in a measured region, those of the sources in a generated one, and
// those of a configuration in code.
func TestFiguresAreMeasured(t *testing.T) {
	files, err := Files(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, found := range figure.FindAllString(codeSpan.ReplaceAllString(prose(read(t, file)), ""), -1) {
			t.Errorf("%s: the figure %q is written by hand", file, found)
		}
	}
	for text, want := range map[string]bool{
		"it takes 12 ms": true, "twice in 3.5 µs": true, "a loss of 40 %": true, "1.2× as much": true, "under 5 seconds.": true,
		"RFC 7519 section 4": false, "Traefik 3.6 says": false, "20 services": false,
	} {
		if figure.MatchString(text) != want {
			t.Errorf("%q: found is %v, want %v", text, !want, want)
		}
	}
}

// TestEveryTrapIsListed: CONTRIBUTING names each trap that the checker finds,
// in bold, by the name that the checker gives it, and no other.
func TestEveryTrapIsListed(t *testing.T) {
	_, section, ok := strings.Cut(read(t, "CONTRIBUTING.md"), "\n## Traps of the interpreter\n")
	if !ok {
		t.Fatal("CONTRIBUTING.md has no such section")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	named := map[string]bool{}
	for _, m := range regexp.MustCompile(`\*\*([a-z-]+)\*\*`).FindAllStringSubmatch(prose(section), -1) {
		named[m[1]] = true
	}
	for _, trap := range traps.All() {
		if !named[trap.Name] {
			t.Errorf("CONTRIBUTING.md does not name the trap %s", trap.Name)
		}
		delete(named, trap.Name)
	}
	for name := range named {
		t.Errorf("CONTRIBUTING.md names a trap %q, which the checker does not know", name)
	}
}

// TestLayout: CONTRIBUTING says of each of the plugin's files what it is for,
// and names no other.
func TestLayout(t *testing.T) {
	table, _, _ := strings.Cut(read(t, "CONTRIBUTING.md"), "\n## Running\n")
	named := map[string]bool{}
	for _, row := range cells(table, 2) {
		for _, file := range codes(row[0]) {
			named[file] = strings.HasSuffix(file, ".go")
		}
	}
	files, err := filepath.Glob(filepath.Join(root(t), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file := filepath.Base(path)
		if !named[file] && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("CONTRIBUTING.md does not say what %s is for", file)
		}
		delete(named, file)
	}
	for file, source := range named {
		if source {
			t.Errorf("CONTRIBUTING.md names %s, which is not there", file)
		}
	}
}

// TestThreatsAreShown: each defence names what shows it: rows of the verdict
// table, a test that exists, or a place.
func TestThreatsAreShown(t *testing.T) {
	_, table, ok := strings.Cut(read(t, "docs/security.md"), "\n## Threats, and what defends each\n")
	if !ok {
		t.Fatal("docs/security.md has no such section")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	tests := newChecker(t).tests
	rows := cells(table, 3)
	if len(rows) < 20 {
		t.Errorf("only %d threats", len(rows))
	}
	for _, row := range rows {
		shown := link.MatchString(row[2]) || strings.HasPrefix(row[2], "rows")
		for _, name := range codes(row[2]) {
			shown = true
			if !tests[name] {
				t.Errorf("%s: there is no test %s", row[0], name)
			}
		}
		if !shown {
			t.Errorf("%s: nothing shows it", row[0])
		}
	}
}

// TestChart: once a run has drawn the chart, both pages show it.
func TestChart(t *testing.T) {
	_, err := os.Stat(filepath.Join(root(t), "docs", "bench.svg"))
	drawn := err == nil
	for page, image := range map[string]string{"README.md": "](docs/bench.svg)", "docs/performance.md": "](bench.svg)"} {
		if text := read(t, page); strings.Contains(text, image) != drawn {
			t.Errorf("%s: shows the chart: %v; there is one: %v", page, !drawn, drawn)
		} else if !drawn && !strings.Contains(text, "<!-- chart -->") {
			t.Errorf("%s has no place for the chart", page)
		}
	}
}

// TestQuestions: the questions that users of such plugins ask most have a
// section each.
func TestQuestions(t *testing.T) {
	var sections []string
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, "docs/troubleshooting.md"), ""), -1) {
		sections = append(sections, strings.ToLower(m[1]))
	}
	for _, question := range []string{
		"404 after adding the plugin", "invalid token behind docker because iss differs", "aud missing", "roles missing in the token",
		"works with curl, not in the browser", "websocket", "self-signed ca", "plugin does not load: vendor", "401 after key rotation",
		"health checks and acme paths",
	} {
		if !slices.ContainsFunc(sections, func(s string) bool { return strings.Contains(s, question) }) {
			t.Errorf("no section is about %q", question)
		}
	}
}
