package layout_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

func TestPlaceIsWhatAUserHas(t *testing.T) {
	checkout, err := layout.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil || !strings.HasPrefix(string(mod), "module "+layout.Module+"\n") {
		t.Fatalf("%s is not the plugin's checkout: %v", checkout, err)
	}
	gopath := t.TempDir()
	dir, err := layout.Place(checkout, gopath)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(gopath, "src", filepath.FromSlash(layout.Module)); dir != want {
		t.Errorf("laid out in %s, want %s", dir, want)
	}
	for name, want := range map[string]bool{
		".traefik.yml": true, "plugin.go": true, "go.mod": true, "vendor/modules.txt": true, "e2e": false, ".git": false,
	} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", name, err, want)
		}
	}
}
