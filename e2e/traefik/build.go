package traefik

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/gobuild"
)

// modulePath is Traefik's own module.
const modulePath = "github.com/traefik/traefik/v3"

// versionForm is what is accepted as a version: it becomes a folder's name
// and a line of a go.mod.
var versionForm = regexp.MustCompile(`^v3\.[0-9]+\.[0-9]+(-[a-z0-9.]+)?$`)

// build returns the cached binary of a version and builds it when there is
// none.
func build(ctx context.Context, version string, progress io.Writer) (string, error) {
	if !versionForm.MatchString(version) {
		return "", fmt.Errorf("traefik version %q: want the form v3.6.12", version)
	}
	return gobuild.Recipe{
		Name:    "traefik-" + version,
		Binary:  "traefik",
		Files:   func(ctx context.Context, dir string) (map[string][]byte, error) { return files(ctx, dir, version) },
		Package: modulePath + "/cmd/traefik",
		Flags:   []string{"-ldflags", "-s -w -X " + modulePath + "/pkg/version.Version=" + strings.TrimPrefix(version, "v")},
	}.Build(ctx, progress)
}

// files is a module that only requires Traefik's command, with the replace and
// exclude lines of Traefik's own go.mod: those of a dependency do not count,
// and without them the build does not resolve. Its go line is Traefik's: it
// decides which GODEBUG defaults the binary runs with, and those should be the
// official binary's.
func files(ctx context.Context, dir, version string) (map[string][]byte, error) {
	src, err := gobuild.Download(ctx, dir, modulePath, version)
	if err != nil {
		return nil, err
	}
	own, err := gobuild.ReadMod(ctx, src)
	if err != nil {
		return nil, err
	}
	var mod bytes.Buffer
	fmt.Fprintf(&mod, "module wrapper\n\ngo %s\n\nrequire %s %s\n\n", own.Go, modulePath, version)
	for _, r := range own.Replace {
		fmt.Fprintf(&mod, "replace %s %s => %s %s\n", r.Old.Path, r.Old.Version, r.New.Path, r.New.Version)
	}
	for _, e := range own.Exclude {
		fmt.Fprintf(&mod, "exclude %s %s\n", e.Path, e.Version)
	}
	sum, err := os.ReadFile(filepath.Join(src, "go.sum"))
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"go.mod": mod.Bytes(),
		"go.sum": sum,
		// So that the command's own dependencies are the module's.
		"tools.go": []byte("//go:build tools\n\npackage wrapper\n\nimport _ \"" + modulePath + "/cmd/traefik\"\n"),
	}, nil
}
