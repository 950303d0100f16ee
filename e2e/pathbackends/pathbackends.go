// Package pathbackends starts real backends that disagree with Traefik, and
// with each other, about what a request path says, and holds a corpus of
// request targets that try to make use of it.
//
// Each backend serves the same four areas: /api/v1/admin and everything below
// it, /api/v1/auditflow likewise, /public likewise, and /health. Each answer
// names the area whose handler was really reached, as "reached: AREA" in the
// body. A policy that protects the first two is beaten when a request that
// lacks the role gets an answer from one of them, whatever the path looked
// like on the way.
//
// The backends are applications of ordinary make: Go's net/http, Node, Python,
// Java, nginx and Apache httpd, some of them more than once with the switches
// that people turn on. They listen on the loopback interface only.
package pathbackends

import (
	"errors"
	"io"
	"strings"
)

// Area is a part of a backend, as the backend itself names it in its answer.
type Area string

// The areas that every backend serves; None is an answer from no area.
const (
	None      Area = "none"
	Admin     Area = "admin"
	Auditflow Area = "auditflow"
	Public    Area = "public"
	Health    Area = "health"
)

// prefixes are the areas' paths, in the order in which the Go backends try them.
var prefixes = []struct {
	path string
	area Area
}{
	{"/api/v1/admin", Admin},
	{"/api/v1/auditflow", Auditflow},
	{"/public", Public},
	{"/health", Health},
}

// Backend is one running server.
type Backend struct {
	// Name says which server, and in which setting, e.g. "tomcat-lax".
	Name string
	// Addr is its address on the loopback interface, host:port.
	Addr string
	// FoldsCase tells that the server takes /API for /api: a policy in front of
	// it needs caseInsensitivePaths.
	FoldsCase bool
}

// Family is a group of backends that start and stop together.
type Family struct {
	// Name is the language or the server, e.g. "java".
	Name string
	// Backends are the servers, ready to answer.
	Backends []Backend

	stop func()
}

// Stop ends the family's servers. It may be called once.
func (f *Family) Stop() {
	if f.stop != nil {
		f.stop()
	}
}

// ErrMissing tells that a family cannot run here because a program is not
// installed. The wrapping error names the program and where it comes from.
var ErrMissing = errors.New("not installed")

// reachedMark stands before the area in an answer's body.
const reachedMark = "reached: "

// areaIn finds the area in an answer's body. A body that names none is no area's.
func areaIn(body []byte) Area {
	_, rest, ok := strings.Cut(string(body), reachedMark)
	if !ok {
		return None
	}
	word, _, _ := strings.Cut(rest, "\n")
	switch area := Area(word); area {
	case Admin, Auditflow, Public, Health:
		return area
	}
	return None
}

// answer is the body of an answer from an area.
func answer(w io.Writer, area Area) {
	_, _ = io.WriteString(w, reachedMark+string(area)+"\n")
}

// foldsCase names the servers that take a path in any case: Express and
// Fastify's lax setting, Spring's older matcher, Windows' file names, and
// nginx' ~* locations.
var foldsCase = map[string]bool{
	"express-4":      true,
	"express-5":      true,
	"fastify-lax":    true,
	"koa-router":     true,
	"nginx-regex":    true,
	"node-windows":   true,
	"spring-mvc-ant": true,
}
