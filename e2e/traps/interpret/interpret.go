// Package interpret runs a snippet of the traps' test data as Traefik runs a
// plugin. The tests compile it into a program of its own, so that a snippet may
// end its process.
package interpret

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// Snippet loads a package below a GOPATH, calls its function Run, and tells in
// one line what came out: "said: " and the result, "refused: " where it does
// not load, or "panicked: ".
func Snippet(gopath, name string) string {
	// What stands in Traefik's process belongs to Traefik.
	http.DefaultClient.Timeout = 7 * time.Second
	http.DefaultTransport = traefiks{}
	i := interp.New(interp.Options{GoPath: gopath, Env: os.Environ()})
	if err := i.Use(stdlib.Symbols); err != nil {
		return "refused: " + err.Error()
	}
	if _, err := i.Eval(fmt.Sprintf("import %q", name)); err != nil {
		return "refused: " + firstLine(err.Error())
	}
	said, err := i.Eval(path.Base(name) + ".Run()")
	if err != nil {
		return "panicked: " + firstLine(err.Error())
	}
	return "said: " + said.String()
}

// traefiks is the transport that other parts of Traefik would share.
type traefiks struct{}

func (traefiks) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("sent by traefik's transport")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
