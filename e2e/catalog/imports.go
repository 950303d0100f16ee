package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"github.com/traefik/yaegi/stdlib"
)

// imports reports packages that the archive needs and does not have: those
// that vendor/ lacks, where vendor/modules.txt is not what go.mod says, and
// packages of the standard library of which the interpreter knows nothing.
func imports(ctx context.Context, dir string, m Manifest) error {
	// Without module cache and proxy, the go command finds vendor/ and the
	// standard library only.
	nothing := filepath.Join(dir, "nothing")
	cmd := exec.CommandContext(ctx, "go", "list", "-mod=vendor", "-deps", "-json=ImportPath,Name,Standard,Imports", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GOMODCACHE="+nothing, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("resolve the archive's imports: %w\n%s", err, stderr.Bytes())
	}
	known := map[string]bool{}
	for key := range stdlib.Symbols { // "net/http/http": the path, and the package's name
		known[path.Dir(key)] = true
	}
	type listed struct {
		ImportPath, Name string
		Standard         bool
		Imports          []string
	}
	standard := map[string]bool{}
	var interpreted []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("resolve the archive's imports: %w", err)
		}
		standard[p.ImportPath] = p.Standard
		if !p.Standard {
			interpreted = append(interpreted, p)
		}
	}
	var errs []error
	for _, p := range interpreted {
		for _, name := range p.Imports {
			if standard[name] && !known[name] {
				errs = append(errs, fmt.Errorf("%s imports %q, which the interpreter does not have", p.ImportPath, name))
			}
		}
		if p.ImportPath == m.Import && p.Name != m.BasePkg {
			errs = append(errs, fmt.Errorf("%s: basePkg is %q, and the package is %q", manifestFile, m.BasePkg, p.Name))
		}
	}
	return errors.Join(errs...)
}
