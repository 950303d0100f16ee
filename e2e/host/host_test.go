package host_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// plugins are the plugin of this checkout, compiled and interpreted.
func plugins(t *testing.T) map[string]*host.Plugin {
	t.Helper()
	checkout, err := layout.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	interpreted, err := host.Interpreted(checkout, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*host.Plugin{"compiled": host.Compiled(), "interpreted": interpreted}
}

// standIn is a checkout whose plugin is the given text.
func standIn(t *testing.T, source string) *host.Plugin {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plugin.go"), []byte("package authproxy\n"+source), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := host.Interpreted(dir, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const standInHead = `
import (
	"context"
	"net/http"
)

type Config struct{ Name string }

func CreateConfig() *Config { return &Config{Name: "nobody"} }

type handler struct{ name string }
`

func TestConfigIsWhatTraefikHandsOver(t *testing.T) {
	got, err := host.Config(`
plugin:
  authproxy:
    issuer: https://sso.example.org/realms/shop
    maxTokenBytes: 1000
    requireTyp: false
    audience: [a, b]
    roleMapping:
      /api/v1: [x]
      /open: []
      /null:
    rules:
      - {path: /a, roles: [x]}
`)
	if err != nil {
		t.Fatal(err)
	}
	mapping, ok := got["roleMapping"].(map[string]any)
	if !ok {
		t.Fatalf("roleMapping is a %T", got["roleMapping"])
	}
	if _, ok := mapping["/null"]; ok {
		t.Error("Traefik drops a null value, and it is there")
	}
	if _, ok := mapping["/open"]; !ok {
		t.Error("an empty list is gone")
	}
	if _, ok := got["rules"].([]any); !ok {
		t.Errorf("rules is a %T, want a list", got["rules"])
	}
}

func TestBothDecodeAlike(t *testing.T) {
	config, err := host.Config("plugin: {authproxy: {issuer: 'http://127.0.0.1:1/realms/demo', audience: 'a,b', roleMapping: {/open: []}, decisionLog: 'off', logLevel: error}}")
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range plugins(t) {
		next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
		h, err := p.New(t.Context(), next, config, "test")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for path, want := range map[string]int{"/open": http.StatusTeapot, "/closed": http.StatusUnauthorized} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			if w.Code != want {
				t.Errorf("%s: %s gives %d, want %d", name, path, w.Code, want)
			}
		}
		if _, err := p.New(t.Context(), next, map[string]any{"roleMapping": []any{1, 2}}, "test"); err == nil || !strings.Contains(err.Error(), "decode") {
			t.Errorf("%s: a mapping that is a list gives %v", name, err)
		}
	}
}

func TestPanicsAreTold(t *testing.T) {
	p := standIn(t, standInHead+`
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { var m map[string]int; m["x"] = 1 }

func New(ctx context.Context, next http.Handler, c *Config, name string) (http.Handler, error) {
	if c.Name == "panic" {
		panic("in New")
	}
	return &handler{name: c.Name}, nil
}
`)
	var panicked *host.PanicError
	if _, err := p.New(t.Context(), http.NotFoundHandler(), map[string]any{"name": "panic"}, "test"); !errors.As(err, &panicked) {
		t.Errorf("New's panic comes back as %v", err)
	}
	h, err := p.New(t.Context(), http.NotFoundHandler(), nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	var told []*host.PanicError
	w := httptest.NewRecorder()
	host.Guard(h, func(err *host.PanicError) { told = append(told, err) }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusInternalServerError || len(told) != 1 || !strings.Contains(told[0].Error(), "nil map") {
		t.Errorf("status %d, told %v", w.Code, told)
	}
}

func TestOnlyTheStandardLibrary(t *testing.T) {
	dir := t.TempDir()
	source := "package authproxy\n\nimport \"unsafe\"\n\nvar Size = unsafe.Sizeof(0)\n"
	if err := os.WriteFile(filepath.Join(dir, "plugin.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := host.Interpreted(dir, io.Discard, io.Discard); err == nil {
		t.Error("a plugin that imports unsafe loads, and in Traefik it does not")
	}
}

func TestErrorsOfNewArrive(t *testing.T) {
	p := standIn(t, `
import (
	"context"
	"errors"
	"net/http"
)

type Config struct{ Name string }

func CreateConfig() *Config { return &Config{} }

func New(ctx context.Context, next http.Handler, c *Config, name string) (http.Handler, error) {
	return nil, errors.New("issuer: is missing")
}
`)
	h, err := p.New(t.Context(), http.NotFoundHandler(), nil, "test")
	if err == nil || err.Error() != "issuer: is missing" || h != nil {
		t.Errorf("got %v, %v", h, err)
	}
}
