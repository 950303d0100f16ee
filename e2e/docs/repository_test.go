package docs

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/keycloak"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// TestVersions: the README names what the tests run.
func TestVersions(t *testing.T) {
	readme := read(t, "README.md")
	for _, want := range []string{"Traefik " + traefik.DefaultVersion, "Keycloak " + keycloak.Version} {
		if !strings.Contains(readme, want) {
			t.Errorf("the README does not say %q", want)
		}
	}
	language := regexp.MustCompile(`(?m)^go (1\.\d+)`).FindStringSubmatch(read(t, "go.mod"))
	if !strings.Contains(readme, "Go "+language[1]+" code") {
		t.Errorf("the README does not say that the plugin is Go %s code", language[1])
	}
	needed := regexp.MustCompile(`(?m)^go (1\.\d+)`).FindStringSubmatch(read(t, "e2e/go.mod"))
	if !strings.Contains(readme, "with Go "+needed[1]+", git and make") {
		t.Errorf("the README does not say that Go %s is needed", needed[1])
	}
}

// TestChangelog: the version that the README installs has an entry.
func TestChangelog(t *testing.T) {
	versions := regexp.MustCompile(`(?m)version[=:] ?v(\d+\.\d+\.\d+)`).FindAllStringSubmatch(read(t, "README.md"), -1)
	if len(versions) == 0 {
		t.Fatal("the README installs no version")
	}
	log := read(t, "CHANGELOG.md")
	for _, v := range versions {
		if !strings.Contains(log, "\n## "+v[1]+"\n") {
			t.Errorf("the CHANGELOG has no entry for %s", v[1])
		}
	}
}

// TestWorkflowsArePinned: each action by its commit, and no more rights than
// reading at the top of a workflow.
func TestWorkflowsArePinned(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), ".github", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d workflows, %v", len(files), err)
	}
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v[\d.]+$`)
	for _, file := range files {
		name, err := filepath.Rel(root(t), file)
		if err != nil {
			t.Fatal(err)
		}
		text := read(t, name)
		for line := range strings.Lines(text) {
			if _, action, ok := strings.Cut(line, "uses: "); ok && !pinned.MatchString(strings.TrimSpace(action)) {
				t.Errorf("%s: %s is not pinned by its commit", name, strings.TrimSpace(action))
			}
		}
		if !strings.Contains(text, "\npermissions:\n  contents: read\n") {
			t.Errorf("%s: want permissions to read contents and nothing else at the top", name)
		}
	}
}

// TestArchive: what is exported is what Traefik needs of the plugin, with its
// description.
func TestArchive(t *testing.T) {
	for path, exported := range map[string]bool{
		".traefik.yml": true, ".assets/icon.png": true, "README.md": true, "LICENSE": true, "CHANGELOG.md": true, "SECURITY.md": true,
		"go.mod": true, "go.sum": true, "plugin.go": true, "token.go": true, "vendor": true, "vendor/modules.txt": true,
		"vendor/go.yaml.in/yaml/v3/LICENSE": true,
		"e2e":                               false, "examples": false, "docs": false, "testdata": false, "plugin_test.go": false, ".github": false, "Makefile": false,
		"cmd": false,
	} {
		cmd := exec.Command("git", "check-attr", "export-ignore", "--", path)
		cmd.Dir = root(t)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if got := strings.HasSuffix(strings.TrimSpace(string(out)), "unspecified"); got != exported {
			t.Errorf("%s: exported is %v, want %v", path, got, exported)
		}
	}
}
