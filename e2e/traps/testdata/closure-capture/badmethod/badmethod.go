// Package badmethod keeps methods of what is made in the loop.
package badmethod

import (
	"fmt"
	"net/http"
	"net/http/httptest"
)

type greeter struct{ name string }

func (g *greeter) serve(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, g.name) }

// Run tells what came out.
func Run() string {
	var handlers []http.Handler
	for _, name := range []string{"a", "b"} {
		g := &greeter{name: name}
		handlers = append(handlers, http.HandlerFunc(g.serve)) // want closure-capture
	}
	said := ""
	for _, h := range handlers {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, nil)
		said += w.Body.String()
	}
	return said
}
