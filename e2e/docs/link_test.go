package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fenced  = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
)

// anchors are the names by which the headings of a file can be linked to, as
// GitHub makes them.
func anchors(markdown string) map[string]bool {
	set := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(markdown, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, strings.TrimSpace(m[1]))
		set[name] = true
	}
	return set
}

// TestLinks: what the documentation links to within the repository is there.
func TestLinks(t *testing.T) {
	files, err := Files(root(t))
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, from := range files {
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, from), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			target, anchor, _ := strings.Cut(m[1], "#")
			file := from
			if target != "" {
				file = path.Join(path.Dir(from), target)
			}
			if _, err := os.Stat(filepath.Join(root(t), file)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", from, m[1])
				continue
			}
			if anchor != "" && !anchors(read(t, file))[anchor] {
				t.Errorf("%s: %s has no heading #%s", from, file, anchor)
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links found", links)
	}
}

// TestEveryPageIsLinked from the README.
func TestEveryPageIsLinked(t *testing.T) {
	files, err := Files(root(t))
	if err != nil {
		t.Fatal(err)
	}
	readme := read(t, "README.md")
	for _, file := range files {
		if file != "README.md" && !strings.Contains(readme, "("+file+")") {
			t.Errorf("the README does not link to %s", file)
		}
	}
}
