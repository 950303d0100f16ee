package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// Pack makes the archive of a checkout as GitHub makes it of a tag: what git
// archives of the commit, in one folder OWNER-NAME-COMMIT. Of a checkout that
// is not what was committed it packs the files as they are, ignored ones left
// out. Nothing is written into the repository.
func Pack(ctx context.Context, checkout string) (Archive, error) {
	commit, err := git(ctx, checkout, nil, "rev-parse", "--short=7", "HEAD")
	if err != nil {
		return Archive{}, fmt.Errorf("pack the plugin: %w", err)
	}
	changed, err := git(ctx, checkout, nil, "status", "--porcelain")
	if err != nil {
		return Archive{}, fmt.Errorf("pack the plugin: %w", err)
	}
	id := line(commit)
	of, tree, env := "commit "+id, id, []string(nil)
	if len(changed) > 0 {
		dir, err := os.MkdirTemp("", "traefik-authproxy-pack-")
		if err != nil {
			return Archive{}, err
		}
		defer os.RemoveAll(dir)
		of = "the working tree above commit " + id
		if tree, env, err = worktree(ctx, checkout, dir); err != nil {
			return Archive{}, fmt.Errorf("pack the working tree: %w", err)
		}
	}
	owner, name := path.Split(strings.TrimPrefix(layout.Module, "github.com/"))
	prefix := fmt.Sprintf("%s-%s-%s/", path.Clean(owner), name, id)
	content, err := git(ctx, checkout, env, "archive", "--format=zip", "--prefix="+prefix, tree)
	if err != nil {
		return Archive{}, fmt.Errorf("pack the plugin: %w", err)
	}
	return Archive{Of: of, Content: content}, nil
}

// worktree makes a tree of the files as they are and returns its id, with the
// environment in which git finds it: index and objects are in dir.
func worktree(ctx context.Context, checkout, dir string) (string, []string, error) {
	objects, err := git(ctx, checkout, nil, "rev-parse", "--git-path", "objects")
	if err != nil {
		return "", nil, err
	}
	known := line(objects)
	if !filepath.IsAbs(known) {
		known = filepath.Join(checkout, known)
	}
	env := []string{
		"GIT_INDEX_FILE=" + filepath.Join(dir, "index"),
		"GIT_OBJECT_DIRECTORY=" + filepath.Join(dir, "objects"),
		"GIT_ALTERNATE_OBJECT_DIRECTORIES=" + known,
	}
	if err := os.Mkdir(filepath.Join(dir, "objects"), 0o755); err != nil {
		return "", nil, err
	}
	if _, err := git(ctx, checkout, env, "add", "--all"); err != nil {
		return "", nil, err
	}
	tree, err := git(ctx, checkout, env, "write-tree")
	return line(tree), env, err
}

// git runs git in a checkout, whoever owns it, and returns what it prints.
func git(ctx context.Context, checkout string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*"}, args...)...)
	cmd.Dir = checkout
	// Without optional locks git does not refresh the index as it looks at it.
	cmd.Env = append(append(os.Environ(), "GIT_OPTIONAL_LOCKS=0"), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w", args[0], errors.Join(err, errors.New(line(stderr.Bytes()))))
	}
	return out, nil
}

func line(out []byte) string { return strings.TrimSpace(string(out)) }
