package kubernetes

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/gobuild"
)

// Version is the Kubernetes whose API server is run.
const Version = "v1.34.4"

const (
	// module is Kubernetes' own.
	module = "k8s.io/kubernetes"
	// staging is the version of the modules that Kubernetes keeps in its own
	// repository, under staging/, and publishes beside itself.
	staging = "v0.34.4"
)

// mainFile is the command that is built: the API server, kubectl and etcd in
// one, since they share most of what they are made of. The file's name keeps the go
// command from taking it for one of this module.
//
//go:embed testdata/main.go.txt
var mainFile []byte

// Build returns a binary that is the API server, kubectl and etcd in one, and
// builds it from the Go module proxy when there is none in the cache folder. That takes
// about five minutes on two cores, so it is done before any test; progress
// lines go to progress, which may be nil.
func Build(ctx context.Context, progress io.Writer) (string, error) {
	if progress == nil {
		progress = io.Discard
	}
	sum := sha256.Sum256(mainFile)
	return gobuild.Recipe{
		Name:    "kubernetes-" + Version + "-" + hex.EncodeToString(sum[:4]),
		Binary:  "kubernetes",
		Files:   files,
		Package: ".",
		Flags:   []string{"-ldflags", "-s -w -X k8s.io/component-base/version.gitVersion=" + Version},
	}.Build(ctx, progress)
}

// files is the module around Kubernetes. Its own go.mod points to folders of
// its repository, which the published module does not have; the same modules
// are published on their own.
func files(ctx context.Context, dir string) (map[string][]byte, error) {
	all, err := gobuild.Around(ctx, dir, module, Version, directives)
	if err != nil {
		return nil, err
	}
	all["main.go"] = mainFile
	return all, nil
}

// directives points to the published modules.
func directives(own gobuild.Mod) (string, error) {
	var lines strings.Builder
	for _, r := range own.Replace {
		if !strings.HasPrefix(r.New.Path, "./staging/") {
			return "", fmt.Errorf("%s replaces %s by %s, and not by a folder of staging", module, r.Old.Path, r.New.Path)
		}
		fmt.Fprintf(&lines, "replace %s => %s %s\n", r.Old.Path, r.Old.Path, staging)
	}
	return lines.String(), nil
}
