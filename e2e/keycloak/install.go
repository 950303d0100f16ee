package keycloak

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Version is the Keycloak that is run.
const Version = "26.7.3"

const (
	// artifact is the distribution's name in a Maven repository.
	artifact = "org.keycloak:keycloak-quarkus-dist:" + Version + ":tar.gz"
	// archiveSum is the SHA-256 of that archive.
	archiveSum = "77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47"
	// oldestJava is the first Java that this Keycloak runs on.
	oldestJava = 17
)

// buildOptions are fixed when Keycloak is built; start --optimized takes them
// as they are. The database is a file, so that the realms' keys survive a
// restart; docker is the token service for docker registries; client
// certificates are asked for, and never required.
var buildOptions = []string{"--db=dev-file", "--features=docker", "--https-client-auth=request"}

// ErrMissing says that the machine lacks what Keycloak needs to run: Java, or
// Maven to fetch it.
var ErrMissing = errors.New("keycloak cannot run here")

// Available reports with ErrMissing what the machine lacks, or nil. Maven is
// needed only as long as nothing has been installed.
func Available(ctx context.Context) error {
	if err := checkJava(ctx); err != nil {
		return err
	}
	home, err := cacheDir()
	if err != nil {
		return err
	}
	if _, err := os.Stat(home); err == nil {
		return nil
	}
	if _, err := exec.LookPath("mvn"); err != nil {
		return fmt.Errorf("%w: Maven is missing: %w", ErrMissing, err)
	}
	return nil
}

// javaVersion finds the major version in what java -version prints. Java 8
// called itself 1.8, which is too old by either reading.
var javaVersion = regexp.MustCompile(`version "([0-9]+)`)

// checkJava asks the same Java that kc.sh will use.
func checkJava(ctx context.Context) error {
	java := os.Getenv("JAVA")
	if home := os.Getenv("JAVA_HOME"); java == "" && home != "" {
		java = filepath.Join(home, "bin", "java")
	}
	if java == "" {
		java = "java"
	}
	out, err := exec.CommandContext(ctx, java, "-version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: Java is missing: %w", ErrMissing, err)
	}
	match := javaVersion.FindSubmatch(out)
	if match == nil {
		return fmt.Errorf("%w: %s -version says %q", ErrMissing, java, out)
	}
	if major, err := strconv.Atoi(string(match[1])); err != nil || major < oldestJava {
		return fmt.Errorf("%w: Java %s is too old, want %d or newer", ErrMissing, match[1], oldestJava)
	}
	return nil
}

// cacheDir is where an installation lies: the user's cache folder, under a
// name that changes with the version and with how it was built.
func cacheDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("keycloak's cache folder: %w", err)
	}
	built := sha256.Sum256([]byte(strings.Join(buildOptions, " ")))
	return filepath.Join(cache, "traefik-authproxy", "keycloak-"+Version+"-"+hex.EncodeToString(built[:4])), nil
}

// Install returns the folder of a Keycloak that was built and started once,
// so that its database has its tables and an administrator. The first call on
// a machine fetches the distribution through Maven, into Maven's own local
// repository, and takes about a minute; progress, which may be nil, gets a
// line per step.
func Install(ctx context.Context, progress io.Writer) (string, error) {
	if progress == nil {
		progress = io.Discard
	}
	home, err := cacheDir()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}
	if err := Available(ctx); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return "", err
	}
	// Made under another name and renamed at the end: what lies under the
	// right name is whole, whoever else installs at the same time.
	part, err := os.MkdirTemp(filepath.Dir(home), "keycloak-part-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(part)
	for _, step := range []struct {
		what string
		do   func(ctx context.Context, dir string) error
	}{
		{"fetch and unpack", fetch},
		{"build", buildOnce},
		{"make the database", startOnce},
	} {
		begin := time.Now()
		if err := step.do(ctx, part); err != nil {
			return "", fmt.Errorf("install keycloak %s: %s: %w", Version, step.what, err)
		}
		fmt.Fprintf(progress, "keycloak %s: %s: %s\n", Version, step.what, time.Since(begin).Round(100*time.Millisecond))
	}
	if err := os.Rename(part, home); err != nil {
		if _, there := os.Stat(home); there != nil {
			return "", err
		}
	}
	return home, nil
}

// fetch lets Maven bring the distribution and unpacks it into dir.
func fetch(ctx context.Context, dir string) error {
	down, err := os.MkdirTemp(filepath.Dir(dir), "keycloak-fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(down)
	// get brings the archive into Maven's local repository, copy says where
	// that is by taking it out again.
	for _, args := range [][]string{
		{"dependency:get", "-Dartifact=" + artifact, "-Dtransitive=false"},
		{"dependency:copy", "-Dartifact=" + artifact, "-DoutputDirectory=" + down},
	} {
		cmd := exec.CommandContext(ctx, "mvn", append([]string{"-q", "-B"}, args...)...)
		cmd.Dir = down
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("mvn %s: %w: %s", args[0], err, lastLines(string(out)))
		}
	}
	archive := filepath.Join(down, "keycloak-quarkus-dist-"+Version+".tar.gz")
	if err := checkSum(archive); err != nil {
		return err
	}
	return unpack(archive, dir)
}

func checkSum(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != archiveSum {
		return fmt.Errorf("%s: SHA-256 is %s, want %s", filepath.Base(file), got, archiveSum)
	}
	return nil
}

// unpack writes the archive's content into dir, without the folder that all
// of it lies in.
func unpack(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(zip); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		_, name, _ := strings.Cut(h.Name, "/")
		if name == "" {
			continue
		}
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the archive names %q, which is outside of it", h.Name)
		}
		to := filepath.Join(dir, name)
		switch h.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(to, 0o755)
		case tar.TypeReg:
			err = writeFile(to, r, h.FileInfo().Mode().Perm())
		default:
			err = fmt.Errorf("the archive holds %q, which is neither a file nor a folder", h.Name)
		}
		if err != nil {
			return err
		}
	}
}

func writeFile(name string, from io.Reader, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// buildOnce runs Keycloak's own build, which start --optimized then skips.
func buildOnce(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "bin", "kc.sh"), append([]string{"build"}, buildOptions...)...)
	cmd.Env = environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, lastLines(string(out)))
	}
	return nil
}

// startOnce lets Keycloak make its tables, the master realm and the
// administrator: two thirds of a first start.
func startOnce(ctx context.Context, dir string) error {
	s, err := startIn(ctx, dir, Options{})
	if err != nil {
		return err
	}
	return s.Stop()
}

// lastLines is the end of a command's output, for an error's text.
func lastLines(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
