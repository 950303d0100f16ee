package catalog

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Archive is a zip of the plugin's sources, as a registry serves it.
type Archive struct {
	// Of says for a reader what it was made of.
	Of string
	// Content is the zip, byte by byte: its hash depends on each.
	Content []byte
}

// Hash is what Traefik compares experimental.plugins.NAME.hash with: the
// SHA-256 of the zip itself, in lower-case hex. Two zips of the same files
// may well have two hashes.
func (a Archive) Hash() string {
	sum := sha256.Sum256(a.Content)
	return hex.EncodeToString(sum[:])
}

// Files returns the archive's files by their path below its only top folder,
// which Traefik takes off whatever its name is. A path that would leave that
// folder is an error, as is a second top folder.
func (a Archive) Files() (map[string][]byte, error) {
	r, err := zip.NewReader(bytes.NewReader(a.Content), int64(len(a.Content)))
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	files := map[string][]byte{}
	top := ""
	for _, f := range r.File {
		folder, name, below := strings.Cut(f.Name, "/")
		if top == "" {
			top = folder
		}
		switch {
		case !below || folder != top:
			return nil, fmt.Errorf("archive: %q is not in the folder %q", f.Name, top)
		case f.FileInfo().IsDir():
			continue
		case !filepath.IsLocal(name) || !f.Mode().IsRegular():
			return nil, fmt.Errorf("archive: %q is no file below %q", f.Name, top)
		}
		content, err := contentOf(f)
		if err != nil {
			return nil, fmt.Errorf("archive: %q: %w", f.Name, err)
		}
		files[name] = content
	}
	return files, nil
}

func contentOf(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Unpack writes the archive's files below dir.
func (a Archive) Unpack(dir string) error {
	files, err := a.Files()
	if err != nil {
		return err
	}
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Same reports whether two archives hold the same files, and in its error
// which are not.
func (a Archive) Same(b Archive) error {
	mine, err := a.Files()
	if err != nil {
		return err
	}
	theirs, err := b.Files()
	if err != nil {
		return err
	}
	var differ []string
	for name, content := range mine {
		if other, ok := theirs[name]; !ok || !bytes.Equal(content, other) {
			differ = append(differ, name)
		}
	}
	for name := range theirs {
		if _, ok := mine[name]; !ok {
			differ = append(differ, name)
		}
	}
	if len(differ) > 0 {
		slices.Sort(differ)
		return errors.New("not the same in both archives: " + strings.Join(differ, ", "))
	}
	return nil
}

// String says what the archive is made of, how many files it has, and how
// large it is packed and unpacked.
func (a Archive) String() string {
	files, err := a.Files()
	if err != nil {
		return err.Error()
	}
	unpacked := 0
	for _, content := range files {
		unpacked += len(content)
	}
	return fmt.Sprintf("%s: %d files, %d kB, %d kB unpacked", a.Of, len(files), (len(a.Content)+500)/1000, (unpacked+500)/1000)
}
