package catalog_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/semver"
	modzip "golang.org/x/mod/zip"

	"github.com/labs64/traefik-authproxy/e2e/catalog"
	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

func checkout(t *testing.T) string {
	t.Helper()
	dir, err := layout.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func pack(t *testing.T) catalog.Archive {
	t.Helper()
	a, err := catalog.Pack(t.Context(), checkout(t))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAnalyzer: the catalog would take the archive as it is.
func TestAnalyzer(t *testing.T) {
	a := pack(t)
	fmt.Println("plugin archive:", a)
	if err := catalog.Check(t.Context(), a, "v0.1.0"); err != nil {
		t.Error(err)
	}
}

// changed is an archive in which files have another text; those with none are
// taken out.
func changed(t *testing.T, a catalog.Archive, changes map[string]func(string) string) catalog.Archive {
	t.Helper()
	files, err := a.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range changes {
		files[name] = []byte(change(string(files[name])))
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		if len(content) == 0 {
			continue
		}
		f, err := w.Create("top/" + name)
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return catalog.Archive{Of: "a test", Content: b.Bytes()}
}

// TestAnalyzerRefuses what must not be released, and says why.
func TestAnalyzerRefuses(t *testing.T) {
	const manifest, version = ".traefik.yml", "v0.1.0"
	text := func(s string) func(string) string { return func(string) string { return s } }
	add := func(s string) func(string) string { return func(old string) string { return old + s } }
	swap := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	a := pack(t)
	for _, row := range []struct {
		phrase, file string
		change       func(string) string
		says         string
	}{
		{"no manifest", manifest, text(""), ".traefik.yml is missing"},
		{"a manifest with a key that nobody knows", manifest, add("sumary: x\n"), "sumary"},
		{"no name to show", manifest, swap("displayName: ", "displayName: '' # "), "displayName is missing"},
		{"no summary", manifest, swap("summary: ", "summary: ' ' # "), "summary is missing"},
		{"a provider", manifest, swap("type: middleware", "type: provider"), "want middleware"},
		{"an import of another module", manifest, swap("import: github.com/labs64/", "import: github.com/labs46/"), "import is"},
		{"another package's name", manifest, swap("basePkg: authproxy", "basePkg: proxy"), `the package is "authproxy"`},
		{"no testData", manifest, func(s string) string { s, _, _ = strings.Cut(s, "testData:"); return s }, "testData is missing"},
		{"testData with a file", manifest, add("  preloadFile: /etc/hostname\n"), "no such file"},
		{"testData that New refuses", manifest, swap("issuer: https://", "issuer: ftp://"), "issuer: want an address"},
		{"no icon", ".assets/icon.png", text(""), "no file below .assets/"},
		{"an icon that is none", ".assets/icon.png", text("x"), "no square PNG"},
		{"no README", "README.md", text(""), "README.md is missing"},
		{"no licence", "LICENSE", text(""), "LICENSE is missing"},
		{"a library without its licence", "vendor/go.yaml.in/yaml/v3/LICENSE", text(""), "without its licence"},
		{"the development module", "e2e/go.mod", text("module x\n"), "e2e/go.mod does not belong there"},
		{"a test", "plugin_test.go", text("package authproxy\n"), "plugin_test.go does not belong there"},
		{"an example", "examples/file/traefik.yml", text("x"), "does not belong there"},
		{"a large file", "NOTES.md", text(noise(700_000)), "want no more than"},
		{"a requirement of Traefik", "go.mod", add("require github.com/traefik/traefik/v3 v3.6.12\n"), "must not require"},
		{"a requirement of the interpreter", "go.mod", add("require github.com/traefik/yaegi v0.16.1\n"), "must not require"},
		{"a replaced module", "go.mod", add("replace github.com/golang-jwt/jwt/v5 => ../jwt\n"), "replace"},
		{"another module", "go.mod", swap("labs64", "labs46"), "the module is not"},
		{"a requirement that is not vendored", "go.mod", add("require example.com/x v1.0.0\n"), "inconsistent vendoring"},
		{"an import that is not vendored", "extra.go", text("package authproxy\n\nimport _ \"example.com/x\"\n"), "example.com/x"},
		{"a vendored package that is not there", "vendor/go.yaml.in/yaml/v3/yaml.go", text(""), "yaml"},
		{"an import of unsafe", "extra.go", text("package authproxy\n\nimport _ \"unsafe\"\n"), `"unsafe", which the interpreter does not have`},
		{"an import that the interpreter lacks", "extra.go", text("package authproxy\n\nimport _ \"unique\"\n"), `"unique", which the interpreter does not have`},
		{"a plugin that does not compile", "extra.go", text("package authproxy\n\nvar _ int = CreateConfig\n"), "load the plugin"},
		{"no New", "plugin.go", swap("func New(", "func new2("), "find New"},
	} {
		t.Run(row.phrase, func(t *testing.T) {
			err := catalog.Check(t.Context(), changed(t, a, map[string]func(string) string{row.file: row.change}), version)
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want it to say %q", err, row.says)
			}
		})
	}
	for _, version := range []string{"", "0.1.0", "v0.1", "v0.1.0-rc.1", "v01.0.0", "v0.1.0+x", "e2e/v0.1.0"} {
		if err := catalog.Check(t.Context(), catalog.Archive{}, version); err == nil || !strings.Contains(err.Error(), "of the form") {
			t.Errorf("version %q: %v", version, err)
		}
	}
}

// noise is text that does not get smaller in a zip.
func noise(n int) string {
	b := make([]byte, n)
	state := uint32(1)
	for i := range b {
		state = state*1664525 + 1013904223
		b[i] = byte(state >> 24)
	}
	return string(b)
}

// TestSame finds an archive whose files are others.
func TestSame(t *testing.T) {
	a := pack(t)
	if err := changed(t, a, nil).Same(a); err != nil {
		t.Errorf("packed anew: %v", err)
	}
	for name, content := range map[string]string{"plugin.go": "package other", "go.sum": "", "more.go": "package authproxy"} {
		other := changed(t, a, map[string]func(string) string{name: func(string) string { return content }})
		if err := other.Same(a); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSnippet: what the catalog shows users is accepted, and means what the
// manifest says: there, an empty list has become an empty text.
func TestSnippet(t *testing.T) {
	files, err := pack(t).Files()
	if err != nil {
		t.Fatal(err)
	}
	m, err := catalog.ReadManifest(files[".traefik.yml"])
	if err != nil {
		t.Fatal(err)
	}
	snippet, err := m.Snippet()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(snippet, `/actuator: ""`) {
		t.Errorf("the snippet has no empty text:\n%s", snippet)
	}
	config, err := host.Config(snippet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	service := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h, err := host.Compiled().New(ctx, service, config, "snippet@file")
	if err != nil {
		t.Fatalf("%v\n%s", err, snippet)
	}
	for path, want := range map[string]int{
		"/actuator": http.StatusTeapot, "/v3/api-docs/x": http.StatusTeapot,
		"/api/v1/admin": http.StatusUnauthorized, "/": http.StatusUnauthorized,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", path, w.Code, want)
		}
	}
}

// TestGoProxyTakesIt: the catalog asks the Go module proxy for a release's
// go.mod, and that takes a module only if it can pack all of it.
func TestGoProxyTakesIt(t *testing.T) {
	checked, err := modzip.CheckDir(checkout(t))
	if err == nil {
		err = checked.Err()
	}
	if err != nil || len(checked.Valid) == 0 {
		t.Errorf("%d files, %v", len(checked.Valid), err)
	}
}

// TestCommand: what the release workflow runs on the archive that it fetched
// gives the hash that Traefik computes, and refuses an archive of other files.
func TestCommand(t *testing.T) {
	a := pack(t)
	run := func(a catalog.Archive) (string, string, error) {
		file := filepath.Join(t.TempDir(), "served.zip")
		if err := os.WriteFile(file, a.Content, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "go", "run", "../cmd/archive", "-version", "v1.2.3", file)
		// Whatever New may ask for through a proxy finds none.
		cmd.Env = append(os.Environ(), "HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1")
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		return stdout.String(), stderr.String(), err
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(a.Content))
	if notes, said, err := run(a); err != nil || notes != catalog.Install(a, "v1.2.3", "") || !strings.Contains(notes, "hash: "+sum) {
		t.Errorf("%v\n%s\n%s", err, notes, said)
	}
	other := changed(t, a, map[string]func(string) string{"plugin.go": func(s string) string { return s + "\n// more\n" }})
	if _, said, err := run(other); err == nil || !strings.Contains(said, "not the same in both archives: plugin.go") {
		t.Errorf("an archive of other files: %v\n%s", err, said)
	}
}

// TestVersions: the manifest says from which Traefik on the plugin works, and
// the README which ones were run. Both are those of make test-matrix.
func TestVersions(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(checkout(t), name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	list := regexp.MustCompile(`(?m)^TRAEFIK_VERSIONS \?= (.+)$`).FindStringSubmatch(read("Makefile"))
	if list == nil {
		t.Fatal("the Makefile has no TRAEFIK_VERSIONS")
	}
	versions := strings.Fields(list[1])
	if want := strings.Join(versions, ", "); !strings.Contains(read("README.md"), want) {
		t.Errorf("the README does not name the versions %s", want)
	}
	m, err := catalog.ReadManifest([]byte(read(".traefik.yml")))
	if err != nil {
		t.Fatal(err)
	}
	if oldest := slices.MinFunc(versions, semver.Compare); m.Compatibility != ">="+oldest[1:] {
		t.Errorf("compatibility is %q, and the oldest Traefik that was run is %s", m.Compatibility, oldest)
	}
}

// TestNotes: what a release's notes say.
func TestNotes(t *testing.T) {
	a := catalog.Archive{Content: []byte("x")}
	const hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" // echo -n x | sha256sum
	own := catalog.Install(a, "v1.2.3", "")
	if own != catalog.Install(a, "v1.2.3", "labs64/traefik-authproxy") || !strings.Contains(own, "      version: v1.2.3\n      hash: "+hash+"\n") {
		t.Errorf("the notes of a release:\n%s", own)
	}
	for _, other := range []string{"someone/traefik-authproxy", "Labs64/traefik-authproxy"} {
		if notes := catalog.Install(a, "v1.2.3", other); strings.Contains(notes, hash) || !strings.Contains(notes, other) {
			t.Errorf("the notes of a release of %s:\n%s", other, notes)
		}
	}
}
