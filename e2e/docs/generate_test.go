package docs

import (
	"fmt"
	"go/constant"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authproxy "github.com/labs64/traefik-authproxy"
)

func TestGeneratedRegionsAreCurrent(t *testing.T) {
	text, err := Generate(root(t))
	if err != nil {
		t.Fatal(err)
	}
	files, err := Files(root(t))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, file := range files {
		before := read(t, file)
		after, names := Fill(before, "generated", text)
		if after != before {
			t.Errorf("%s: a generated region is not what the sources say; in e2e, run: go run ./cmd/docs", file)
		}
		for _, name := range names {
			found[name] = true
			if _, ok := text[name]; !ok {
				t.Errorf("%s: nothing generates the region %q", file, name)
			}
		}
		if n := strings.Count(before, "<!-- generated: "); n != len(names) {
			t.Errorf("%s: %d generated regions begin and %d end", file, n, len(names))
		}
	}
	for name := range text {
		if !found[name] {
			t.Errorf("no file has the region %q", name)
		}
	}
}

// TestMeasuredRegions: what a run prints has a place, and one that ends.
func TestMeasuredRegions(t *testing.T) {
	files, err := Files(root(t))
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, file := range files {
		text := read(t, file)
		_, names := Fill(text, "measured", nil)
		total += len(names)
		if n := strings.Count(text, "<!-- measured: "); n != len(names) {
			t.Errorf("%s: %d measured regions begin and %d end", file, n, len(names))
		}
	}
	if total == 0 {
		t.Error("no measured region anywhere")
	}
}

func TestFill(t *testing.T) {
	before := "a\n<!-- generated: one -->\nold\n<!-- end -->\nb\n<!-- measured: one -->\n<!-- end -->\n<!-- generated: two -->\nstays\n<!-- end -->\n"
	after, names := Fill(before, "generated", map[string]string{"one": "new\nlines"})
	want := strings.Replace(before, "old", "new\nlines", 1)
	if after != want || fmt.Sprint(names) != "[one two]" {
		t.Errorf("got %q, regions %v", after, names)
	}
	again, _ := Fill(after, "generated", map[string]string{"one": "new\nlines"})
	if again != after {
		t.Error("filling twice is not filling once")
	}
}

func TestFillFilesWritesWhatChangesAndNamesWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"A.md": "<!-- measured: bench -->\n<!-- end -->\n", "B.md": "nothing\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	changed, err := FillFiles(dir, "measured", map[string]string{"bench": "| 1 |"})
	if err != nil || fmt.Sprint(changed) != "[A.md]" {
		t.Fatalf("changed %v, %v", changed, err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "A.md"))
	if err != nil || string(got) != "<!-- measured: bench -->\n| 1 |\n<!-- end -->\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := FillFiles(dir, "measured", map[string]string{"sok": "x"}); err == nil || !strings.Contains(err.Error(), `"measured: sok"`) {
		t.Errorf("a region that is nowhere: got %v", err)
	}
}

// TestDefaultsAreTheCodes: what a doc comment says of a default is what the
// code does.
func TestDefaultsAreTheCodes(t *testing.T) {
	s := source(t)
	options, err := s.Options("Config")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, o := range options {
		documented[o.Key] = strings.Trim(o.Default, "`")
	}
	created := authproxy.CreateConfig()
	want := map[string]string{
		"requireTyp":           fmt.Sprint(created.RequireTyp),
		"forwardAuthorization": fmt.Sprint(created.ForwardAuthorization),
		"tokenCacheSize":       fmt.Sprint(created.TokenCacheSize),
		"maxTokenBytes":        fmt.Sprint(created.MaxTokenBytes),
		"skipAudienceCheck":    fmt.Sprint(created.SkipAudienceCheck),
		"caseInsensitivePaths": fmt.Sprint(created.CaseInsensitivePaths),
		"allowPreflight":       fmt.Sprint(created.AllowPreflight),
		"insecureSkipVerify":   fmt.Sprint(created.InsecureSkipVerify),
	}
	for key, name := range map[string]string{
		"leeway": "defaultLeeway", "jwksTimeout": "defaultTimeout", "jwksRefresh": "defaultRefresh",
		"jwksMinRefresh": "defaultMinRefresh", "jwksMaxStale": "defaultMaxStale", "userIdHeader": "defaultUserID",
		"unmatched": "unmatchedDeny", "mode": "modeEnforce", "decisionLog": "decisionsOfRefused",
	} {
		value, err := s.Constant(name)
		if err != nil {
			t.Fatal(err)
		}
		if value.Kind() == constant.String {
			want[key] = constant.StringVal(value)
			continue
		}
		n, _ := constant.Int64Val(value)
		given, err := time.ParseDuration(documented[key])
		if err != nil {
			t.Errorf("%s: the documented default %q is no duration", key, documented[key])
		}
		want[key] = documented[key]
		if given != time.Duration(n) {
			want[key] = time.Duration(n).String()
		}
	}
	for key, w := range want {
		if documented[key] != w {
			t.Errorf("%s: the documented default is %q, the code's %q", key, documented[key], w)
		}
	}
	for key := range s.Durations() {
		if _, ok := want[key]; !ok {
			t.Errorf("%s: a duration whose default nothing compares", key)
		}
	}
}

// TestEveryKeyIsInTheReadme, but for those that hardly anybody needs.
func TestEveryKeyIsInTheReadme(t *testing.T) {
	listed := map[string]bool{"maxTokenBytes": true, "caseInsensitivePaths": true, "jwksTimeout": true}
	for _, key := range readmeKeys {
		listed[key] = true
	}
	fields, err := source(t).Fields("Config")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		if !listed[f.Key] {
			t.Errorf("%s is a new key: put it into the README's table or leave it out here", f.Key)
		}
	}
}
