package pathbackends

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// sources are the backends' programs and what pins their dependencies.
//
//go:embed node python java nginx httpd
var sources embed.FS

// lookPath finds a program, or says what it is needed for and where it is from.
func lookPath(program, from string) (string, error) {
	found, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s (%s): %w", program, from, ErrMissing)
	}
	return found, nil
}

// built gives the folder that holds family's sources with their dependencies,
// in the user's cache, and calls build to fetch and build them the first time.
// A change to a source or a pinned version makes another folder. Two processes
// may ask at once: one builds, the other waits.
func built(family string, build func(dir string) error) (string, error) {
	files, err := fs.Sub(sources, family)
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	if err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		fmt.Fprintf(digest, "%s %d\n%s", name, len(content), content)
		return err
	}); err != nil {
		return "", fmt.Errorf("read the %s backends' sources: %w", family, err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	dir := filepath.Join(cache, "traefik-authproxy", "pathbackends", family+"-"+hex.EncodeToString(digest.Sum(nil)[:8]))
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}

	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", fmt.Errorf("lock the cache folder: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock the cache folder: %w", err)
	}
	complete := filepath.Join(dir, ".complete")
	if _, err := os.Stat(complete); err == nil {
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("clear a half-built folder: %w", err)
	}
	if err := os.CopyFS(dir, files); err != nil {
		return "", fmt.Errorf("copy the %s backends' sources: %w", family, err)
	}
	if err := build(dir); err != nil {
		return "", fmt.Errorf("build the %s backends: %w", family, err)
	}
	if err := os.WriteFile(complete, nil, 0o644); err != nil {
		return "", fmt.Errorf("mark the folder as built: %w", err)
	}
	return dir, nil
}

// run runs a step of a build in dir, and puts what it said into its error.
func run(dir, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		if len(said) > tailSize {
			said = said[len(said)-tailSize:]
		}
		return fmt.Errorf("%s %v: %w\n%s", program, args, err, said)
	}
	return nil
}
