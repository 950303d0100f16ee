package kubernetes

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Names stands in for a cluster's name service: a proxy on loopback through
// which names of services lead to addresses of this machine. A process uses it
// by its variable HTTP_PROXY; what lies on loopback goes past it.
type Names struct {
	// URL is the proxy's address.
	URL string

	server *http.Server
	served chan error
	mu     sync.Mutex
	asked  []string // for names that are not there
}

// StartNames starts the proxy. The map leads from a service's host and port,
// such as "keycloak.keycloak.svc:8080", to an address such as
// http://127.0.0.1:20123.
func StartNames(services map[string]string) (*Names, error) {
	targets := map[string]*url.URL{}
	for name, address := range services {
		target, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		targets[name] = target
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &Names{URL: "http://" + listener.Addr().String(), served: make(chan error, 1)}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			target := targets[r.In.URL.Host]
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
		},
		Transport: &http.Transport{}, // without a proxy
		// Who is not there cannot be connected to; an answer of the proxy's
		// would be something else.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	n.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if targets[r.URL.Host] == nil {
			n.mu.Lock()
			n.asked = append(n.asked, fmt.Sprintf("%s %s", r.Method, r.URL))
			n.mu.Unlock()
			panic(http.ErrAbortHandler)
		}
		forward.ServeHTTP(w, r)
	})}
	go func() { n.served <- n.server.Serve(listener) }()
	return n, nil
}

// Unknown is what was asked of names that are not there.
func (n *Names) Unknown() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.asked)
}

// Close ends the proxy.
func (n *Names) Close() error {
	err := n.server.Close()
	if served := <-n.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
