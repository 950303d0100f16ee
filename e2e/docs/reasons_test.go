package docs

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"
)

// TestEveryReasonIsDocumented: each word of reason.go has a row with the
// status that it leads to, and no other word has one.
func TestEveryReasonIsDocumented(t *testing.T) {
	s := source(t)
	constants, err := s.Constants("reason")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for _, word := range constants {
		words[word] = true
	}
	if len(words) != len(constants) {
		t.Errorf("%d constants share %d words", len(constants), len(words))
	}
	statuses, rest, err := s.Statuses()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]string{}
	for code := 100; code < 600; code++ {
		if text := http.StatusText(code); text != "" {
			byName[regexp.MustCompile(`[^A-Za-z]`).ReplaceAllString(text, "")] = strconv.Itoa(code)
		}
	}
	seen := map[string]bool{}
	page := read(t, "docs/reasons.md")
	for _, row := range append(cells(page, 3), cells(page, 4)...) {
		word := codes(row[0])
		if len(word) != 1 {
			t.Errorf("a row that begins with %q and no word", row[0])
			continue
		}
		if seen[word[0]] {
			t.Errorf("%q is documented twice", word[0])
		}
		seen[word[0]] = true
		if !words[word[0]] {
			t.Errorf("%q is documented, and the plugin has no such reason", word[0])
			continue
		}
		name, ok := statuses[word[0]]
		if !ok {
			name = rest
		}
		if row[1] != byName[name] {
			t.Errorf("%q: the documented answer is %s, the plugin's %s", word[0], row[1], byName[name])
		}
	}
	for word := range words {
		if !seen[word] {
			t.Errorf("%q is not documented", word)
		}
	}
}

// TestEveryMessageIsDocumented: what the plugin writes to its log stands in
// operating.md, and nothing else does.
func TestEveryMessageIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, row := range cells(read(t, "docs/operating.md"), 3) {
		switch row[0] {
		case "DEBUG", "INFO", "WARN", "ERROR":
			for _, message := range codes(row[1]) {
				documented[message] = true
			}
		}
	}
	for _, message := range source(t).Messages() {
		if !documented[message] {
			t.Errorf("the message %q is not documented", message)
		}
		delete(documented, message)
	}
	for message := range documented {
		t.Errorf("the message %q is documented, and the plugin never writes it", message)
	}
}
