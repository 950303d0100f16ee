package catalog

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// hashHeader carries the hash of the archive that Traefik has.
const hashHeader = "X-Plugin-Hash"

// Registry stands in for the catalog's registry, wherever Traefik looks for
// it: it is a proxy on loopback that answers for every host. Traefik asks
//
//	GET /public/download/MODULE/VERSION    for the archive
//	GET /public/validate/MODULE/VERSION    whether the archive's hash is known,
//	                                       where its configuration has none
//
// Its methods may be used by several goroutines.
type Registry struct {
	module, version string
	archive         Archive

	dir     string // of the authority's certificate
	issuer  authority
	proxy   string // the proxy's address
	servers []*http.Server
	wait    sync.WaitGroup

	mu    sync.Mutex
	asked []string
}

// StartRegistry serves an archive as a version of a module, and nothing else,
// until Close.
func StartRegistry(module, version string, a Archive) (*Registry, error) {
	r := &Registry{module: module, version: version, archive: a}
	if err := r.start(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Registry) start() error {
	var err error
	if r.dir, err = os.MkdirTemp("", "traefik-authproxy-registry-"); err != nil {
		return err
	}
	if err := r.issuer.make(); err != nil {
		return err
	}
	if err := os.WriteFile(r.caFile(), r.issuer.pem(), 0o644); err != nil {
		return err
	}
	registry, err := r.listen(r.serve)
	if err != nil {
		return err
	}
	r.proxy, err = r.listen(func(w http.ResponseWriter, req *http.Request) { tunnel(w, req, registry) })
	return err
}

// listen serves on a free port: TLS for the registry, which is the first one
// to listen.
func (r *Registry) listen(handle http.HandlerFunc) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handle, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	addr := l.Addr().String()
	if len(r.servers) == 0 {
		l = tls.NewListener(l, &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return r.issuer.issue(hello.ServerName)
		}})
	}
	r.servers = append(r.servers, server)
	r.wait.Go(func() { _ = server.Serve(l) }) // until Close
	return addr, nil
}

// Close ends it.
func (r *Registry) Close() error {
	var err error
	for _, server := range r.servers {
		err = errors.Join(err, server.Close())
	}
	r.wait.Wait()
	return errors.Join(err, os.RemoveAll(r.dir))
}

func (r *Registry) caFile() string { return filepath.Join(r.dir, "ca.pem") }

// Env is the environment in which a process takes it for the registry.
// Loopback is still reached without it.
func (r *Registry) Env() []string {
	return []string{
		"HTTPS_PROXY=http://" + r.proxy,
		"NO_PROXY=127.0.0.1",
		"SSL_CERT_FILE=" + r.caFile(),
	}
}

// Asked returns what was asked for since the last call, each with the hash
// that came along, if any, and the answer's status: "validate HASH: 200".
func (r *Registry) Asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.asked = nil }()
	return r.asked
}

// tunnel connects whoever wants to any host with addr.
func tunnel(w http.ResponseWriter, req *http.Request, addr string) {
	if req.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	upstream, err := net.Dial("tcp", addr)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer upstream.Close()
	client, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer client.Close()
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(upstream, buffered) // ends with either connection
		upstream.Close()
	}()
	_, _ = io.Copy(client, upstream)
}

// serve answers as the registry does.
func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	what, module, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/public/"), "/")
	hash := req.Header.Get(hashHeader)
	status := http.StatusOK
	switch {
	case req.Method != http.MethodGet, module != r.module+"/"+r.version, what != "download" && what != "validate":
		status = http.StatusNotFound
	case what == "validate" && hash != r.archive.Hash():
		status = http.StatusNotFound
	}
	r.mu.Lock()
	r.asked = append(r.asked, strings.TrimSpace(what+" "+hash)+": "+strconv.Itoa(status))
	r.mu.Unlock()
	w.WriteHeader(status)
	if what == "download" && status == http.StatusOK {
		_, _ = w.Write(r.archive.Content) // the client sees what is missing
	}
}
