// Package good binds, looks and returns.
package good

import (
	"errors"
	"fmt"
	"net/http"
)

type guard struct{}

func (g *guard) ServeHTTP(_ http.ResponseWriter, _ *http.Request) {}

func newGuard() (*guard, error) {
	return nil, errors.New("no issuer")
}

func handler() (http.Handler, error) {
	g, err := newGuard()
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Run tells what came out.
func Run() string {
	_, err := handler()
	return fmt.Sprint(err)
}
