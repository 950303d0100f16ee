package kubernetes

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestRoleMappingOfAConfigMap: a change of the ConfigMap is in force on both
// replicas once the mounted folder has it, and a broken one leaves the last
// good policy.
func TestRoleMappingOfAConfigMap(t *testing.T) {
	realm := site.issuer.Realm("labs64io")
	bob := realm.Access("bob").String()
	r := newRoute(t, "mapping", nil)
	const path = "/api/v1/admin"
	r.eventually(t, "as written", path, bob, http.StatusForbidden)

	admin := site.server.Admin
	original := manifest("ConfigMap", "role-mapping")
	project := func(t *testing.T, edit func(text string) string) {
		t.Helper()
		text, err := original.YAML()
		if err != nil {
			t.Fatal(err)
		}
		changed, err := admin.Apply(t.Context(), []byte(edit(string(text))))
		if err != nil {
			t.Fatal(err)
		}
		if err := site.mount.Project(changed[0]); err != nil {
			t.Fatal(err)
		}
	}
	before := reloadsOfAll(t)
	project(t, func(text string) string { return strings.Replace(text, "- admin-role", "- auditflow-role", 1) })
	r.eventually(t, "after the change", path, bob, http.StatusOK)
	project(t, func(text string) string { return strings.Replace(text, "- admin-role", "- [", 1) })
	for i, p := range site.replicas {
		until(t, "the broken policy is told of", func() bool {
			out, err := p.Stdout()
			return err == nil && strings.Contains(out, "role mapping is broken; the last good one stays")
		})
		if got := r.ask(t, p, path, bob); got.status != http.StatusOK {
			t.Errorf("replica %d, with a broken policy: status %d, want 200", i, got.status)
		}
	}
	project(t, func(text string) string { return text })
	r.eventually(t, "as before", path, bob, http.StatusForbidden)
	// By the file alone: none of this was a change that Traefik sees.
	if after := reloadsOfAll(t); after != before {
		t.Errorf("Traefik took %v configurations meanwhile, and %v before", after, before)
	}
	if links, err := os.ReadDir(site.mount.Dir); err != nil || len(links) != 3 {
		t.Errorf("the folder holds %v (%v), want a version, a link to it and a file", links, err)
	}
}

// reloadsOfAll are the numbers of both replicas.
func reloadsOfAll(t *testing.T) [2]int {
	t.Helper()
	var all [2]int
	for i, p := range site.replicas {
		n, err := reloads(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = n
	}
	return all
}

// TestValuesOfASecret: what middleware-from-secret.yaml takes from its Secret
// counts, and a change of the Secret too.
func TestValuesOfASecret(t *testing.T) {
	documents, err := Documents([]byte(read(t, "middleware-from-secret.yaml")))
	if err != nil || len(documents) != 2 {
		t.Fatalf("%d documents, %v", len(documents), err)
	}
	secret := documents[0].Object
	apply := func() {
		t.Helper()
		text, err := secret.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := site.server.Admin.Apply(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	apply()
	r := newRoute(t, "secret", func(r *route) {
		// The middleware as written, under this route's name.
		documents[1].Object.child("metadata")["name"] = r.middleware.Name()
		r.middleware = documents[1].Object
		if err := r.onThisMachine(); err != nil {
			t.Fatal(err)
		}
	})
	if urn := r.config().text("issuer"); urn != "urn:k8s:secret:keycloak:issuer" {
		t.Errorf("the middleware's issuer is %q", urn)
	}
	here, stage := site.issuer.Realm("labs64io"), site.issuer.Realm("stage")
	const path = "/api/v1/auditflow"
	r.eventually(t, "the Secret's issuer", path, here.Access("bob").String(), http.StatusOK)
	r.promised(t, here, site.replicas...)
	r.eventually(t, "another issuer", path, stage.Access("bob").String(), http.StatusUnauthorized)

	values := secret.child("stringData")
	for key := range values {
		values[key] = strings.Replace(values.text(key), "/realms/labs64io", "/realms/stage", 1)
	}
	apply()
	r.eventually(t, "the Secret's next issuer", path, stage.Access("bob").String(), http.StatusOK)
	r.eventually(t, "the one before", path, here.Access("bob").String(), http.StatusUnauthorized)
}

// TestMissingSecretClosesTheRoute: without the Secret there is no middleware,
// and then no way past it.
func TestMissingSecretClosesTheRoute(t *testing.T) {
	r := newRoute(t, "missing", nil)
	r.config()["issuer"] = "urn:k8s:secret:nowhere:issuer"
	if err := r.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := site.issuer.Realm("labs64io").Access("alice").String()
	for _, path := range []string{"/v3/api-docs", "/api/v1/admin"} {
		r.eventually(t, "a route without its middleware", path, token, http.StatusNotFound)
	}
}

// TestMigration: before and after, both as written, are what the server takes,
// and the plugin in the service's place answers.
func TestMigration(t *testing.T) {
	before, err := Documents([]byte(read(t, "migration/before-middleware.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	after, err := Documents([]byte(read(t, "migration/after-middleware.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	if len(before) != 1 || len(after) != 1 || before[0].Object.String() != after[0].Object.String() {
		t.Fatal("want one middleware before and one after, of the same name")
	}
	var values struct {
		ReplicaCount int               `yaml:"replicaCount"`
		Env          map[string]string `yaml:"env"`
	}
	if err := unmarshalStrictly(read(t, "migration/before-values.yaml"), &values); err != nil {
		t.Fatal(err)
	}
	config := after[0].Object.child("spec", "plugin", "authproxy")
	for setting, key := range map[string]string{
		"KEYCLOAK_URL": "keycloakUrl", "KEYCLOAK_REALM": "realm", "KEYCLOAK_DISCOVERY_URL": "discoveryUrl",
		"ROLE_MAPPING_FILE": "roleMappingFile",
	} {
		if values.Env[setting] == "" || values.Env[setting] != config.text(key) {
			t.Errorf("%s is %q, and %s is %q", setting, values.Env[setting], key, config.text(key))
		}
	}
	if got := config.texts("audience"); len(got) != 1 || got[0] != values.Env["KEYCLOAK_AUDIENCE"] {
		t.Errorf("KEYCLOAK_AUDIENCE is %q, and audience is %q", values.Env["KEYCLOAK_AUDIENCE"], got)
	}
	if got := config.text("logLevel"); got != strings.ToLower(values.Env["LOG_LEVEL"]) {
		t.Errorf("LOG_LEVEL is %q, and logLevel is %q", values.Env["LOG_LEVEL"], got)
	}

	r := newRoute(t, "migration", func(r *route) {
		before[0].Object.child("metadata")["name"] = r.middleware.Name()
		r.middleware = before[0].Object
	})
	// Nobody listens where the service was.
	realm := site.issuer.Realm("labs64io")
	r.eventually(t, "with forwardAuth", "/v3/api-docs", "", http.StatusInternalServerError)
	after[0].Object.child("metadata")["name"] = r.middleware.Name()
	r.middleware = after[0].Object
	if err := r.onThisMachine(); err != nil {
		t.Fatal(err)
	}
	// What an apply leaves out it takes away: there is no forwardAuth beside
	// the plugin.
	if err := r.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.eventually(t, "with the plugin", "/api/v1/auditflow", realm.Access("bob").String(), http.StatusOK)
	r.promised(t, realm, site.replicas...)
	stored, err := site.server.Admin.Get(t.Context(), r.middleware)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(stored.Spec()); err != nil || strings.Contains(string(text), "forwardAuth") {
		t.Errorf("the middleware is %s (%v)", text, err)
	}
}
