package compose

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/labs64/traefik-authproxy/e2e/docs"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// folder is where the example lies, seen from this package.
const folder = "../../examples/docker-compose"

// clone writes what a git clone would hold, of the working tree as it is, with
// git's two modes of files, and owned by a user that no container runs as.
func clone(to string) error {
	from, err := layout.Checkout()
	if err != nil {
		return err
	}
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = from
	names, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for name := range strings.SplitSeq(strings.Trim(string(names), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed, and not committed yet
		}
		if err != nil {
			return err
		}
		info, err := os.Stat(filepath.Join(from, name))
		if err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		if err := os.MkdirAll(filepath.Join(to, filepath.Dir(name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), text, mode); err != nil {
			return err
		}
	}
	if os.Geteuid() != 0 {
		return nil // whoever runs this is such a user
	}
	const user = 4321
	return filepath.WalkDir(to, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, user, user)
	})
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tryBlock is the README's block that try.sh knows by a name: first is what
// gets tokens, each the requests.
func tryBlock(t *testing.T, name string) string {
	t.Helper()
	for _, b := range blocks(t) {
		if b.Mark == "try.sh" && b.Detail == name {
			return b.Text
		}
	}
	t.Fatalf("the README has no block %q for try.sh", name)
	return ""
}

func blocks(t *testing.T) []docs.Block {
	t.Helper()
	list, err := docs.Blocks("README.md", read(t, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestReadme: each command is one that these tests run.
func TestReadme(t *testing.T) {
	run := map[string]string{readable: "TestPrivateCheckout"}
	for _, command := range []string{upFiles, upLabels, try, logs, down} {
		run[command] = "TestExample"
	}
	for _, b := range blocks(t) {
		if b.Mark == "try.sh" {
			continue
		}
		command := strings.TrimSpace(b.Text)
		if by := run[command]; b.Mark != "run by" || b.Detail != by {
			t.Errorf("%s: it is marked %q, and run by %q", b, b.Mark+": "+b.Detail, by)
		}
		delete(run, command)
	}
	for command := range run {
		t.Errorf("the README does not have %q", command)
	}
}

// service is what the tests look at of a service.
type service struct {
	Image       string
	Command     any // a text or a list
	Environment any
	Ports       []string
	Volumes     []string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	MemLimit    string   `yaml:"mem_limit"`
	Extends     struct{ File, Service string }
}

// TestFiles looks at what can be seen without an engine.
func TestFiles(t *testing.T) {
	for _, name := range []string{"docker-compose.yml", "docker-compose.labels.yml"} {
		var top map[string]any
		var file struct{ Services map[string]service }
		for _, into := range []any{&top, &file} {
			if err := yaml.Unmarshal([]byte(read(t, name)), into); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		// docker-compose 1.29 refuses most other keys, and newer ones warn of
		// version.
		if keys := slices.Sorted(maps.Keys(top)); !slices.Equal(keys, []string{"services", "volumes"}) {
			t.Errorf("%s: the keys are %q", name, keys)
		}
		images := map[string]string{"traefik": TraefikImage, "keycloak": KeycloakImage, "whoami": WhoamiImage}
		for at, s := range file.Services {
			want := images[at]
			delete(images, at)
			if s.Extends.File == "docker-compose.yml" && s.Extends.Service == at {
				continue // looked at there
			}
			if s.Image != want {
				t.Errorf("%s: %s has the image %q, want %q", name, at, s.Image, want)
			}
			for _, port := range s.Ports {
				if !strings.HasPrefix(port, "127.0.0.1:") {
					t.Errorf("%s: %s opens %s to everybody", name, at, port)
				}
			}
			for _, volume := range s.Volumes {
				source, _, _ := strings.Cut(volume, ":")
				if !strings.HasPrefix(source, ".") {
					continue
				}
				if info, err := os.Stat(filepath.Join(folder, source)); err != nil || !info.IsDir() || !strings.HasSuffix(volume, ":ro") {
					t.Errorf("%s: %s mounts %s, want a folder, and read-only", name, at, volume)
				}
			}
			if at == "keycloak" && s.MemLimit == "" {
				t.Errorf("%s: keycloak has no limit of memory", name)
			}
			if at != "traefik" {
				continue
			}
			if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
				t.Errorf("%s: traefik has more rights than it needs", name)
			}
			// Of several forms of static configuration Traefik silently takes one.
			flags := strings.Fields(strings.Trim(fmt.Sprint(s.Command), "[]"))
			byFile := strings.Contains(fmt.Sprint(flags), "--configFile=")
			if s.Environment != nil || byFile && len(flags) != 1 || !byFile && strings.Contains(fmt.Sprint(s.Volumes), ":/etc/traefik") {
				t.Errorf("%s: traefik is configured in two ways", name)
			}
		}
		for at := range images {
			t.Errorf("%s: there is no service %s", name, at)
		}
		checkByCompose(t, name)
	}
	policy, err := os.ReadFile(filepath.Join(folder, "..", "file", "role_mapping.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if read(t, "config/role_mapping.yaml") != string(policy) {
		t.Error("the policy is not that of examples/file")
	}
	if info, err := os.Stat(filepath.Join(folder, "try.sh")); err != nil || info.Mode()&0o111 != 0o111 {
		t.Errorf("try.sh cannot be started: %v", err)
	}
}

// checkByCompose lets Compose read a file, where there is one.
func checkByCompose(t *testing.T, name string) {
	t.Helper()
	command, err := composeCommand(t.Context())
	if err != nil {
		t.Logf("not read by Compose: %v", err)
		return
	}
	cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], "-f", name, "config")...)
	cmd.Dir = folder
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if _, err := cmd.Output(); err != nil || stderr.Len() > 0 {
		t.Errorf("%s: %v: %s", name, err, stderr.String())
	}
}
