package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/gobuild"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// examples is the folder whose manifests are tried.
const examples = "../../examples/kubernetes"

const (
	// publicName is Keycloak's public address in the manifests, and innerName
	// the one within the cluster.
	publicName = "https://auth.example.com"
	innerName  = "keycloak.keycloak.svc:8080"
	// mappingDir is where the manifests mount the policy.
	mappingDir = "/etc/authproxy"
	// publicHost is the host of the route in the manifests.
	publicHost = "api.example.com"
)

// site is what all tests share: a cluster that holds the manifests, an issuer
// as its Keycloak, two services of which one is the echo service's pod, and two
// Traefiks.
var site struct {
	server    *Server
	issuer    *issuer.Issuer
	names     *Names
	services  [2]*backend.Backend
	mount     Mount
	replicas  []*traefik.Process
	manifests []Document // as written

	// For the closing line: requests during changes of endpoints, and how
	// often the issuer was asked for the discovery document and the keys.
	good, failed int
	asked        string
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubernetes:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	// A build may be part of it, where nobody has run cmd/kubernetes before.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	var closers []func() error
	defer func() {
		for i := range closers {
			err = errors.Join(err, closers[len(closers)-1-i]())
		}
	}()
	bin, err := Build(ctx, os.Stdout)
	if err != nil {
		return 1, err
	}
	begin := time.Now()
	if site.server, err = Start(ctx, bin); err != nil {
		return 1, err
	}
	closers = append(closers, site.server.Stop)

	site.issuer, err = issuer.Start(issuer.Options{Realms: []string{"labs64io", "stage", "counted"}, PublicURL: publicName})
	if err != nil {
		return 1, err
	}
	closers = append(closers, site.issuer.Close)
	for _, name := range []string{"labs64io", "stage", "counted"} {
		answerWithin(site.issuer.Realm(name))
	}
	if site.names, err = StartNames(map[string]string{innerName: site.issuer.Base()}); err != nil {
		return 1, err
	}
	closers = append(closers, site.names.Close)
	for i := range site.services {
		if site.services[i], err = backend.Start(); err != nil {
			return 1, err
		}
		closers = append(closers, site.services[i].Close)
	}
	dir, err := os.MkdirTemp("", "traefik-authproxy-mount-")
	if err != nil {
		return 1, err
	}
	closers = append(closers, func() error { return os.RemoveAll(dir) })
	site.mount.Dir = dir

	if err := install(ctx); err != nil {
		return 1, err
	}
	args, err := deploymentArgs("traefik-local.yaml")
	if err != nil {
		return 1, err
	}
	for range 2 {
		p, err := startReplica(ctx, args, "")
		if err != nil {
			return 1, err
		}
		closers = append(closers, func() error { return stopReplica(p) })
		site.replicas = append(site.replicas, p)
	}
	started := time.Since(begin)
	code = m.Run()
	version, versionErr := traefik.Version(ctx, site.replicas[0].Binary())
	fmt.Printf("kubernetes example: API server %s with two Traefik %s; while endpoints change, %d good requests of which %d failed; discovery document and keys asked for: %s; started in %s, all in %s\n",
		Version, version, site.good, site.failed, site.asked, started.Round(100*time.Millisecond), time.Since(begin).Round(100*time.Millisecond))
	return code, versionErr
}

// answerWithin makes a realm's discovery document name addresses within the
// cluster, as Keycloak does with KC_HOSTNAME_BACKCHANNEL_DYNAMIC.
func answerWithin(r *issuer.Realm) {
	r.EditDiscovery(func(document map[string]any) {
		certs, _ := document["jwks_uri"].(string)
		document["jwks_uri"] = strings.Replace(certs, publicName, "http://"+innerName, 1)
	})
}

// install applies Traefik's own definitions, then the manifests as written by
// the page's own commands, and does what controllers and kubelets do in a
// whole cluster.
func install(ctx context.Context) error {
	admin := site.server.Admin
	if err := applyDefinitions(ctx, admin); err != nil {
		return err
	}
	if err := runCommands(ctx, "TestMain"); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(examples, "manifests", "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range append(files, filepath.Join(examples, "traefik-local.yaml")) {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		documents, err := Documents(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		site.manifests = append(site.manifests, documents...)
	}
	// Every namespace has this account.
	if _, err := admin.Apply(ctx, []byte("{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: labs64}}")); err != nil {
		return err
	}
	if err := applyEndpoint(ctx, site.services[0]); err != nil {
		return err
	}
	stored, err := admin.Get(ctx, manifest("ConfigMap", "role-mapping"))
	if err != nil {
		return err
	}
	if err := site.mount.Project(stored); err != nil {
		return err
	}
	// The pods' folder is another one on this machine.
	route, err := readRoute()
	if err != nil {
		return err
	}
	return route.apply(ctx)
}

// applyDefinitions applies the definitions of Traefik's kinds, from the module
// of the Traefik that runs.
func applyDefinitions(ctx context.Context, c *Client) error {
	dir, err := gobuild.Download(ctx, ".", "github.com/traefik/traefik/v3", traefik.DefaultVersion)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml"))
	if err != nil {
		return err
	}
	_, err = c.Apply(ctx, text)
	return err
}

// applyEndpoint writes the slice of the echo service with one of the two
// services on this machine as its only pod.
func applyEndpoint(ctx context.Context, service *backend.Backend) error {
	_, port, ok := strings.Cut(strings.TrimPrefix(service.URL, "http://"), ":")
	if !ok {
		return fmt.Errorf("no port in %s", service.URL)
	}
	// Loopback is no address that the API server lets an endpoint have; as a
	// name it passes.
	_, err := site.server.Admin.Apply(ctx, fmt.Appendf(nil, `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: echo
  namespace: labs64
  labels: {kubernetes.io/service-name: echo}
addressType: FQDN
ports: [{name: http, port: %s}]
endpoints: [{addresses: [127.0.0.1], conditions: {ready: true, serving: true}}]
`, port))
	return err
}

// manifest is an object of the manifests as written.
func manifest(kind, name string) Object {
	for _, d := range site.manifests {
		if d.Object.Kind() == kind && d.Object.Name() == name {
			return d.Object
		}
	}
	panic("no " + kind + " " + name)
}

// read returns a file of the examples.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examples, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
