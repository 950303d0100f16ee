package verdict

import (
	"context"
	"fmt"
	"strings"
)

// Tally counts what a run of the whole table came to.
type Tally struct {
	// Version is the Traefik that it ran in.
	Version string
	// Parts are the table's themes, and last the refused configurations.
	Parts []Part
}

// Part counts one part of the table.
type Part struct {
	Name string
	// Rows is how many there are; Ran and Wrong are how many of them ran in
	// each way, and how many had a fault there.
	Rows       int
	Ran, Wrong map[string]int
}

// Fault is told of each row that has one.
type Fault func(part, phrase string, details []string)

// RunTheme runs the rows of a theme.
func (s *Site) RunTheme(theme Theme, fault Fault) Part {
	part := newPart(theme.Name)
	phrases := map[string]bool{}
	for _, row := range theme.Rows {
		part.Rows++
		if phrases[row.Phrase] {
			fault(theme.Name, row.Phrase, []string{"another row has this phrase"})
		}
		phrases[row.Phrase] = true
		result := s.Run(row)
		for _, way := range result.Ways {
			part.Ran[way]++
			if result.Wrong[way] {
				part.Wrong[way]++
			}
		}
		if len(result.Faults) > 0 {
			fault(theme.Name, row.Phrase, append(result.Faults, result.Verdicts...))
		}
	}
	return part
}

// RefusedPart is the name of the part that Mistakes are.
const RefusedPart = "configurations that are refused"

// RunMistakes tries all configurations that must be refused.
func (s *Site) RunMistakes(ctx context.Context, fault Fault) Part {
	part := newPart(RefusedPart)
	for n, mistake := range Mistakes() {
		part.Rows++
		faults := s.Refuse(ctx, n, mistake)
		for _, way := range []string{Compiled, Interpreted, Traefik} {
			part.Ran[way]++
			if len(faults) > 0 {
				part.Wrong[way]++
			}
		}
		if len(faults) > 0 {
			fault(part.Name, mistake.Phrase, faults)
		}
	}
	return part
}

func newPart(name string) Part {
	return Part{Name: name, Ran: map[string]int{}, Wrong: map[string]int{}}
}

// sum adds up all parts.
func (t Tally) sum() Part {
	all := newPart("all")
	for _, p := range t.Parts {
		all.Rows += p.Rows
		for way, n := range p.Ran {
			all.Ran[way] += n
			all.Wrong[way] += p.Wrong[way]
		}
	}
	return all
}

// Wrong is how many rows had a fault in some way, counted once a way.
func (t Tally) Wrong() int {
	wrong := 0
	for _, n := range t.sum().Wrong {
		wrong += n
	}
	return wrong
}

// String is the tally on one line.
func (t Tally) String() string {
	all := t.sum()
	return fmt.Sprintf("%d rows, %d compiled, %d interpreted, %d in Traefik %s (%d also with sanitizePath off), %d wrong",
		all.Rows, all.Ran[Compiled], all.Ran[Interpreted], all.Ran[Traefik], t.Version, all.Ran[Uncleaned], t.Wrong())
}

// Markdown is the tally as a table, for the documentation: how many rows each
// part has, and how many of them are wrong in each way.
func (t Tally) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| part of the table | rows | wrong compiled | wrong interpreted | wrong in Traefik %s |\n", t.Version)
	b.WriteString("|---|---:|---:|---:|---:|\n")
	for _, p := range append(t.Parts, t.sum()) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", p.Name, p.Rows, p.Wrong[Compiled], p.Wrong[Interpreted], p.Wrong[Traefik]+p.Wrong[Uncleaned])
	}
	return b.String()
}
