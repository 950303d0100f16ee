package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// Peer is another way to guard the same path, measured with the warm row's
// request. A peer is any middleware that Traefik has, or a plugin from a folder.
type Peer struct {
	// Name is the row's name: letters, digits and "-".
	Name string `yaml:"name"`
	// Text says what it is, for the table.
	Text string `yaml:"text"`
	// Module and Folder are a plugin's module name and sources (with .traefik.yml
	// and vendor); both empty for a middleware of Traefik's own. Folder counts
	// from the configuration file.
	Module string `yaml:"module"`
	Folder string `yaml:"folder"`
	// Middleware is the middleware in YAML, a template: {{.Issuer}}, {{.JWKS}},
	// {{.Audience}}, {{.Role}} and {{.Path}} are those of the warm row,
	// {{.Plugin}} is the name that the plugin is loaded under.
	Middleware string `yaml:"middleware"`
}

// ReadPeers reads a YAML list of peers.
func ReadPeers(file string) ([]Peer, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var peers []Peer
	if err := yaml.Unmarshal(content, &peers); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for i := range peers {
		p := &peers[i]
		if p.Name == "" || p.Middleware == "" || (p.Module == "") != (p.Folder == "") {
			return nil, fmt.Errorf("%s: peer %d: want name and middleware, and module and folder together", file, i)
		}
		if p.Folder != "" && !filepath.IsAbs(p.Folder) {
			p.Folder = filepath.Join(filepath.Dir(file), p.Folder)
		}
	}
	return peers, nil
}

func (p Peer) entry() string { return "peer-" + p.Name }

func (p Peer) middleware(s *site) (tree, error) {
	t, err := template.New(p.Name).Option("missingkey=error").Parse(p.Middleware)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	err = t.Execute(&text, map[string]string{
		"Issuer": s.issuer.URL, "JWKS": s.issuer.Default().Inner(issuer.Certs),
		"Audience": issuer.Audience, "Role": role, "Path": guarded, "Plugin": p.entry(),
	})
	if err != nil {
		return nil, err
	}
	var m tree
	if err := yaml.Unmarshal([]byte(text.String()), &m); err != nil {
		return nil, fmt.Errorf("peer %s: %w", p.Name, err)
	}
	if len(m) != 1 {
		return nil, errors.New("peer " + p.Name + ": want one middleware")
	}
	return m, nil
}

func (p Peer) row(warm row) row {
	r := warm
	r.name, r.text, r.entry = p.Name, p.Text, p.entry()
	return r
}
