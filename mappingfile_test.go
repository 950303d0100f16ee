package authproxy

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMappingFiles: each broken file is refused with its line and what was expected.
func TestMappingFiles(t *testing.T) {
	rows := []struct{ phrase, text, want string }{
		{"the sample", "/api/v1/admin:\n  - admin-role\n/actuator: []\n", ""},
		{"quotes, comments, flow style", "# c\n\"/a b\": [x, 'y z']\n", ""},
		{"a byte order mark and CRLF", "\ufeff/a: [x]\r\n/b: []\r\n", ""},
		{"JSON", `{"/a": ["x"], "/b": []}`, ""},
		{"rules", "rules:\n  - path: /a\n    roles: [x]\n    clientRoles: {c: [r]}\n  - {path: /b, match: exact, public: true, methods: [GET]}\n", ""},
		{"nothing", "", "m.yaml: the file is empty"},
		{"a comment alone", "# nothing\n", "m.yaml: the file is empty"},
		{"an empty map", "{}", "m.yaml:1: the map is empty"},
		{"a list", "- /a\n", "m.yaml:1: want a map of paths to lists of roles, got a list"},
		{"a string", "hello", `m.yaml:1: want a map of paths to lists of roles, got "hello"`},
		{"a string for roles", "/a: []\n/b: admin\n", `m.yaml:2: the roles of "/b": want a list such as [a, b], got "admin"`},
		{"null for roles", "/a:\n", `m.yaml:1: the path "/a" has no list of roles; for a public path write "/a: []"`},
		{"null among roles", "/a: [x, null]\n", `m.yaml:1: the roles of "/a": want a string, got nothing`},
		{"a map for roles", "/a: {x: y}\n", "want a list such as [a, b], got a map"},
		{"a path twice", "/a: [x]\n/b: []\n/a: []\n", `m.yaml:3: the path "/a" is given twice; first in line 1`},
		{"a path twice but for its slash", "/a: [x]\n/a/: []\n", "given twice with different demands"},
		{"no leading slash", "api: [x]\n", `m.yaml:1: must start with "/"`},
		{"a tab", "/a:\n\t- x\n", "a tab, perhaps"},
		{"a broken list", "/a: [x\n", "line"},
		{"an alias", "/a: &r [x]\n/b: *r\n", "anchors and aliases are not supported"},
		{"a merge", "/a: [x]\n<<: {}\n", `m.yaml:2: the roles of "<<"`},
		{"two documents", "/a: [x]\n---\n/b: []\n", "want one YAML document"},
		{"an unknown key", "rules:\n  - path: /a\n    role: [x]\n", `m.yaml:3: unknown key "role"`},
		{"rules and paths", "rules: [{path: /a, public: true}]\n/b: []\n", `"/b" does not belong beside them`},
		{"a rule without a path", "rules:\n  - roles: [x]\n", "rules[0].path: must start with"},
		{"public as a string", "rules: [{path: /a, public: \"true\"}]\n", "public: want true or false"},
	}
	for _, row := range rows {
		found := &findings{}
		sources := parseMapping("m.yaml", []byte(row.text), found)
		compilePolicy(sources, policyOptions{}, found)
		got := strings.Join(found.problems, "\n")
		if row.want == "" && (got != "" || len(sources) == 0) {
			t.Errorf("%s: got %q and %d rules, want none and some", row.phrase, got, len(sources))
		}
		if row.want != "" && !strings.Contains(got, row.want) {
			t.Errorf("%s: got %q, want %q in it", row.phrase, got, row.want)
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestMappingFileIsLive: a new version is taken within two seconds, a broken one is
// not, and neither is lost in a reload.
func TestMappingFileIsLive(t *testing.T) {
	is := newTestIssuer(t)
	file := filepath.Join(t.TempDir(), "role_mapping.yaml")
	writeFile(t, file, "/x: [auditflow-role]\n")
	c := is.config()
	c.RoleMapping = nil
	c.RoleMappingFile = file
	h, _ := build(t, c)
	token := is.good(nil)
	mappingBecomes(t, h, token, 200)
	mappingBecomes(t, h, token, 200) // by heart

	writeFile(t, file, "/x: [admin-role]\n")
	mappingBecomes(t, h, token, 403)

	writeFile(t, file, "/x: admin\n")
	time.Sleep(1500 * time.Millisecond)
	mappingBecomes(t, h, token, 403)
	c.Leeway = "11s" // another configuration that names the broken file
	again, _ := build(t, c)
	mappingBecomes(t, again, token, 403)

	// As Kubernetes does: the name is a link to another file from one moment to the
	// next.
	other := filepath.Join(filepath.Dir(file), "..data")
	writeFile(t, other, "/x: [auditflow-role]\n")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, file); err != nil {
		t.Fatal(err)
	}
	mappingBecomes(t, h, token, 200)
	mappingBecomes(t, again, token, 200)
}

// mappingBecomes asks for /x until the status comes, for two and a half seconds at
// most.
func mappingBecomes(t *testing.T, h http.Handler, token string, want int) {
	t.Helper()
	got := 0
	for end := time.Now().Add(2500 * time.Millisecond); time.Now().Before(end); {
		got = send(h, "GET", "/x", token).Code
		if got == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("got %d, want %d", got, want)
}

func TestMappingFileProblemsStopNew(t *testing.T) {
	is := newTestIssuer(t)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "bad.yaml"), "/a: []\n/b: admin\n")
	writeFile(t, filepath.Join(dir, "big.yaml"), "/a: []\n#"+strings.Repeat("x", maxMappingBytes))
	for file, want := range map[string]string{
		"missing.yaml": "roleMappingFile: open ",
		"bad.yaml":     "bad.yaml:2: the roles of",
		"big.yaml":     "larger than 1048576 bytes",
	} {
		c := is.config()
		c.RoleMapping = nil
		c.RoleMappingFile = filepath.Join(dir, file)
		_, err := New(context.Background(), nil, c, t.Name())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "roleMappingFile: ") {
			t.Errorf("%s: got %v, want %q in it", file, err, want)
		}
	}
}

// TestSampleMapping: the forwardAuth service's file works unchanged, from a file and
// pasted in.
func TestSampleMapping(t *testing.T) {
	is := newTestIssuer(t)
	file := is.config()
	file.RoleMapping = nil
	file.RoleMappingFile = "testdata/role_mapping.yaml"
	pasted := is.config()
	pasted.RoleMapping = map[string][]string{
		"/api/v1/admin":     {"admin-role"},
		"/api/v1/auditflow": {"admin-role", "auditflow-role"},
		"/v3/api-docs":      {},
		"/actuator":         {},
	}
	for phrase, c := range map[string]*Config{"the file": file, "pasted": pasted} {
		h, _ := build(t, c)
		for target, want := range map[string]int{
			"/api/v1/auditflow/1": 200, "/api/v1/admin": 403, "/api/v1/adminx": 403, "/v3/api-docs": 200, "/actuator/health": 200,
		} {
			if got := send(h, "GET", target, is.good(nil)).Code; got != want {
				t.Errorf("%s: %s: got %d, want %d", phrase, target, got, want)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/actuator/health", nil))
		if w.Code != 200 {
			t.Errorf("%s: a public path without a token: got %d", phrase, w.Code)
		}
	}
}
