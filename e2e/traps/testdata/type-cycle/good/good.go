// Package good has rules that know the name of their place.
package good

import "fmt"

type place struct {
	name  string
	below map[string]*place
	rule  *rule
}

type rule struct {
	at   string
	also []*rule
}

// Run tells what came out.
func Run() string {
	p := &place{name: "top", below: map[string]*place{}}
	p.rule = &rule{at: p.name}
	p.rule.also = append(p.rule.also, p.rule)
	return fmt.Sprint(len(p.rule.also))
}
