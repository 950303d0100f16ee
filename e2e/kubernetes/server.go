package kubernetes

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Server is a running API server with an etcd of its own, both on loopback.
// All that it knows goes away with Stop.
type Server struct {
	// URL is the API server's address, such as https://127.0.0.1:20123.
	URL string
	// CAFile is the PEM file with the certificate that vouches for it.
	CAFile string
	// Admin is a client that may do everything.
	Admin *Client

	bin, dir  string
	etcd, api *process
}

// startTries is how often Start takes new ports: a free port can be taken by
// somebody else between the moment it was found and the process's listening.
const startTries = 3

// readyWithin bounds one try of Start. The API server takes a few seconds, and
// several times that on a machine that is busy building.
const readyWithin = 2 * time.Minute

// Start runs a binary of Build's and waits until it is ready.
func Start(ctx context.Context, bin string) (*Server, error) {
	var err error
	for range startTries {
		var s *Server
		if s, err = start(ctx, bin); err == nil {
			return s, nil
		}
		if !strings.Contains(err.Error(), "address already in use") {
			break
		}
	}
	return nil, fmt.Errorf("start kubernetes: %w", err)
}

// start is one try of Start.
func start(ctx context.Context, bin string) (*Server, error) {
	dir, err := os.MkdirTemp("", "traefik-authproxy-kubernetes-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, CAFile: filepath.Join(dir, "certs", "apiserver.crt")}
	err = s.launch()
	if err == nil {
		err = s.ready(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// launch starts etcd and the API server.
func (s *Server) launch() error {
	addrs, err := freeAddrs(3)
	if err != nil {
		return err
	}
	client, peer, api := "http://"+addrs[0], "http://"+addrs[1], addrs[2]
	s.etcd, err = launch("etcd", s.dir, s.bin, "etcd",
		"--data-dir=data", "--unsafe-no-fsync", "--logger=zap", "--log-level=warn",
		"--listen-client-urls="+client, "--advertise-client-urls="+client,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer)
	if err != nil {
		return err
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	token := hex.EncodeToString(secret)
	accounts, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"tokens.csv":   []byte(token + ",admin,admin,system:masters\n"),
		"accounts.pem": pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(accounts)}),
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	host, port, err := net.SplitHostPort(api)
	if err != nil {
		return err
	}
	s.api, err = launch("kube-apiserver", s.dir, s.bin, "kube-apiserver",
		"--etcd-servers="+client, "--bind-address="+host, "--advertise-address="+host, "--secure-port="+port,
		"--cert-dir=certs", "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.96.0.0/16",
		"--authorization-mode=RBAC", "--token-auth-file=tokens.csv",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=accounts.pem", "--service-account-signing-key-file=accounts.pem")
	if err != nil {
		return err
	}
	s.URL = "https://" + api
	s.Admin = &Client{url: s.URL, token: token}
	return nil
}

// ready waits until the API server says so.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		// It makes its certificate when it starts.
		err := s.Admin.trust(s.CAFile)
		if err == nil {
			_, err = s.Admin.do(ctx, http.MethodGet, "/readyz", "", nil)
		}
		if err == nil {
			return nil
		}
		for _, p := range []*process{s.etcd, s.api} {
			if p.ended() {
				return p.failure(errors.Join(errors.New("it ended before it was ready"), p.err))
			}
		}
		select {
		case <-ctx.Done():
			return s.api.failure(errors.Join(ctx.Err(), err))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop ends both processes and removes their folder.
func (s *Server) Stop() error {
	var err error
	for _, p := range []*process{s.api, s.etcd} {
		if p != nil {
			err = errors.Join(err, p.stop())
		}
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// freeAddrs finds ports of the loopback interface that nobody listens on.
func freeAddrs(n int) ([]string, error) {
	var addrs []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() // all at the end, so that they differ
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}
