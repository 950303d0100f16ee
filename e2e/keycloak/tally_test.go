package keycloak

import (
	"fmt"
	"io"
	"sync"
)

// tally counts what was tried, for the summary at the end.
type tally struct {
	mu    sync.Mutex
	kinds []string
	of    map[string]*tried
}

// tried is one kind of token, or one story.
type tried struct {
	tokens map[string]bool
	status map[int]int
}

func (y *tally) add(kind, token string, status int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.of == nil {
		y.of = map[string]*tried{}
	}
	k := y.of[kind]
	if k == nil {
		k = &tried{map[string]bool{}, map[int]int{}}
		y.of[kind] = k
		y.kinds = append(y.kinds, kind)
	}
	if token != "" {
		k.tokens[token] = true
	}
	k.status[status]++
}

// tokens is how many different tokens were shown.
func (y *tally) tokens() int {
	all := map[string]bool{}
	for _, k := range y.of {
		for token := range k.tokens {
			all[token] = true
		}
	}
	return len(all)
}

// requests is how many requests were made.
func (y *tally) requests() int {
	sum := 0
	for _, k := range y.of {
		for _, n := range k.status {
			sum += n
		}
	}
	return sum
}

// columns are the answers that the summary has a column for.
var columns = []int{200, 401, 403, 503}

func (y *tally) print(w io.Writer) {
	fmt.Fprintf(w, "%-72s %6s", "kind of token from a real Keycloak", "tokens")
	for _, c := range columns {
		fmt.Fprintf(w, " %5d", c)
	}
	fmt.Fprintln(w, " other")
	for _, kind := range y.kinds {
		k := y.of[kind]
		fmt.Fprintf(w, "%-72s %6d", kind, len(k.tokens))
		other := 0
		for _, n := range k.status {
			other += n
		}
		for _, c := range columns {
			other -= k.status[c]
			fmt.Fprintf(w, " %5d", k.status[c])
		}
		fmt.Fprintf(w, " %5d\n", other)
	}
}
