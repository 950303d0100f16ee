// Package good writes closures, and keeps a method of an interpreted package.
package good

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/golang-jwt/jwt/v5"
)

var checks = map[string]func(signed string, signature []byte, key any) error{"HS256": jwt.SigningMethodHS256.Verify}

// Run tells what came out.
func Run() string {
	next := http.NotFoundHandler()
	serve := func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) }
	w := httptest.NewRecorder()
	serve(w, httptest.NewRequest("GET", "/", nil))
	signature, err := jwt.SigningMethodHS256.Sign("a", []byte("key"))
	if err != nil {
		return err.Error()
	}
	check := checks["HS256"]
	if check("a", signature, []byte("key")) != nil || check("b", signature, []byte("key")) == nil {
		return "another method"
	}
	return fmt.Sprint(w.Code)
}
