package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"path"
	"strings"

	"github.com/traefik/paerser/file"
	"go.yaml.in/yaml/v3"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// manifestFile is the plugin's description for the catalog and for Traefik.
const manifestFile = ".traefik.yml"

// Manifest is what stands in it. The catalog leaves a key that it does not
// know without a word; ReadManifest does not.
type Manifest struct {
	DisplayName   string `yaml:"displayName"`
	Type          string `yaml:"type"`
	Import        string `yaml:"import"`
	BasePkg       string `yaml:"basePkg"`
	Compatibility string `yaml:"compatibility"`
	Summary       string `yaml:"summary"`
	IconPath      string `yaml:"iconPath"`
	// TestData is the configuration that the analyzer calls New with and the
	// catalog shows. It is as Traefik's file provider decodes it: all values
	// are text or lists of text, an empty list is an empty text.
	TestData map[string]any `yaml:"testData"`
}

// ReadManifest reads a manifest as the analyzer does: its fields as YAML, its
// testData once more as Traefik reads a dynamic configuration.
func ReadManifest(text []byte) (Manifest, error) {
	var m Manifest
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestFile, err)
	}
	var again struct {
		TestData map[string]any `yaml:"testData"`
	}
	if err := file.DecodeContent(string(text), ".yaml", &again); err != nil {
		return m, fmt.Errorf("%s: testData: %w", manifestFile, err)
	}
	m.TestData = again.TestData
	return m, nil
}

// Snippet is the dynamic configuration that the catalog shows for the plugin,
// made of testData.
func (m Manifest) Snippet() (string, error) {
	text, err := yaml.Marshal(map[string]any{"plugin": map[string]any{path.Base(m.Import): m.TestData}})
	return string(text), err
}

// faults are what the analyzer refuses a manifest for, and what would look
// odd in the catalog.
func (m Manifest) faults(files map[string][]byte) error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf(manifestFile+": "+format, args...))
	}
	for key, value := range map[string]string{"displayName": m.DisplayName, "summary": m.Summary, "compatibility": m.Compatibility} {
		if strings.TrimSpace(value) == "" {
			fault("%s is missing", key)
		}
	}
	if m.Type != "middleware" {
		fault("type is %q, want middleware", m.Type)
	}
	if m.Import != layout.Module {
		fault("import is %q, want %q", m.Import, layout.Module)
	}
	if len(m.TestData) == 0 {
		fault("testData is missing")
	}
	for key := range m.TestData {
		if strings.HasSuffix(key, "File") {
			fault("testData has %s, and the analyzer has no such file", key)
		}
	}
	icon, ok := files[m.IconPath]
	if !ok || !strings.HasPrefix(m.IconPath, ".assets/") {
		fault("iconPath is %q, which is no file below .assets/", m.IconPath)
	} else if config, err := png.DecodeConfig(bytes.NewReader(icon)); err != nil || config.Width != config.Height {
		fault("%s is no square PNG: %d × %d, %v", m.IconPath, config.Width, config.Height, err)
	}
	return errors.Join(errs...)
}
