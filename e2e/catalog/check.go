package catalog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// The bounds that an archive keeps: some three times what it takes today, so
// that a folder which slips in is noticed.
const (
	mostBytes = 600_000
	mostFiles = 200
)

// wanted are files without which an archive is not the plugin, or its licence
// and description are missing.
var wanted = []string{
	manifestFile, "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md",
	"go.mod", "go.sum", "plugin.go", "vendor/modules.txt",
}

// belongs matches what an archive may hold.
var belongs = regexp.MustCompile(`^(vendor/.+|\.assets/[a-z-]+\.(png|svg)|[a-z0-9]+\.go|[A-Z]+\.md|LICENSE|go\.mod|go\.sum|\.traefik\.yml)$`)

// refused matches the modules that the analyzer takes in no plugin's go.mod.
var refused = regexp.MustCompile(`^github\.com/(traefik|containous)/(traefik|yaegi|mesh|maesh)(/|$)`)

// released is the form of the tags that the catalog takes as versions, but
// for pre-releases: it offers the newest tag, whatever that is.
var released = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`)

// Check reports everything that the catalog's analyzer would refuse in the
// archive of a version, and what of it must not be: a file that does not
// belong there, an import that vendor/ and the interpreter do not have, a New
// that does not take the manifest's testData or needs network or files to do
// so. It needs the go command, and no network.
//
// New runs in this process, in which names have no address from then on.
func Check(ctx context.Context, a Archive, version string) error {
	var errs []error
	if !released.MatchString(version) {
		errs = append(errs, fmt.Errorf("version %q is not of the form v1.2.3", version))
	}
	files, err := a.Files()
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	errs = append(errs, contents(a, files), moduleFile(files["go.mod"]))
	manifest, err := ReadManifest(files[manifestFile])
	if err == nil {
		err = manifest.faults(files)
	}
	errs = append(errs, err)
	if err := errors.Join(errs...); err != nil {
		return err
	}

	dir, err := os.MkdirTemp("", "traefik-authproxy-archive-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := a.Unpack(dir); err != nil {
		return err
	}
	if err := imports(ctx, dir, manifest); err != nil {
		return err
	}
	return call(ctx, dir, manifest)
}

// contents reports files that are missing, do not belong there, or are too
// many.
func contents(a Archive, files map[string][]byte) error {
	var errs []error
	if len(a.Content) > mostBytes || len(files) > mostFiles {
		errs = append(errs, fmt.Errorf("archive: %d bytes and %d files, want no more than %d and %d", len(a.Content), len(files), mostBytes, mostFiles))
	}
	for _, name := range wanted {
		if len(files[name]) == 0 {
			errs = append(errs, fmt.Errorf("archive: %s is missing", name))
		}
	}
	for name := range files {
		if !belongs.MatchString(name) || strings.HasSuffix(name, "_test.go") {
			errs = append(errs, fmt.Errorf("archive: %s does not belong there", name))
		}
	}
	for _, module := range vendored(files["vendor/modules.txt"]) {
		if len(files[path.Join("vendor", module, "LICENSE")]) == 0 {
			errs = append(errs, fmt.Errorf("archive: %s is there without its licence", module))
		}
	}
	return errors.Join(errs...)
}

// vendored returns the modules that vendor/modules.txt names.
func vendored(list []byte) []string {
	var modules []string
	for line := range strings.Lines(string(list)) {
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			modules = append(modules, strings.Fields(rest)[0])
		}
	}
	return modules
}

// moduleFile reports what the analyzer refuses in a go.mod, and a replace,
// which counts in no one's build but the plugin's own.
func moduleFile(text []byte) error {
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return err
	}
	if mod.Module == nil || mod.Module.Mod.Path != layout.Module {
		return fmt.Errorf("go.mod: the module is not %s", layout.Module)
	}
	var errs []error
	for _, r := range mod.Require {
		if refused.MatchString(r.Mod.Path) {
			errs = append(errs, fmt.Errorf("go.mod: a plugin must not require %s", r.Mod.Path))
		}
	}
	if len(mod.Replace) > 0 {
		errs = append(errs, errors.New("go.mod: replace"))
	}
	return errors.Join(errs...)
}
