package docs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/traefik"
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

// TestVerdictCountsAreTheTables: a page that says how many rows of the verdict
// table were right says so of all that there are now.
func TestVerdictCountsAreTheTables(t *testing.T) {
	table := verdict.Tally{Version: strings.TrimPrefix(traefik.DefaultVersion, "v")}
	for _, theme := range verdict.Table() {
		table.Parts = append(table.Parts, verdict.Part{Name: theme.Name, Rows: len(theme.Rows)})
	}
	table.Parts = append(table.Parts, verdict.Part{Name: verdict.RefusedPart, Rows: len(verdict.Mistakes())})
	for _, page := range []string{"README.md", "docs/conformance.md"} {
		want := "<!-- measured: verdict-counts -->\n" + table.Markdown() + "<!-- end -->"
		if !strings.Contains(read(t, page), want) {
			t.Errorf("%s says otherwise than\n%s", page, want)
		}
	}
	all := 0
	for _, part := range table.Parts {
		all += part.Rows
	}
	versions := region("measured", "versions").FindString(read(t, "README.md"))
	if want := fmt.Sprintf("%d,%03d rows in each, none wrong", all/1000, all%1000); !strings.Contains(versions, want) {
		t.Errorf("README.md does not say %q of the versions of Traefik", want)
	}
}
