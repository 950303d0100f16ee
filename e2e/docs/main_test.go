package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// TestMain sends whatever a middleware of the documentation would ask an
// issuer elsewhere to a proxy that is not there: these tests ask nobody but
// who listens on loopback.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		if err := os.Setenv(name, "http://127.0.0.1:1"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if os.Getenv(childEnv) != "" {
		decideAloud()
		return
	}
	os.Exit(m.Run())
}

// root is the checkout's root.
func root(t *testing.T) string {
	t.Helper()
	dir, err := layout.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// read returns a file of the checkout.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func source(t *testing.T) *Source {
	t.Helper()
	s, err := Read(root(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cells returns the rows of a Markdown text's tables whose number of columns
// is the given one, without heads.
func cells(markdown string, columns int) [][]string {
	var rows [][]string
	lines := strings.Split(markdown, "\n")
	for i, line := range lines {
		row := strings.Split(strings.Trim(line, "|"), " | ")
		if !strings.HasPrefix(line, "|") || len(row) != columns || strings.HasPrefix(line, "|---") {
			continue
		}
		if i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|---") {
			continue
		}
		for j := range row {
			row[j] = strings.TrimSpace(row[j])
		}
		rows = append(rows, row)
	}
	return rows
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// codes returns the code spans of a text.
func codes(text string) []string {
	var list []string
	for _, m := range codeSpan.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}
