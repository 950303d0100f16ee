package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
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

// TestContents: a page that begins with a list of its sections lists all of
// them, in their order.
func TestContents(t *testing.T) {
	files, err := Files(root(t))
	if err != nil {
		t.Fatal(err)
	}
	lists := 0
	for _, file := range files {
		before, after, ok := strings.Cut(read(t, file), "\n## ")
		var listed, sections []string
		for _, m := range regexp.MustCompile(`(?m)^- \[(.+)\]\(#[^)]+\)$`).FindAllStringSubmatch(before, -1) {
			listed = append(listed, m[1])
		}
		if !ok || len(listed) == 0 {
			continue
		}
		lists++
		for _, m := range regexp.MustCompile(`(?m)^## (.+)$`).FindAllStringSubmatch(fenced.ReplaceAllString("## "+after, ""), -1) {
			sections = append(sections, m[1])
		}
		if !slices.Equal(listed, sections) {
			t.Errorf("%s: it lists %q, and its sections are %q", file, listed, sections)
		}
	}
	if lists == 0 {
		t.Error("no page has such a list")
	}
}

// TestEveryPageIsLinked from the README, an example's by its folder.
func TestEveryPageIsLinked(t *testing.T) {
	files, err := Files(root(t))
	if err != nil {
		t.Fatal(err)
	}
	readme := read(t, "README.md")
	for _, file := range files {
		page, example := strings.CutSuffix(file, "/README.md")
		if file != "README.md" && !strings.Contains(readme, "("+file+")") && (!example || !strings.Contains(readme, "("+page+")")) {
			t.Errorf("the README does not link to %s", file)
		}
	}
}
