// Package bad makes handlers in a loop, each with a copy of its name.
package bad

import (
	"fmt"
	"net/http"
	"net/http/httptest"
)

// Run tells what came out.
func Run() string {
	var handlers []http.Handler
	for _, name := range []string{"a", "b"} {
		name := name
		handlers = append(handlers, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // want closure-capture
			fmt.Fprint(w, name)
		}))
	}
	said := ""
	for _, h := range handlers {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, nil)
		said += w.Body.String()
	}
	return said
}
