package traefik

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// throttle is how long Traefik gathers changes before it takes them. Its
// default of two seconds would make every reload of a test that slow.
const throttle = "50ms"

// complete makes the static configuration that the process runs with, in the
// form that it was given in. static is nil for flags and variables.
func (p *Process) complete(o Options) (static []byte, args, env []string, err error) {
	p.addrs = make(map[string]string)
	variables := false
	for _, v := range o.Env {
		variables = variables || strings.HasPrefix(v, "TRAEFIK_")
	}
	switch {
	case len(o.Args) > 0 && (o.Static != "" || variables), o.Static != "" && variables:
		return nil, nil, nil, errors.New("static configuration in more than one form, and Traefik takes one")
	case len(o.Args) > 0:
		args, err = p.completeList(o.Args, "--", ".")
		return nil, args, o.Env, err
	case variables:
		env, err = p.completeList(o.Env, "TRAEFIK_", "_")
		return nil, nil, env, err
	}
	static, err = p.completeYAML(o.Static)
	return static, nil, o.Env, err
}

// completeYAML completes a static configuration file.
func (p *Process) completeYAML(text string) ([]byte, error) {
	root := section{}
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return nil, fmt.Errorf("static configuration: %w", err)
	}
	entryPoints := root.section("entryPoints")
	if len(entryPoints) == 0 {
		entryPoints.section("web")
	}
	// Traefik makes this one by itself for its API, ping and metrics, on all
	// addresses; no router is served there unless it asks for it.
	entryPoints.section("traefik")
	for name := range entryPoints {
		addr, err := p.listenOn(name, fmt.Sprint(entryPoints.section(name)["address"]))
		if err != nil {
			return nil, err
		}
		entryPoints.section(name)["address"] = addr
	}
	providers := root.section("providers")
	file := providers.section("file")
	delete(file, "filename")
	file["directory"] = p.dynamicDir()
	providers.setDefault("providersThrottleDuration", throttle)
	global := root.section("global")
	global.setDefault("checkNewVersion", false)
	global.setDefault("sendAnonymousUsage", false)
	experimental := root.section("experimental")
	if !experimental.has("plugins") && !experimental.has("localPlugins") {
		experimental.section("localPlugins").section("authproxy")["moduleName"] = layout.Module
	}
	return yaml.Marshal(root)
}

// completeList completes flags or environment variables, which spell the same
// names: --entryPoints.web.address=:80 and TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80.
func (p *Process) completeList(given []string, prefix, dot string) ([]string, error) {
	var out []string
	for _, item := range given {
		name, value, _ := strings.Cut(item, "=")
		words := strings.Split(strings.ToLower(strings.TrimPrefix(name, prefix)), dot)
		switch {
		case strings.Join(words, ".") == "providers.file.filename", strings.Join(words, ".") == "providers.file.directory":
			continue
		case len(words) == 3 && words[0] == "entrypoints" && words[2] == "address":
			addr, err := p.listenOn(words[1], value)
			if err != nil {
				return nil, err
			}
			item = name + "=" + addr
		}
		out = append(out, item)
	}
	for _, d := range []struct{ name, value string }{
		{"providers.file.directory", p.dynamicDir()},
		{"providers.providersThrottleDuration", throttle},
		{"global.checkNewVersion", "false"},
	} {
		name := strings.ReplaceAll(d.name, ".", dot)
		if dot == "_" {
			name = strings.ToUpper(name)
		}
		out = append(out, prefix+name+"="+d.value)
	}
	return out, nil
}

// listenOn picks a free loopback port for an entry point in place of the
// address it was given, and keeps the protocol of that.
func (p *Process) listenOn(name, given string) (string, error) {
	addr, err := freeAddr()
	if err != nil {
		return "", err
	}
	if strings.HasSuffix(given, "/udp") {
		return addr + "/udp", nil
	}
	p.addrs[name] = addr
	return addr, nil
}

// freeAddr finds a port of the loopback interface that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// dynamicDir is the folder that the file provider watches.
func (p *Process) dynamicDir() string { return filepath.Join(p.dir, "dynamic") }

// section is one level of a static configuration. Traefik reads its keys
// without regard to case, and so do its methods.
type section map[string]any

// key is the name as it is written in the section.
func (s section) key(name string) string {
	for k := range s {
		if strings.EqualFold(k, name) {
			return k
		}
	}
	return name
}

func (s section) has(name string) bool {
	_, ok := s[s.key(name)]
	return ok
}

func (s section) setDefault(name string, value any) {
	if !s.has(name) {
		s[name] = value
	}
}

// section returns the section under a name and makes it where there is none.
func (s section) section(name string) section {
	k := s.key(name)
	switch v := s[k].(type) {
	case section:
		return v
	case map[string]any:
		s[k] = section(v)
		return v
	}
	made := section{}
	s[k] = made
	return made
}
