package docs

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/layout"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// TestTraefikSaysWhatThePageQuotes: what docs/troubleshooting.md quotes of
// Traefik's log is what Traefik says when a plugin or a middleware is not to
// be had, and the router then answers 404.
func TestTraefikSaysWhatThePageQuotes(t *testing.T) {
	page := read(t, "docs/troubleshooting.md")
	s := newScene(t)
	for _, row := range []struct {
		phrase string
		spoil  string // what is taken out of the checkout
		static string
		as     string // what the dynamic configuration says instead of a part of it
		of     string
		quoted []string
	}{
		{"the checkout has no vendor", "vendor", "", "", "", []string{
			`unable to find source related to: "go.yaml.in/yaml/v3"`, "Plugins are disabled because an error has occurred",
			`invalid middleware "auth@file" configuration: invalid middleware type or middleware does not exist`,
		}},
		{"the checkout is not where Traefik looks", ".traefik.yml", "", "", "", []string{
			"failed to open the plugin manifest", "Plugins are disabled because an error has occurred",
		}},
		{"the plugin has another name", "", "experimental: {localPlugins: {keycloak: {moduleName: " + layout.Module + "}}}\n", "", "",
			[]string{"unknown plugin type: authproxy"}},
		{"the middleware is looked for elsewhere", "", "", "auth@docker", "- auth\n", []string{`middleware "auth@docker" does not exist`}},
	} {
		t.Run(row.phrase, func(t *testing.T) {
			o := traefik.Options{Static: row.static}
			if row.spoil != "" {
				checkout, err := layout.Place(root(t), t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				if err := os.RemoveAll(filepath.Join(checkout, row.spoil)); err != nil {
					t.Fatal(err)
				}
				o.Checkout = checkout
			}
			dynamic := read(t, "examples/file/dynamic.yml")
			if row.of != "" {
				dynamic = strings.Replace(dynamic, row.of, "- "+row.as+"\n", 1)
			}
			p := s.start(t, o, dynamic)
			if res, _ := ask(t, http.MethodGet, "http://"+p.Addr("web")+"/v3/api-docs", ""); res.StatusCode != http.StatusNotFound {
				t.Errorf("status %d, want 404", res.StatusCode)
			}
			for _, quoted := range row.quoted {
				if !strings.Contains(page, quoted) {
					t.Errorf("the page does not quote %q", quoted)
				}
				// In the log the text stands in a field, with its quotes escaped.
				escaped := strings.ReplaceAll(quoted, `"`, `\"`)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				_, err := p.WaitStdout(ctx, func(line string) bool { return strings.Contains(line, quoted) || strings.Contains(line, escaped) })
				cancel()
				if err != nil {
					t.Errorf("Traefik's log does not say %q: %v", quoted, err)
				}
			}
		})
	}
}
