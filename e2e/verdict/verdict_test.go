package verdict_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/layout"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
	"github.com/labs64/traefik-authproxy/e2e/verdict"
)

// rowsAtLeast is how many rows the table has at least, so that a part which
// falls out by mistake is noticed.
const rowsAtLeast = 1400

func TestTable(t *testing.T) {
	stdout := os.Stdout // the site captures it
	checkout, err := layout.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	site, err := verdict.Open(t.Context(), checkout, traefik.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, refused := range site.Refused {
		t.Error(refused)
	}

	tally := verdict.Tally{Version: site.TraefikVersion}
	fault := func(t *testing.T) verdict.Fault {
		return func(_, phrase string, details []string) {
			t.Errorf("%s\n    %s", phrase, strings.Join(details, "\n    "))
		}
	}
	for _, theme := range verdict.Table() {
		t.Run(theme.Name, func(t *testing.T) {
			tally.Parts = append(tally.Parts, site.RunTheme(theme, fault(t)))
		})
	}
	t.Run(verdict.RefusedPart, func(t *testing.T) {
		tally.Parts = append(tally.Parts, site.RunMistakes(t.Context(), fault(t)))
	})

	rows := 0
	for _, part := range tally.Parts {
		rows += part.Rows
		for _, way := range []string{verdict.Compiled, verdict.Interpreted, verdict.Traefik} {
			if part.Ran[way] != part.Rows {
				t.Errorf("%s: %d rows of %d ran %s", part.Name, part.Ran[way], part.Rows, way)
			}
		}
	}
	if rows < rowsAtLeast {
		t.Errorf("the table has %d rows, want at least %d", rows, rowsAtLeast)
	}
	fmt.Fprintln(stdout, "verdict table:", tally)
}
