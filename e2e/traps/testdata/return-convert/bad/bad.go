// Package bad returns a call whose pointer becomes an interface, and the error is gone.
package bad

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
	return newGuard() // want return-convert
}

// Run tells what came out.
func Run() string {
	_, err := handler()
	return fmt.Sprint(err)
}
