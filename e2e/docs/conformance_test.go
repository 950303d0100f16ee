package docs

import (
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/verdict"
)

// TestConformanceNamesRowsThatExist: every row that the page gives as a proof
// is in the verdict table.
func TestConformanceNamesRowsThatExist(t *testing.T) {
	exists := map[string]bool{}
	for _, theme := range verdict.Table() {
		for _, row := range theme.Rows {
			exists[row.Phrase] = true
		}
	}
	rows := cells(read(t, "docs/conformance.md"), 3)
	if len(rows) < 40 {
		t.Fatalf("only %d rows on the page", len(rows))
	}
	for _, row := range rows {
		phrases := codes(row[2])
		if len(phrases) == 0 {
			t.Errorf("%s: nothing shows it", row[0])
		}
		for _, phrase := range phrases {
			if !exists[phrase] {
				t.Errorf("%s: the verdict table has no row %q", row[0], phrase)
			}
		}
	}
}
