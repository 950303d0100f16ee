package traefik

import (
	"context"
	"fmt"
	"io"
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

// files is a module that only requires Traefik's command.
func files(ctx context.Context, dir, version string) (map[string][]byte, error) {
	all, err := gobuild.Around(ctx, dir, modulePath, version, directives)
	if err != nil {
		return nil, err
	}
	// So that the command's own dependencies are the module's.
	all["tools.go"] = []byte("//go:build tools\n\npackage wrapper\n\nimport _ \"" + modulePath + "/cmd/traefik\"\n")
	return all, nil
}

// directives are the replace and exclude lines of Traefik's own go.mod, without
// which the build does not resolve.
func directives(own gobuild.Mod) (string, error) {
	var lines strings.Builder
	for _, r := range own.Replace {
		fmt.Fprintf(&lines, "replace %s %s => %s %s\n", r.Old.Path, r.Old.Version, r.New.Path, r.New.Version)
	}
	for _, e := range own.Exclude {
		fmt.Fprintf(&lines, "exclude %s %s\n", e.Path, e.Version)
	}
	return lines.String(), nil
}
