package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Mount is a folder with the files of a ConfigMap, laid out and renewed as a
// kubelet does it for a volume without subPath: the files lie in a folder of
// the version's own, ..data is a link to it that changes in one step, and each
// file's name is a link through ..data.
type Mount struct {
	// Dir is the folder.
	Dir string
	// version is the folder that ..data leads to.
	version string
}

// Project makes the ConfigMap's files those of the folder.
func (m *Mount) Project(configMap Object) error {
	version, err := os.MkdirTemp(m.Dir, "..version-")
	if err != nil {
		return err
	}
	if err := os.Chmod(version, 0o755); err != nil {
		return err
	}
	data := configMap.child("data")
	if len(data) == 0 {
		return fmt.Errorf("%s has no data", configMap)
	}
	for name := range data {
		if err := os.WriteFile(filepath.Join(version, name), []byte(data.text(name)), 0o644); err != nil {
			return err
		}
	}
	next := filepath.Join(m.Dir, "..data_tmp")
	if err := os.Symlink(filepath.Base(version), next); err != nil {
		return err
	}
	if err := os.Rename(next, filepath.Join(m.Dir, "..data")); err != nil {
		return err
	}
	for name := range data {
		err := os.Symlink(filepath.Join("..data", name), filepath.Join(m.Dir, name))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	old := m.version
	m.version = version
	if old == "" {
		return nil
	}
	return os.RemoveAll(old)
}
