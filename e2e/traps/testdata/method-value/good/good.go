// Package good writes closures.
package good

import (
	"fmt"
	"net/http"
	"net/http/httptest"
)

// Run tells what came out.
func Run() string {
	next := http.NotFoundHandler()
	serve := func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) }
	w := httptest.NewRecorder()
	serve(w, httptest.NewRequest("GET", "/", nil))
	return fmt.Sprint(w.Code)
}
