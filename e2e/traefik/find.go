package traefik

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// DefaultVersion is the Traefik that the tests run in when nothing else is
// asked for and the machine has none.
const DefaultVersion = "v3.6.12"

// BinEnv is the environment variable that names a Traefik binary to use
// instead of one on PATH or a built one.
const BinEnv = "TRAEFIK_BIN"

// VersionEnv is the environment variable that asks for a version, as
// v3.5.3: it is then built, whatever Traefik the machine has.
const VersionEnv = "TRAEFIK_VERSION"

// Find returns the path of a Traefik binary.
//
// With a version it is that version, built on first use and cached. With an
// empty version it is, in this order: what VersionEnv asks for, what BinEnv
// names, a traefik on PATH, DefaultVersion built and cached. A Traefik that
// is not of major version 3 is refused.
//
// A build takes minutes; progress lines go to progress, which may be nil.
func Find(ctx context.Context, version string, progress io.Writer) (string, error) {
	if progress == nil {
		progress = io.Discard
	}
	if version == "" {
		version = os.Getenv(VersionEnv)
	}
	if version != "" {
		return build(ctx, version, progress)
	}
	if bin := os.Getenv(BinEnv); bin != "" {
		abs, err := filepath.Abs(bin)
		if err != nil {
			return "", fmt.Errorf("%s: %w", BinEnv, err)
		}
		if err := check(ctx, abs); err != nil {
			return "", fmt.Errorf("%s: %w", BinEnv, err)
		}
		return abs, nil
	}
	if bin, err := exec.LookPath("traefik"); err == nil {
		if err := check(ctx, bin); err != nil {
			return "", fmt.Errorf("traefik on PATH: %w", err)
		}
		return filepath.Abs(bin)
	}
	return build(ctx, DefaultVersion, progress)
}

// check runs the binary's version command. A build from source without
// linker flags says "dev", which is taken as it is.
func check(ctx context.Context, bin string) error {
	version, err := Version(ctx, bin)
	if err != nil {
		return err
	}
	if v := strings.TrimPrefix(version, "v"); v != "dev" && !strings.HasPrefix(v, "3.") {
		return fmt.Errorf("%s is Traefik %q, want version 3", bin, version)
	}
	return nil
}

// Version returns what the binary says of itself, such as 3.6.12 or dev.
func Version(ctx context.Context, bin string) (string, error) {
	out, err := exec.CommandContext(ctx, bin, "version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s version: %w: %s", bin, err, strings.TrimSpace(string(out)))
	}
	for line := range strings.Lines(string(out)) {
		if v, ok := strings.CutPrefix(line, "Version:"); ok {
			return strings.TrimSpace(v), nil
		}
	}
	return "", fmt.Errorf("%s version: no Version line in %q", bin, out)
}
