// Package bad keeps the next handler's method.
package bad

import (
	"fmt"
	"net/http"
	"net/http/httptest"
)

// Run tells what came out.
func Run() string {
	next := http.NotFoundHandler()
	serve := next.ServeHTTP // want method-value
	w := httptest.NewRecorder()
	serve(w, httptest.NewRequest("GET", "/", nil))
	return fmt.Sprint(w.Code)
}
