// Package bad has rules that know their place and places that know their rule.
package bad

import "fmt"

type place struct { // want type-cycle
	below map[string]*place
	rule  *rule
}

type rule struct { // want type-cycle
	at   *place
	also []*rule
}

// Run tells what came out.
func Run() string {
	p := &place{below: map[string]*place{}}
	p.rule = &rule{at: p}
	p.rule.also = append(p.rule.also, p.rule)
	return fmt.Sprint(len(p.rule.at.rule.also))
}
