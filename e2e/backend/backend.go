// Package backend is an echo service: it answers with what it was asked, so
// that a test can see what a middleware let through and with which headers.
//
// Echo is an http.Handler and serves as "next" in process; Start puts one
// behind a listener on loopback and sees the header names as they were
// written on the wire. Both also stream: a path that ends in "/sse" sends
// events, and a request with "Upgrade: echo" becomes a raw echo, to show that
// a middleware breaks neither.
package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Seen is one request as the backend saw it, and the JSON that it answers.
type Seen struct {
	// Count is how many requests had reached the backend, this one included.
	Count int `json:"count"`
	// Method is the request's method.
	Method string `json:"method"`
	// Target is the request target as received (RFC 9112, section 3.2), for
	// example "/a%2Fb?c".
	Target string `json:"target"`
	// Path is the target's path as Go reads it.
	Path string `json:"path"`
	// Proto is the protocol, such as "HTTP/1.1".
	Proto string `json:"proto"`
	// Host is the Host header.
	Host string `json:"host"`
	// Headers are the other headers, with names as Go writes them.
	Headers http.Header `json:"headers"`
	// Wire are the header lines as they stood on the wire, names and order
	// kept. Nil where the request came without a wire.
	Wire [][2]string `json:"wire,omitempty"`
	// Body is the length of the request's body in bytes.
	Body int64 `json:"body"`
}

// Named are the values of every header line whose name is the given one when
// each byte other than an ASCII letter or digit is read as "-" and case does
// not count: what a backend that folds X_User_Id and X.User.Id into
// X-User-Id would see.
func (s Seen) Named(name string) []string {
	var values []string
	want := fold(name)
	if s.Wire != nil {
		for _, line := range s.Wire {
			if fold(line[0]) == want {
				values = append(values, line[1])
			}
		}
		return values
	}
	for have, v := range s.Headers {
		if fold(have) == want {
			values = append(values, v...)
		}
	}
	return values
}

// Echo is the handler. Its zero value is ready for use, by many goroutines.
type Echo struct {
	mu    sync.Mutex
	count int
	last  Seen
}

// Count is how many requests have reached the backend since Reset.
func (e *Echo) Count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.count
}

// Last is the latest request; false when there was none since Reset.
func (e *Echo) Last() (Seen, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last, e.count > 0
}

// Reset forgets the requests so far.
func (e *Echo) Reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count, e.last = 0, Seen{}
}

// ServeHTTP answers 200 with what it saw.
func (e *Echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tape, _ := r.Context().Value(tapeKey{}).(*tape)
	upgrade := strings.EqualFold(r.Header.Get("Upgrade"), "echo")
	length := int64(0)
	if r.Body != nil && !upgrade {
		length, _ = io.Copy(io.Discard, r.Body) // a body cut short counts as far as it came
	}
	seen := Seen{
		Method: r.Method, Target: r.RequestURI, Path: r.URL.Path, Proto: r.Proto,
		Host: r.Host, Headers: r.Header.Clone(), Wire: tape.cut(), Body: length,
	}
	if seen.Target == "" {
		seen.Target = r.URL.RequestURI()
	}
	e.mu.Lock()
	e.count++
	seen.Count = e.count
	e.last = seen
	e.mu.Unlock()

	switch {
	case upgrade:
		tape.stop()
		echoUpgraded(w)
	case strings.HasSuffix(r.URL.Path, "/sse"):
		stream(w, r)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(seen) // a client that went away needs no answer
	}
}

// stream sends events of the server-sent kind, each flushed by itself. The
// query says how many (n, default 3) and how far apart (ms, default 20).
func stream(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil || n < 0 || n > 10000 {
		n = 3
	}
	ms, err := strconv.Atoi(r.URL.Query().Get("ms"))
	if err != nil || ms < 0 || ms > 10000 {
		ms = 20
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	control := http.NewResponseController(w)
	for i := range n {
		fmt.Fprintf(w, "data: %d\n\n", i+1)
		if control.Flush() != nil {
			return // a writer that cannot flush breaks the stream: it shows as a short one
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(time.Duration(ms) * time.Millisecond):
		}
	}
}

// echoUpgraded takes the connection over and sends back every byte.
func echoUpgraded(w http.ResponseWriter) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "cannot hijack: "+err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"); err != nil {
		return
	}
	_, _ = io.Copy(conn, buffered) // ends when either side closes
}

// Backend is an Echo behind a listener on loopback.
type Backend struct {
	*Echo
	// URL is its address, such as http://127.0.0.1:40123.
	URL string

	server *http.Server
	served chan error
}

// Start starts a backend on a free port of 127.0.0.1. Close ends it.
func Start() (*Backend, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("backend: %w", err)
	}
	echo := &Echo{}
	b := &Backend{
		Echo:   echo,
		URL:    "http://" + listener.Addr().String(),
		served: make(chan error, 1),
		server: &http.Server{
			Handler:           echo,
			ReadHeaderTimeout: 10 * time.Second,
			MaxHeaderBytes:    4 << 20, // tokens of 100 kB pass through here
			ConnContext: func(ctx context.Context, c net.Conn) context.Context {
				if recorded, ok := c.(*recordedConn); ok {
					return context.WithValue(ctx, tapeKey{}, recorded.tape)
				}
				return ctx
			},
		},
	}
	go func() { b.served <- b.server.Serve(recordingListener{listener}) }()
	return b, nil
}

// Close ends the backend and its connections, upgraded ones excepted: those
// end with their client.
func (b *Backend) Close() error {
	err := b.server.Close()
	if served := <-b.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func fold(name string) string {
	folded := []byte(name)
	for i, c := range folded {
		switch {
		case c >= 'A' && c <= 'Z':
			folded[i] = c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		default:
			folded[i] = '-'
		}
	}
	return string(folded)
}
