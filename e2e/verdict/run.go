package verdict

import "strings"

// Result is what became of a row.
type Result struct {
	// Ways are those that the row ran in.
	Ways []string
	// Faults are all differences to what was due, and between the ways.
	Faults []string
	// Verdicts are for a person who looks at a fault: each verdict that there
	// was, with the ways that came to it.
	Verdicts []string
	// Wrong are the ways that have a fault.
	Wrong map[string]bool
}

// Run sends a row's request in each way, twice, and compares.
func (s *Site) Run(r Row) Result {
	result := Result{Wrong: map[string]bool{}}
	faults, verdicts := &grouped{}, &grouped{}
	m := s.make(r)
	var first *Verdict
	for _, w := range s.ways {
		if w.name == Uncleaned && !r.cleaned {
			continue
		}
		result.Ways = append(result.Ways, w.name)
		want, same := r.Want, true
		if w.name == Traefik && r.InTraefik != nil && (w.rewrites || !r.rewritten) {
			want, same = *r.InTraefik, false
		}
		for _, time := range []string{"", " again"} {
			fault := func(text string) {
				faults.add(w.name+time, text)
				result.Wrong[w.name] = true
			}
			v, err := w.judge(m)
			if err != nil {
				fault(err.Error() + " " + v.Panic)
				continue
			}
			verdicts.add(w.name+time, v.String())
			for _, f := range want.faults(v, m) {
				fault(f)
			}
			if first == nil {
				first = &v
			}
			if same && !v.Equal(*first) {
				fault("not the verdict of the way " + result.Ways[0])
			}
		}
	}
	result.Faults, result.Verdicts = faults.list(), verdicts.list()
	return result
}

// grouped are texts in their order, each with those who say it.
type grouped struct {
	texts []string
	by    map[string][]string
}

func (g *grouped) add(who, text string) {
	if g.by == nil {
		g.by = map[string][]string{}
	}
	if g.by[text] == nil {
		g.texts = append(g.texts, text)
	}
	g.by[text] = append(g.by[text], who)
}

func (g *grouped) list() []string {
	var out []string
	for _, text := range g.texts {
		out = append(out, strings.Join(g.by[text], ", ")+": "+text)
	}
	return out
}
