// Command gateway is the process of a stories.PluginGateway: the plugin,
// compiled or interpreted, behind a server on loopback. StartPlugin builds and
// runs it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"sync/atomic"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/stories"
)

func main() {
	if err := serve(os.Getenv(stories.WayEnv)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The end of standard input is the end of the program that started this one.
	_, _ = os.Stdin.Read(make([]byte, 1))
}

// serve starts the server and says where it is.
func serve(way string) error {
	s := &server{plugin: host.Compiled(), end: func() {}}
	if way == stories.Interpreted {
		var err error
		if s.plugin, err = host.Interpreted(os.Getenv(stories.CheckoutEnv), os.Stdout, os.Stderr); err != nil {
			return err
		}
	}
	s.handlers.Store(map[string]http.Handler{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: time.Minute,
		// Clients that go away are part of the stories, not news.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() { _ = h.Serve(listener) }() // ends with the process
	if err := os.WriteFile(stories.AddressFile+".next", []byte(listener.Addr().String()), 0o644); err != nil {
		return err
	}
	return os.Rename(stories.AddressFile+".next", stories.AddressFile)
}

// server is what runs in the process.
type server struct {
	plugin   *host.Plugin
	echo     backend.Echo
	handlers atomic.Value // map[string]http.Handler, by Host header
	end      func()       // of what New was given last; used by one request at a time
}

// ServeHTTP sends a request to its router.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host == stories.ControlHost {
		s.control(w, r)
		return
	}
	h := s.handlers.Load().(map[string]http.Handler)[r.Host]
	if h == nil {
		http.NotFound(w, r)
		return
	}
	h.ServeHTTP(w, r)
}

// control answers requests to the process itself.
func (s *server) control(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		pprof.Index(w, r)
		return
	}
	var routes []stories.Route
	err := json.NewDecoder(r.Body).Decode(&routes)
	if err == nil {
		err = s.apply(routes)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// apply makes the middlewares of all routers anew, in Traefik's order: the
// former ones' context ends first, and they serve until the new ones are
// there.
func (s *server) apply(routes []stories.Route) error {
	s.end()
	ctx, cancel := context.WithCancel(context.Background())
	s.end = cancel
	handlers := map[string]http.Handler{}
	for _, route := range routes {
		text, err := route.Section()
		if err != nil {
			return err
		}
		config, err := host.Config(text)
		if err != nil {
			return err
		}
		for n := range route.Count() {
			h, err := s.plugin.New(ctx, &s.echo, config, route.Middleware()+"@file")
			if err != nil {
				return fmt.Errorf("%s: %w", route.Host, err)
			}
			handlers[route.RouterHost(n)] = host.Guard(h, func(err *host.PanicError) {
				fmt.Fprintln(os.Stderr, err)
			})
		}
	}
	s.handlers.Store(handlers)
	return nil
}
