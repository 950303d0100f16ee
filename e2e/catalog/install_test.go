package catalog_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/catalog"
	"github.com/labs64/traefik-authproxy/e2e/docs"
	"github.com/labs64/traefik-authproxy/e2e/layout"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
	"github.com/labs64/traefik-authproxy/e2e/traefik/traefiktest"
	"github.com/labs64/traefik-authproxy/e2e/verdict"
)

// readme is what the README says of an install from the catalog.
type readme struct {
	file, flags, variables string
	version                string
}

// readReadme takes the file from the README's own block. Flags and variables
// are those of local mode, changed as the README says: plugins for
// localPlugins, and a version.
func readReadme(t *testing.T) readme {
	t.Helper()
	blocks, err := docs.AllBlocks(checkout(t))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, b := range blocks {
		if mark := b.Mark + ": " + b.Detail; b.File == "README.md" && texts[mark] == "" {
			texts[mark] = b.Text
		}
	}
	r := readme{file: texts["run by: TestRemoteInstall"], flags: texts["static: flags"], variables: texts["static: variables"]}
	version := regexp.MustCompile(`(?m)^ +moduleName: ` + regexp.QuoteMeta(layout.Module) + `\n +version: (\S+)$`).FindStringSubmatch(r.file)
	if version == nil || r.flags == "" || r.variables == "" {
		t.Fatalf("the README does not install the plugin from the catalog:\n%s", r.file)
	}
	r.version = version[1]
	change := strings.NewReplacer(
		"localPlugins", "plugins", "LOCALPLUGINS", "PLUGINS",
		"moduleName="+layout.Module, "moduleName="+layout.Module+" --experimental.plugins.authproxy.version="+r.version,
		"MODULENAME="+layout.Module, "MODULENAME="+layout.Module+"\nexport TRAEFIK_EXPERIMENTAL_PLUGINS_AUTHPROXY_VERSION="+r.version,
	)
	r.flags, r.variables = change.Replace(r.flags), change.Replace(r.variables)
	return r
}

// pinned is the static configuration that a release's notes give.
func pinned(t *testing.T, a catalog.Archive, version string) string {
	t.Helper()
	blocks, err := docs.Blocks("notes.md", catalog.Install(a, version, ""))
	if err != nil || len(blocks) != 1 {
		t.Fatalf("the notes have %d blocks, %v", len(blocks), err)
	}
	return blocks[0].Text
}

// TestRemoteInstall starts Traefik from the README's text and from that of a
// release's notes, with the archive served as the catalog serves it: Traefik's
// own code fetches, checks and unpacks it. What it installed passes the
// verdict table.
func TestRemoteInstall(t *testing.T) {
	stdout := os.Stdout // the table's site captures it
	readme := readReadme(t)
	archive := pack(t)
	registry, err := catalog.StartRegistry(layout.Module, readme.version, archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := registry.Close(); err != nil {
			t.Error(err)
		}
	}()
	unpacked := t.TempDir()
	if err := archive.Unpack(unpacked); err != nil {
		t.Fatal(err)
	}
	hash := archive.Hash()
	pinned := pinned(t, archive, readme.version)
	asked := func(t *testing.T, want ...string) {
		t.Helper()
		if got := registry.Asked(); !slices.Equal(got, want) {
			t.Errorf("Traefik asked %q, want %q", got, want)
		}
	}

	// rows runs themes of the verdict table in a Traefik that installs the
	// plugin by itself. What the site has in the interpreter is the archive's
	// too, and not the checkout's.
	rows := func(t *testing.T, static string, themes []verdict.Theme, mistakes bool) {
		t.Helper()
		start := time.Now()
		site, err := verdict.Open(t.Context(), unpacked, traefik.Options{Static: static, Env: registry.Env()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := site.Close(); err != nil {
				t.Error(err)
			}
		}()
		for _, refused := range site.Refused {
			t.Error(refused)
		}
		fault := func(part, phrase string, details []string) {
			t.Errorf("%s: %s\n    %s", part, phrase, strings.Join(details, "\n    "))
		}
		tally := verdict.Tally{Version: site.TraefikVersion}
		for _, theme := range themes {
			tally.Parts = append(tally.Parts, site.RunTheme(theme, fault))
		}
		if mistakes {
			tally.Parts = append(tally.Parts, site.RunMistakes(t.Context(), fault))
		}
		for _, part := range tally.Parts {
			if part.Rows == 0 || part.Ran[verdict.Traefik] != part.Rows {
				t.Errorf("%s: %d of %d rows ran in Traefik", part.Name, part.Ran[verdict.Traefik], part.Rows)
			}
		}
		fmt.Fprintf(stdout, "remote install: %s, %s: %s\n", t.Name(), tally, time.Since(start).Round(time.Second))
	}

	t.Run("by version", func(t *testing.T) {
		rows(t, readme.file, verdict.Table(), true)
		asked(t, "download: 200", "validate "+hash+": 200")
	})
	t.Run("by version and hash", func(t *testing.T) {
		sample := slices.DeleteFunc(verdict.Table(), func(theme verdict.Theme) bool {
			return theme.Name != "claims" && theme.Name != "policy"
		})
		if len(sample) != 2 {
			t.Fatalf("the sample has %d themes, want two", len(sample))
		}
		rows(t, pinned, sample, false)
		asked(t, "download: 200")
	})

	t.Run("by flags", func(t *testing.T) {
		words := strings.Fields(strings.ReplaceAll(readme.flags, "\\\n", " "))
		guards(t, traefik.Options{Args: words[1:], Env: registry.Env()})
		asked(t, "download: 200", "validate "+hash+": 200")
	})
	t.Run("by variables", func(t *testing.T) {
		env := registry.Env()
		for line := range strings.Lines(readme.variables) {
			if variable, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
				env = append(env, variable)
			}
		}
		guards(t, traefik.Options{Env: env})
		asked(t, "download: 200", "validate "+hash+": 200")
	})

	t.Run("another hash", func(t *testing.T) {
		wrong := strings.ReplaceAll(pinned, hash, strings.Repeat("0", len(hash)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p, err := traefik.Start(ctx, traefik.Options{Static: wrong, Env: registry.Env()})
		if err == nil {
			_ = p.Stop()
		}
		if err == nil || !strings.Contains(err.Error(), "invalid hash for plugin") || !strings.Contains(err.Error(), "got "+hash) {
			t.Errorf("got %v, want Traefik to end with the hash it got", err)
		}
		// As the README says, a Traefik that need not have its plugins starts.
		lenient := strings.Replace(wrong, "abortOnPluginFailure: true", "abortOnPluginFailure: false", 1)
		p = start(t, traefik.Options{Static: lenient, Env: registry.Env()})
		for _, path := range []string{"/public", "/api"} {
			if got := status(t, p, path); got != http.StatusNotFound {
				t.Errorf("%s: status %d without the plugin, want 404", path, got)
			}
		}
		asked(t, "download: 200", "download: 200")
	})
}

// policy is a dynamic configuration that needs neither issuer nor service.
const policy = `
http:
  routers:
    api: {rule: 'PathPrefix(` + "`/`" + `)', middlewares: [auth], service: noop@internal}
  middlewares:
    auth:
      plugin:
        authproxy:
          issuer: http://127.0.0.1:1/realms/demo
          audience: api
          roleMapping: {/public: [], /api: [reader]}
`

// start starts Traefik with the policy, for the length of the test. There is
// no plugin in plugins-local.
func start(t *testing.T, o traefik.Options) *traefik.Process {
	t.Helper()
	o.Checkout, o.Dynamic = t.TempDir(), policy
	return traefiktest.Start(t, o)
}

// guards starts Traefik and sees that the plugin is in it.
func guards(t *testing.T, o traefik.Options) {
	t.Helper()
	p := start(t, o)
	for path, want := range map[string]int{"/public": http.StatusTeapot, "/api": http.StatusUnauthorized} {
		if got := status(t, p, path); got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
	}
}

func status(t *testing.T, p *traefik.Process, path string) int {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // without a proxy
	res, err := client.Get("http://" + p.Addr("web") + path)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
