package keycloak

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// site is what all tests share: one Keycloak, one Traefik with the plugin and
// one service behind it.
var site struct {
	keycloak *Server
	traefik  *traefik.Process
	service  *backend.Backend
	certs    *certificates
	rsaKey   *rsa.PrivateKey
	realm    *Realm // of the examples' realm file
	guards   []*guard
	tried    tally
	missing  error // why there is no Keycloak
}

// need skips a test where there is no Keycloak to be had. With CI=true none is
// skipped: there, its absence is a failure.
func need(t *testing.T) {
	t.Helper()
	if site.missing != nil {
		t.Skip(site.missing)
	}
}

// realmFile is the realm file of the examples: what users start with is what
// is tested.
const realmFile = "../../examples/keycloak/realm.json"

// static lets Traefik end when the plugin does not load, rather than answer 404
// to every test.
const static = "experimental: {abortOnPluginFailure: true}"

func TestMain(m *testing.M) {
	if os.Getenv(parentEnv) != "" {
		fmt.Fprintln(os.Stderr, beParent())
		os.Exit(1)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "keycloak:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := Available(ctx); err != nil {
		if errors.Is(err, ErrMissing) && os.Getenv("CI") != "true" {
			site.missing = err
			fmt.Println("NOT RUN: the tests with a real Keycloak:", err)
			return m.Run(), nil
		}
		return 1, err
	}

	begin := time.Now()
	dir, err := os.MkdirTemp("", "traefik-authproxy-certificates-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if site.rsaKey, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return 1, err
	}
	if site.certs, err = makeCertificates(dir); err != nil {
		return 1, err
	}
	file, err := os.ReadFile(filepath.FromSlash(realmFile))
	if err != nil {
		return 1, err
	}
	site.keycloak, err = Start(ctx, Options{
		Realms:   [][]byte{file},
		CertFile: site.certs.serverCert, KeyFile: site.certs.serverKey, ClientCAFile: site.certs.ca,
	})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, site.keycloak.Close()) }()
	site.realm = site.keycloak.Realm("labs64io")
	started := time.Since(begin)

	if site.service, err = backend.Start(); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, site.service.Close()) }()
	if site.traefik, err = traefik.Start(ctx, traefik.Options{Static: static, Dynamic: dynamic()}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, site.traefik.Stop()) }()

	code = m.Run()
	site.tried.print(os.Stdout)
	version, versionErr := traefik.Version(ctx, site.traefik.Binary())
	if versionErr != nil {
		return 1, versionErr
	}
	fmt.Printf("real keycloak: %s through Traefik %s: %d tokens, %d kinds and situations, %d requests; Keycloak started in %s, all in %s\n",
		Version, version, site.tried.tokens(), len(site.tried.kinds), site.tried.requests(),
		started.Round(100*time.Millisecond), time.Since(begin).Round(100*time.Millisecond))
	return code, nil
}
