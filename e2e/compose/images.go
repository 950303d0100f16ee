package compose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/labs64/traefik-authproxy/e2e/keycloak"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// The images that the example names.
const (
	TraefikImage  = "traefik:" + traefik.DefaultVersion
	KeycloakImage = "keycloak/keycloak:" + keycloak.Version
	WhoamiImage   = "traefik/whoami:v1.11.0"
)

// image is a stand-in for an official image.
type image struct {
	name    string
	changes []string // instructions of a Dockerfile
	fill    func(context.Context, *rootfs)
}

var images = []image{
	{
		name: TraefikImage,
		changes: []string{
			`ENTRYPOINT ["/entrypoint.sh"]`, `CMD ["traefik"]`, "EXPOSE 80",
			"ENV PATH=/usr/local/bin:/usr/bin:/bin",
		},
		fill: traefikFiles,
	},
	{
		name: KeycloakImage,
		changes: []string{
			`ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]`, "USER 1000", "EXPOSE 8080 8443 9000",
			"ENV KC_RUN_IN_CONTAINER=true JAVA_HOME=/opt/java PATH=/usr/bin:/bin LANG=C.UTF-8",
			// The C1 compiler alone makes a short life shorter.
			"ENV JAVA_OPTS_APPEND=-XX:TieredStopAtLevel=1",
		},
		fill: keycloakFiles,
	},
	{
		name:    WhoamiImage,
		changes: []string{`ENTRYPOINT ["/whoami"]`, "EXPOSE 80"},
		fill:    whoamiFiles,
	},
}

// Import gives the engine an image under each name that the example asks for.
func (e *Engine) Import(ctx context.Context) error {
	for _, i := range images {
		if err := e.importImage(ctx, i); err != nil {
			return fmt.Errorf("make the image %s: %w", i.name, err)
		}
	}
	return nil
}

func (e *Engine) importImage(ctx context.Context, i image) error {
	args := []string{"docker", "import"}
	for _, change := range i.changes {
		args = append(args, "--change", change)
	}
	cmd := e.Command(ctx, "/", append(args, "-", i.name)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	in, w := io.Pipe()
	cmd.Stdin = in
	go func() {
		r := newRootfs(w)
		i.fill(ctx, r)
		w.CloseWithError(r.close())
	}()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out.Bytes()))
	}
	return nil
}

// entrypoint puts the program's name before flags, as the official image's
// script does.
const entrypoint = `#!/bin/sh
case $1 in
-*) set -- traefik "$@" ;;
esac
exec "$@"
`

// traefikFiles: the official image is a small Linux with a shell.
func traefikFiles(ctx context.Context, r *rootfs) {
	bin, err := traefik.Find(ctx, "", os.Stderr)
	if err != nil {
		r.err = err
		return
	}
	r.base("sh")
	r.file("/usr/local/bin/traefik", bin, 0)
	r.libraries("", bin)
	r.text("/entrypoint.sh", 0o755, entrypoint)
}

// keycloakFiles: the official image has bash, what kc.sh calls, and neither
// curl nor wget. All of Keycloak belongs to user 1000.
func keycloakFiles(ctx context.Context, r *rootfs) {
	home, err := keycloak.Install(ctx, os.Stderr)
	if err != nil {
		r.err = err
		return
	}
	const user = 1000
	r.base("bash", "sh", "uname", "readlink", "dirname", "grep", "sed", "xargs", "printf")
	// Without what the tests' own runs have left there.
	r.tree("/opt/keycloak", home, user, func(rel string) bool {
		return rel == "data" || filepath.Ext(rel) == ".log"
	})
	r.dir("/opt/keycloak/data", 0o775, user)
	r.java()
}

// whoamiFiles: the official image is nothing but the program.
func whoamiFiles(ctx context.Context, r *rootfs) {
	dir, err := os.MkdirTemp("", "traefik-authproxy-whoami-")
	if err != nil {
		r.err = err
		return
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "whoami")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin, "github.com/labs64/traefik-authproxy/e2e/compose/whoami")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		r.err = errors.Join(err, errors.New(string(out)))
		return
	}
	r.file("/whoami", bin, 0)
}
