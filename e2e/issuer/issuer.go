package issuer

import (
	"context"
	"crypto"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options say what Start starts. The zero value is a plain http issuer with
// the one realm "labs64io", its users, and a key for every algorithm.
type Options struct {
	// Realms are the names of the realms; default "labs64io". A name may hold any
	// letter, it is percent-encoded in addresses.
	Realms []string
	// Algorithms are what the first realm has keys for, in this order; it
	// signs with the first. Default: all of Algorithms. Further realms have a
	// key of their own for the first one only.
	Algorithms []string
	// Users and Clients of every realm; default DemoUsers and DemoClients.
	// The first client is the one that Realm.Access uses.
	Users   []User
	Clients []Client
	// Addr is the address to listen on, on loopback; default a free port
	// that survives Down and Up.
	Addr string
	// TLS serves https with a certificate of its own CA, whose certificate
	// is written to CAFile.
	TLS bool
	// PublicURL, for example "https://sso.example.org", is what the realms
	// call themselves instead of their address on loopback, as with
	// KC_HOSTNAME.
	PublicURL string
	// InnerLinks makes the links in the discovery document lead to the
	// address on loopback although PublicURL is set, as with
	// KC_HOSTNAME_BACKCHANNEL_DYNAMIC.
	InnerLinks bool
	// Now is the issuer's clock; default time.Now.
	Now func() time.Time
}

// Issuer is a running issuer.
type Issuer struct {
	// URL is the issuer identifier of the first realm.
	URL string
	// CAFile is the PEM file with the CA's certificate, with Options.TLS.
	CAFile string

	base       string // scheme and address on loopback
	public     string // what the realms call themselves
	innerLinks bool
	addr       string
	now        func() time.Time
	realms     []*Realm
	dir        string
	identity   *identity // nil without TLS

	mu          sync.Mutex
	server      *http.Server // nil while down
	served      chan struct{}
	connections int
	protocols   map[string]int
	pool        []int // numbers of the fixed RSA keys that are not taken yet
	closed      bool
}

// Start starts an issuer. Close ends it.
func Start(o Options) (*Issuer, error) {
	if len(o.Realms) == 0 {
		o.Realms = []string{"labs64io"}
	}
	if len(o.Algorithms) == 0 {
		o.Algorithms = Algorithms
	}
	if o.Users == nil {
		o.Users = DemoUsers()
	}
	if o.Clients == nil {
		o.Clients = DemoClients()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	i := &Issuer{
		now:        o.Now,
		innerLinks: o.InnerLinks,
		protocols:  map[string]int{},
		// Number 2 is the key of several algorithms, 9 and 10 are a stranger's.
		pool: []int{1, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20},
	}
	for n, name := range o.Realms {
		algorithms := o.Algorithms
		if n > 0 {
			algorithms = algorithms[:1]
		}
		i.realms = append(i.realms, i.newRealm(name, algorithms, o))
	}
	listener, err := listen(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	i.addr = listener.Addr().String()
	scheme := "http://"
	if o.TLS {
		scheme = "https://"
		if err := i.prepareTLS(); err != nil {
			listener.Close()
			return nil, fmt.Errorf("issuer: %w", err)
		}
	}
	i.base = scheme + i.addr
	i.public = strings.TrimSuffix(o.PublicURL, "/")
	if i.public == "" {
		i.public = i.base
	}
	i.URL = i.realms[0].URL()
	i.serve(listener)
	return i, nil
}

// MustStart is Start for tests, where an error is the end.
func MustStart(o Options) *Issuer {
	i, err := Start(o)
	if err != nil {
		panic(err)
	}
	return i
}

// Close ends the issuer and removes its files.
func (i *Issuer) Close() error {
	i.Down()
	i.mu.Lock()
	i.closed = true
	i.mu.Unlock()
	if i.dir != "" {
		return os.RemoveAll(i.dir)
	}
	return nil
}

// Default is the first realm.
func (i *Issuer) Default() *Realm { return i.realms[0] }

// Realm is the realm of that name. It panics when there is none.
func (i *Issuer) Realm(name string) *Realm {
	for _, r := range i.realms {
		if r.Name == name {
			return r
		}
	}
	panic(fmt.Sprintf("issuer: no realm %q", name))
}

// Base is the address on loopback without a path, such as
// http://127.0.0.1:20123.
func (i *Issuer) Base() string { return i.base }

// Down closes the listener and every connection: from now on connections are
// refused, until Up.
func (i *Issuer) Down() {
	i.mu.Lock()
	server, served := i.server, i.served
	i.server = nil
	i.mu.Unlock()
	if server != nil {
		_ = server.Close()
		<-served
	}
}

// Up makes a downed issuer come back on the same port.
func (i *Issuer) Up() error {
	i.mu.Lock()
	down, closed := i.server == nil, i.closed
	i.mu.Unlock()
	if closed {
		return errors.New("issuer: already closed")
	}
	if !down {
		return nil
	}
	listener, err := net.Listen("tcp", i.addr)
	if err != nil {
		return fmt.Errorf("issuer: come back: %w", err)
	}
	i.serve(listener)
	return nil
}

// Count is how often the endpoint was asked in all realms together.
func (i *Issuer) Count(e Endpoint) int {
	n := 0
	for _, r := range i.realms {
		n += r.Count(e)
	}
	return n
}

// ResetCounts forgets what all realms were asked, and the connections.
func (i *Issuer) ResetCounts() {
	for _, r := range i.realms {
		r.ResetCounts()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.connections = 0
	clear(i.protocols)
}

// Connections is how many connections were accepted.
func (i *Issuer) Connections() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.connections
}

// Protocol is how many requests came in the protocol, such as "HTTP/2.0".
func (i *Issuer) Protocol(name string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.protocols[name]
}

// Stranger is a key for the algorithm that no realm ever publishes by
// itself: what a forger has.
func Stranger(alg string) *Key {
	name := "rsa-9"
	switch alg {
	case "ES256":
		name = "ec-256-2"
	case "ES384":
		name = "ec-384-2"
	case "ES512":
		name = "ec-521-2"
	case "EdDSA":
		name = "ed25519-2"
	}
	return Load(name, alg)
}

func (i *Issuer) newRealm(name string, algorithms []string, o Options) *Realm {
	r := &Realm{
		Name:    name,
		issuer:  i,
		users:   o.Users,
		clients: o.Clients,
		secret:  HMAC("HS512", []byte("the realm's secret, sixty-four bytes or more, as Keycloak's own is")).WithID(uuid()),
		answers: map[Endpoint]Answer{},
		asked:   map[Endpoint][]time.Time{},
		open:    map[Endpoint]int{},
		peak:    map[Endpoint]int{},
	}
	// Keycloak lists the key for encryption beside or before the others; it
	// comes first here because that is where it trips a careless reader.
	keys := []*Key{Load("rsa-enc", "RSA-OAEP").WithUse("enc")}
	for n, alg := range algorithms {
		keys = append(keys, i.firstKey(alg, n == 0))
	}
	r.Publish(keys...)
	return r
}

// firstKey is the key that a realm starts with for an algorithm. The active
// one is the realm's own; the further RSA algorithms share one key and one
// kid, as when Keycloak has the same key registered for several.
func (i *Issuer) firstKey(alg string, active bool) *Key {
	if len(i.realms) > 0 {
		return NewKey(i.nextKey(alg), alg)
	}
	switch alg {
	case "ES256":
		return Load("ec-256-1", alg)
	case "ES384":
		return Load("ec-384-1", alg)
	case "ES512":
		return Load("ec-521-1", alg)
	case "EdDSA":
		return Load("ed25519-1", alg)
	}
	if active {
		return NewKey(i.nextKey(alg), alg)
	}
	return Load("rsa-2", alg)
}

// nextKey is a private key that no realm of this issuer has yet.
func (i *Issuer) nextKey(alg string) crypto.Signer {
	i.mu.Lock()
	defer i.mu.Unlock()
	if (alg[:2] == "RS" || alg[:2] == "PS") && len(i.pool) > 0 {
		name := fmt.Sprintf("rsa-%d", i.pool[0])
		i.pool = i.pool[1:]
		return Load(name, alg).Private
	}
	private, err := generate(alg)
	if err != nil {
		panic(fmt.Sprintf("issuer: generate a key for %s: %v", alg, err))
	}
	return private
}

func (i *Issuer) serve(listener net.Listener) {
	server := &http.Server{
		Handler:           http.HandlerFunc(i.route),
		ReadHeaderTimeout: 10 * time.Second,
		// Handshakes that fail are part of the stories, not news.
		ErrorLog: log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				i.mu.Lock()
				i.connections++
				i.mu.Unlock()
			}
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	server.BaseContext = func(net.Listener) context.Context { return ctx }
	served := make(chan struct{})
	i.mu.Lock()
	i.server, i.served = server, served
	i.mu.Unlock()
	go func() {
		defer close(served)
		// A handler that hangs must end with the server.
		defer cancel()
		if i.identity == nil {
			_ = server.Serve(listener)
			return
		}
		server.TLSConfig = &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: i.identity.get,
		}
		_ = server.ServeTLS(listener, "", "")
	}()
}

// route finds realm and endpoint by the path as it was sent: names are
// compared in their encoded form, as two realms differ in case only.
func (i *Issuer) route(w http.ResponseWriter, req *http.Request) {
	i.mu.Lock()
	i.protocols[req.Proto]++
	i.mu.Unlock()
	for _, realm := range i.realms {
		rest, ok := strings.CutPrefix(req.URL.EscapedPath(), realm.path())
		if !ok {
			continue
		}
		for endpoint := range paths {
			if rest == realm.at(endpoint) {
				realm.serve(endpoint, w, req)
				return
			}
		}
	}
	writeJSON(w, http.StatusNotFound, map[string]any{"error": "Realm does not exist"})
}

func (r *Realm) serve(e Endpoint, w http.ResponseWriter, req *http.Request) {
	right := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch e {
		case Discovery:
			writeRaw(w, r.discovery())
		case Certs:
			writeRaw(w, r.certs())
		case Tokens:
			r.serveToken(w, req)
		}
	})
	answer, end := r.begin(e)
	defer end()
	if answer != nil {
		answer(w, req, right)
		return
	}
	right(w, req)
}

func writeRaw(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-cache")
	}
	_, _ = w.Write(body)
}

// listen takes a port below the range that outgoing connections use, so that
// none of them can hold it when the issuer comes back.
func listen(addr string) (net.Listener, error) {
	if addr != "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
			return nil, fmt.Errorf("listen on %q: only loopback is allowed", addr)
		}
		return net.Listen("tcp", addr)
	}
	var last error
	for range 50 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000)))
		if err == nil {
			return l, nil
		}
		last = err
	}
	return nil, last
}

// prepareTLS makes the CA and writes it where CAFile says.
func (i *Issuer) prepareTLS() error {
	dir, err := os.MkdirTemp("", "authproxy-issuer-")
	if err != nil {
		return err
	}
	i.dir = dir
	i.CAFile = filepath.Join(dir, "ca.pem")
	i.identity = &identity{}
	return i.RenewTLS()
}

// RenewTLS takes a new CA and a new certificate, and writes CAFile anew.
// Connections that are open go on.
func (i *Issuer) RenewTLS() error {
	ca, err := i.identity.renew()
	if err != nil {
		return err
	}
	// A reader must never see half a file.
	next := i.CAFile + ".next"
	if err := os.WriteFile(next, ca, 0o644); err != nil {
		return err
	}
	return os.Rename(next, i.CAFile)
}

// WrongCA writes a CA file that has nothing to do with the issuer, for the
// story of a wrong caFile, and returns its path.
func (i *Issuer) WrongCA() (string, error) {
	if i.dir == "" {
		return "", errors.New("issuer: started without TLS")
	}
	var other identity
	ca, err := other.renew()
	if err != nil {
		return "", err
	}
	file := filepath.Join(i.dir, "wrong-ca.pem")
	return file, os.WriteFile(file, ca, 0o644)
}
