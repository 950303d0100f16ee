// Package good makes them in a function, and sorts in the loop.
package good

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sort"
)

func handler(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, name)
	})
}

// Run tells what came out.
func Run() string {
	var handlers []http.Handler
	for _, name := range []string{"a", "b"} {
		handlers = append(handlers, handler(name))
		list := []string{name, ""}
		sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
	}
	said := ""
	for _, h := range handlers {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, nil)
		said += w.Body.String()
	}
	return said
}
