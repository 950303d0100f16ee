package compose

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The README's commands. TestReadme finds each of them there, and no other.
const (
	upFiles  = "docker compose up -d"
	upLabels = "docker compose -f docker-compose.labels.yml up -d"
	try      = "./try.sh"
	logs     = "docker compose logs traefik"
	down     = "docker compose down -v"
	readable = "chmod -R go+rX ."
)

// stage is a checkout, the engine, and a test's time.
type stage struct {
	*testing.T
	checkout, example string
	setup             string // the README's lines that get tokens
}

// newStage makes a checkout for a test, which is skipped where there is no
// engine.
func newStage(t *testing.T) *stage {
	t.Helper()
	if site.why != nil {
		t.Skip(site.why)
	}
	s := &stage{T: t, checkout: filepath.Join(t.TempDir(), "traefik-authproxy")}
	s.example = filepath.Join(s.checkout, "examples", "docker-compose")
	if err := clone(s.checkout); err != nil {
		t.Fatal(err)
	}
	s.setup = tryBlock(t, "first")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the services' logs:\n%s", s.output("docker compose logs --tail=40"))
		}
		s.output("docker compose -f docker-compose.labels.yml down -v -t 2")
	})
	return s
}

// patience bounds one command.
const patience = 5 * time.Minute

// command is a line of the README in the example's folder; where Compose has
// its older name, by that.
func (s *stage) command(line string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	line = strings.ReplaceAll(line, "docker compose", strings.Join(site.engine.compose, " "))
	out, err := site.engine.Command(ctx, s.example, "sh", "-c", line).CombinedOutput()
	return string(out), err
}

// run runs a line that must succeed.
func (s *stage) run(line string) string {
	s.Helper()
	begin := time.Now()
	out, err := s.command(line)
	if err != nil {
		s.Fatalf("%s: %v\n%s", line, err, out)
	}
	lines := strings.Split(strings.TrimSpace(line), "\n")
	s.Logf("%s: %s", lines[len(lines)-1], since(begin))
	return out
}

// output is what a line prints, whatever becomes of it.
func (s *stage) output(line string) string {
	out, _ := s.command(line)
	return out
}

// until waits until ok is true of a line's output.
func (s *stage) until(what, line string, ok func(string) bool) {
	s.Helper()
	begin := time.Now()
	var out string
	for time.Since(begin) < time.Minute {
		if out = s.output(line); ok(out) {
			s.Logf("%s: after %s", what, since(begin))
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.Fatalf("%s: not within a minute; the last output of %s:\n%s", what, line, out)
}

// healthy waits for the verdict of a container's own health check.
func (s *stage) healthy(service string) {
	s.Helper()
	s.until(service+" is healthy", "docker inspect --format '{{.State.Health.Status}}' $(docker compose ps -q "+service+")",
		func(out string) bool { return out == "healthy\n" })
}

// status asks as bob and returns the status alone.
const status = `curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $bob" http://localhost:8000`

var summary = regexp.MustCompile(`(?m)^(\d+) requests, 0 wrong$`)

// tryAll runs try.sh, which must have asked for every line of the README.
func (s *stage) tryAll() {
	s.Helper()
	out := s.run(try)
	want := strings.Count(tryBlock(s.T, "each"), "\ncurl ")
	if m := summary.FindStringSubmatch(out); m == nil || m[1] != fmt.Sprint(want) || strings.Count(out, "ok: ") != want {
		s.Errorf("%s does not say that it ran %d requests:\n%s", try, want, out)
	}
}

// identity is what the service sees in X-User-Id when bob asks, and checks
// that it sees nobody on a public path.
func (s *stage) identity() string {
	s.Helper()
	name := regexp.MustCompile(`(?mi)^X[-_.]User[-_.]Id: (\S+)\r?$`)
	line := func(part string) string {
		for line := range strings.Lines(tryBlock(s.T, "each")) {
			if strings.HasPrefix(line, "curl ") && strings.Contains(line, part) {
				return line
			}
		}
		s.Fatalf("the README has no line with %q", part)
		return ""
	}
	if out := s.run(line("mallory")); name.MatchString(out) {
		s.Errorf("on a public path the service saw an identity:\n%s", out)
	}
	out := s.run(s.setup + line("auditflow -H \"Authorization: Bearer $bob"))
	seen := name.FindAllStringSubmatch(out, -1)
	if len(seen) != 1 {
		s.Fatalf("the service saw %d identities, want one:\n%s", len(seen), out)
	}
	return seen[0][1]
}

// TestExample follows the README from its first command to its last.
func TestExample(t *testing.T) {
	s := newStage(t)
	begin := time.Now()
	s.run(upFiles)
	up := since(begin)
	s.tryAll()
	s.healthy("traefik")
	bob := s.identity()
	s.changePolicy()

	// Keycloak's data outlive the containers: bob keeps his id, which Keycloak
	// gave him when it imported the realm.
	s.run("docker compose down -t 2")
	begin = time.Now()
	s.run(upLabels)
	again := since(begin)
	s.tryAll()
	s.healthy("traefik")
	if got := s.identity(); got != bob {
		s.Errorf("bob's id was %s and is %s", bob, got)
	}
	s.run(upFiles) // one variant follows the other
	s.tryAll()

	s.run(down + " -t 2")
	if left := s.run("docker ps -aq; docker volume ls -q"); left != "" {
		s.Errorf("containers or volumes are left: %s", left)
	}
	fmt.Printf("%s200, 401 and 403 by files and by labels; up in %s, with data in %s\n", told, up, again)
}

// changePolicy replaces the mapping file as an editor does, by another file of
// that name.
func (s *stage) changePolicy() {
	s.Helper()
	file := filepath.Join(s.example, "config", "role_mapping.yaml")
	before, err := os.ReadFile(file)
	if err != nil {
		s.Fatal(err)
	}
	save := func(text string) {
		s.Helper()
		if err := os.WriteFile(file+"~", []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
		if err := os.Rename(file+"~", file); err != nil {
			s.Fatal(err)
		}
	}
	is := func(want string) func(string) bool { return func(got string) bool { return got == want } }
	admin := s.setup + status + "/api/v1/admin"

	save(strings.Replace(string(before), "/api/v1/admin:\n", "/api/v1/admin:\n  - auditflow-role\n", 1))
	s.until("bob may after the change", admin, is("200"))
	save("/api/v1/admin: [")
	s.until("the log says that the file is broken", logs, func(out string) bool { return strings.Contains(out, "the last good one stays") })
	if got := s.run(admin); got != "200" {
		s.Errorf("with a broken file bob gets %s, want the last good policy's 200", got)
	}
	save(string(before))
	s.until("bob may no longer", admin, is("403"))
}

// TestPrivateCheckout: what the README says of a checkout that only its owner
// can read.
func TestPrivateCheckout(t *testing.T) {
	s := newStage(t)
	s.run("chmod -R go-rwx " + s.checkout)
	const traefikAlone = "docker compose up -d --no-deps whoami traefik"
	s.output(traefikAlone)
	s.until("Traefik says why it ends", logs, func(out string) bool { return strings.Contains(out, "permission denied") })
	s.run("cd ../.. && " + readable)
	s.run(traefikAlone)
	s.until("Traefik answers", `curl -s -o /dev/null -w '%{http_code}' http://localhost:8000/v3/api-docs`, func(out string) bool { return out == "200" })
}
