// Package docs keeps the documentation true: it writes the parts of it that
// follow from the plugin's sources, and its tests compare the rest with the
// code, with the files that the examples start from, and with Traefik itself.
//
// What stands between two comments of a Markdown file is a region, written by
// a command and never by hand:
//
//	<!-- generated: keys -->   from the sources; a test fails on drift
//	<!-- measured: bench -->   from a run; go run ./cmd/docs -measured bench
//	<!-- end -->
//
// A comment directly above a fenced block says what holds the block to its
// word, see Block.
package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
)

// Files returns the Markdown files of a checkout that this package answers
// for, relative to its root: those at the root, in docs/, and beside the
// examples.
func Files(checkout string) ([]string, error) {
	var list []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(checkout, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			rel, err := filepath.Rel(checkout, file)
			if err != nil {
				return nil, err
			}
			list = append(list, filepath.ToSlash(rel))
		}
	}
	sort.Strings(list)
	return list, nil
}

// region finds one region of a kind; the groups are its name, and what stands
// between the comments.
func region(kind, name string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)<!-- ` + kind + `: (` + name + `) -->\n(.*?)<!-- end -->`)
}

// anyName matches the name of a region.
const anyName = `[a-z0-9-]+`

// Fill replaces the content of every region of a kind ("generated" or
// "measured") for which text has an entry, and returns the names that it
// found, text for them or not.
func Fill(markdown, kind string, text map[string]string) (filled string, names []string) {
	filled = region(kind, anyName).ReplaceAllStringFunc(markdown, func(whole string) string {
		name := region(kind, anyName).FindStringSubmatch(whole)[1]
		names = append(names, name)
		content, ok := text[name]
		if !ok {
			return whole
		}
		return fmt.Sprintf("<!-- %s: %s -->\n%s\n<!-- end -->", kind, name, content)
	})
	return filled, names
}

// FillFiles fills the regions of every file of a checkout, writes those that
// change, and returns their names. An entry of text that no file has a region
// for is an error.
func FillFiles(checkout, kind string, text map[string]string) (changed []string, err error) {
	files, err := Files(checkout)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, file := range files {
		path := filepath.Join(checkout, file)
		before, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		after, names := Fill(string(before), kind, text)
		for _, name := range names {
			known[name] = true
		}
		if after == string(before) {
			continue
		}
		if err := os.WriteFile(path, []byte(after), 0o644); err != nil {
			return nil, err
		}
		changed = append(changed, file)
	}
	for name := range text {
		if !known[name] {
			return changed, fmt.Errorf("no file has a region %q", kind+": "+name)
		}
	}
	return changed, nil
}
