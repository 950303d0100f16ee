// Package empty is a middleware that passes every request on. It shows what
// an interpreted middleware costs when it does nothing: the others are
// measured against it and against none.
package empty

import (
	"context"
	"net/http"
)

// Config has nothing to say; Traefik takes no middleware without a setting.
type Config struct {
	Unused string
}

// CreateConfig returns the one configuration.
func CreateConfig() *Config { return &Config{} }

type middleware struct{ next http.Handler }

// New returns the middleware.
func New(_ context.Context, next http.Handler, _ *Config, _ string) (http.Handler, error) {
	return &middleware{next: next}, nil
}

func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.next.ServeHTTP(w, r)
}
