// Package layout finds the plugin's checkout and lays it out as a user of
// Traefik's local mode has it: GOPATH/src/github.com/labs64/traefik-authproxy,
// holding what the repository holds but for the development module.
package layout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Module is the plugin's module path, which is also its import path.
const Module = "github.com/labs64/traefik-authproxy"

// Checkout returns the root of the plugin's checkout: the folder that the
// development module replaces Module with. It works from any folder of the
// development module, which is where go test and go run start.
func Checkout() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", Module).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return "", fmt.Errorf("find the plugin's checkout: %w: %s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		return "", fmt.Errorf("find the plugin's checkout: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// outside names what lies in a checkout and is not the plugin: the
// development module, and folders that only tools read.
var outside = map[string]bool{"e2e": true, ".git": true, ".github": true, ".ci": true}

// Place copies the checkout to its place under gopath/src and returns that
// folder. It copies rather than links, so that an edit of the checkout never
// reaches a Traefik that is starting, and so that tools which do not follow
// links (go list, the interpreter's test command) see files.
func Place(checkout, gopath string) (string, error) {
	dst := filepath.Join(gopath, "src", filepath.FromSlash(Module))
	err := filepath.WalkDir(checkout, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(checkout, path)
		if err != nil {
			return err
		}
		if outside[rel] {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		to := filepath.Join(dst, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case d.Type().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(to, content, 0o644)
		default:
			return fmt.Errorf("%s is neither a file nor a folder", rel)
		}
	})
	if err != nil {
		return "", fmt.Errorf("lay out the plugin: %w", err)
	}
	return dst, nil
}
