package kubernetes

import "testing"

// TestDocuments: a text is split as kubectl splits it, and each document is
// left as it is written.
func TestDocuments(t *testing.T) {
	const one, two = "kind: A\nmetadata: {name: a}\n", "# two\nkind: B\nmetadata: {name: b}\ndata:\n  x: |\n    ---\n"
	for _, row := range []struct {
		phrase, text string
		want         []string
	}{
		{"one", one, []string{one}},
		{"a comment before", "# what\n" + one, []string{"# what\n" + one}},
		{"dashes before", "---\n" + one, []string{one}},
		{"two", one + "---\n" + two, []string{one, two}},
		{"a comment behind the dashes", one + "--- # next\n" + two, []string{one, two}},
		{"dashes at the end", one + "---\n", []string{one}},
		{"comments alone", "# none\n---\n# none\n", nil},
	} {
		got, err := Documents([]byte(row.text))
		if err != nil || len(got) != len(row.want) {
			t.Errorf("%s: %d documents, %v, want %d", row.phrase, len(got), err, len(row.want))
			continue
		}
		for i, d := range got {
			if text := string(d.Text); text != row.want[i] && text+"\n" != row.want[i] {
				t.Errorf("%s: document %d is %q, want %q", row.phrase, i, text, row.want[i])
			}
		}
	}
	for _, text := range []string{"kind: A\n", "metadata: {name: a}\n", "kind: [\n", "- a\n"} {
		if _, err := Documents([]byte(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
