package docs

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
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

// TestVerdictCountsAreTheTables: a page that says how many rows of the verdict
// table were right says so of all that there are now.
func TestVerdictCountsAreTheTables(t *testing.T) {
	counts := map[string]int{"configurations that are refused": len(verdict.Mistakes())}
	for _, theme := range verdict.Table() {
		counts[theme.Name] = len(theme.Rows)
	}
	all := 0
	for _, n := range counts {
		all += n
	}
	counts["all"] = all
	for _, page := range []string{"README.md", "docs/conformance.md"} {
		said := map[string]int{}
		for _, row := range cells(region("measured", "verdict-counts").FindString(read(t, page)), 5) {
			n, err := strconv.Atoi(row[1])
			if err != nil {
				t.Errorf("%s: %v", page, err)
			}
			said[row[0]] = n
		}
		if !maps.Equal(said, counts) {
			t.Errorf("%s says %v; the table has %v", page, said, counts)
		}
	}
	versions := region("measured", "versions").FindString(read(t, "README.md"))
	if want := fmt.Sprintf("%d,%03d rows in each, none wrong", all/1000, all%1000); !strings.Contains(versions, want) {
		t.Errorf("README.md does not say %q of the versions of Traefik", want)
	}
}
