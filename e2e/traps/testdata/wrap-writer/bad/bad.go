// Package bad passes a writer on that can flush.
package bad

import (
	"fmt"
	"net/http"
	"net/http/httptest"
)

type recorder struct {
	http.ResponseWriter // want wrap-writer
	status              int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Flush() {
	_ = http.NewResponseController(r.ResponseWriter).Flush()
}

// Run tells what came out.
func Run() string {
	w := httptest.NewRecorder()
	return fmt.Sprint(http.NewResponseController(&recorder{ResponseWriter: w}).Flush())
}
