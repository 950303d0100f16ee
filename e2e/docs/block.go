package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Block is a fenced block of a Markdown file. The comment directly above it
// says what holds it to its word; its first word is the mark, what follows the
// colon the detail:
//
//	file: PATH       it is that file's text, whole
//	part of: PATH    it is some lines of that file, but for their indentation
//	config           keys of the plugin, laid over a small base; New takes them
//	refused: TEXT    the same, but New refuses them and says TEXT
//	mapping          a role mapping file that New takes
//	dynamic          Traefik's dynamic configuration; New takes what it holds
//	static: WAY      Traefik starts from it: a file, flags or variables
//	run by: TEST     commands that this test function, or make target, runs
//	try.sh: NAME     commands that the script beside the page takes from it
//	not run: WHY     commands or text that nothing checks
//	decision line    a line of the decision log, compared with its schema
//
// Blocks in YAML, TOML, JSON and of commands need one.
type Block struct {
	File         string // relative to the checkout
	Line         int    // of the opening fence
	Language     string // "" where the fence names none
	Text         string
	Mark, Detail string // "" where there is no comment
}

// String says where the block stands.
func (b Block) String() string { return fmt.Sprintf("%s:%d", b.File, b.Line) }

var markComment = regexp.MustCompile(`^<!-- ([a-z. ]+?)(?:: (.*?))? -->$`)

// Blocks returns the fenced blocks of a Markdown text.
func Blocks(file, markdown string) ([]Block, error) {
	var list []Block
	var open *Block
	var comment string
	indent := ""
	for n, line := range strings.Split(markdown, "\n") {
		trimmed := strings.TrimSpace(line)
		fence := strings.HasPrefix(trimmed, "```")
		switch {
		case open != nil && trimmed == "```":
			list = append(list, *open)
			open, comment = nil, ""
		case open != nil:
			open.Text += strings.TrimPrefix(line, indent) + "\n"
		case fence:
			indent = line[:len(line)-len(strings.TrimLeft(line, " "))]
			open = &Block{File: file, Line: n + 1, Language: strings.TrimPrefix(trimmed, "```")}
			if m := markComment.FindStringSubmatch(comment); m != nil {
				open.Mark, open.Detail = m[1], m[2]
			}
		case trimmed != "":
			comment = trimmed
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s: the block never ends", *open)
	}
	return list, nil
}

// AllBlocks returns the blocks of every file of a checkout.
func AllBlocks(checkout string) ([]Block, error) {
	files, err := Files(checkout)
	if err != nil {
		return nil, err
	}
	var list []Block
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(checkout, file))
		if err != nil {
			return nil, err
		}
		blocks, err := Blocks(file, string(text))
		if err != nil {
			return nil, err
		}
		list = append(list, blocks...)
	}
	return list, nil
}

// undented takes the indentation that all lines share off a text.
func undented(text string) string {
	lines := strings.Split(text, "\n")
	shared := -1
	for _, line := range lines {
		if n := len(line) - len(strings.TrimLeft(line, " ")); strings.TrimSpace(line) != "" && (shared < 0 || n < shared) {
			shared = n
		}
	}
	for i, line := range lines {
		lines[i] = line[min(max(shared, 0), len(line)-len(strings.TrimLeft(line, " "))):]
	}
	return strings.Join(lines, "\n")
}

// IsPartOf reports whether the block is some whole lines of a text, but for
// the indentation that they share.
func (b Block) IsPartOf(text string) bool {
	want := strings.Split(strings.TrimRight(undented(b.Text), "\n"), "\n")
	lines := strings.Split(text, "\n")
	for i := range lines {
		if i+len(want) > len(lines) {
			return false
		}
		if undented(strings.Join(lines[i:i+len(want)], "\n")) == strings.Join(want, "\n") {
			return true
		}
	}
	return false
}
