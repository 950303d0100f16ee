package kubernetes

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestAnswers: the manifests answer as their policy says, on both replicas.
func TestAnswers(t *testing.T) {
	r, err := readRoute()
	if err != nil {
		t.Fatal(err)
	}
	r.served(t)
	realm := site.issuer.Realm("labs64io")
	r.eventually(t, "the keys are there", "/api/v1/auditflow", realm.Access("bob").String(), http.StatusOK)
	r.promised(t, realm, site.replicas...)
	for _, asked := range site.names.Unknown() {
		// The service that the plugin replaces is not there, TestMigration.
		if !strings.Contains(asked, "authproxy.labs64.svc") {
			t.Errorf("an address that the cluster does not have was asked: %s", asked)
		}
	}
}

// TestManifestsAreStoredAsWritten: the server drops and changes nothing of
// what Traefik reads, and takes the files a second time.
func TestManifestsAreStoredAsWritten(t *testing.T) {
	admin := site.server.Admin
	for _, d := range site.manifests {
		stored, err := admin.Get(t.Context(), d.Object)
		if err != nil {
			t.Errorf("%s: %v", d.Object, err)
			continue
		}
		kind := d.Object.Kind()
		if kind == "IngressRoute" && !reflect.DeepEqual(d.Object.Spec(), stored.Spec()) {
			t.Errorf("%s: stored %v, want %v", d.Object, stored.Spec(), d.Object.Spec())
		}
		if kind == "Middleware" {
			// But for the folder, which install has changed.
			want := maps.Clone(d.Object.child("spec", "plugin", "authproxy"))
			got := stored.child("spec", "plugin", "authproxy")
			if file := filepath.Base(want.text("roleMappingFile")); filepath.Base(got.text("roleMappingFile")) != file {
				t.Errorf("%s: the policy is %q, want a file %s", d.Object, got["roleMappingFile"], file)
			}
			delete(want, "roleMappingFile")
			delete(got, "roleMappingFile")
			if !reflect.DeepEqual(want, got) {
				t.Errorf("%s: stored %v, want %v", d.Object, got, want)
			}
		}
	}
	for _, file := range []string{"traefik-catalog.yaml", "traefik-local.yaml"} {
		if _, err := admin.Apply(t.Context(), []byte(read(t, file))); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestPolicyIsTheOneOfTheOtherExamples: the ConfigMap holds the file that the
// file provider's example has.
func TestPolicyIsTheOneOfTheOtherExamples(t *testing.T) {
	got := manifest("ConfigMap", "role-mapping").child("data").text("role_mapping.yaml")
	if want := read(t, "../file/role_mapping.yaml"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// deployment is Traefik's Deployment in a file, and the pods' template of it.
func deployment(t *testing.T, file string) (whole, pod Object) {
	t.Helper()
	documents, err := Documents([]byte(read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents {
		if d.Object.Kind() == "Deployment" {
			return d.Object, d.Object.child("spec", "template")
		}
	}
	t.Fatalf("%s has no Deployment", file)
	return nil, nil
}

// TestPods: the server would take the pods, in namespaces that demand the
// Pod Security Standard "restricted".
func TestPods(t *testing.T) {
	admin := site.server.Admin
	for _, file := range []string{"traefik-catalog.yaml", "traefik-local.yaml", "manifests/3-echo.yaml"} {
		whole, pod := deployment(t, file)
		if err := admin.TryPod(t.Context(), whole.Namespace(), pod); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		// So that it is known to look.
		pod.child("spec", "securityContext")["runAsNonRoot"] = false
		var refused *StatusError
		if err := admin.TryPod(t.Context(), whole.Namespace(), pod); !errors.As(err, &refused) || refused.Code != http.StatusForbidden {
			t.Errorf("%s, as root: got %v, want status 403", file, err)
		}
	}
}

// TestMounts: the policy is mounted where the middleware looks for it, as a
// folder, and the plugin below Traefik's working directory.
func TestMounts(t *testing.T) {
	wanted := filepath.Dir(manifest("Middleware", "auth").child("spec", "plugin", "authproxy").text("roleMappingFile"))
	configMap := manifest("ConfigMap", "role-mapping")
	for file, plugin := range map[string]string{"traefik-catalog.yaml": "/plugins-storage", "traefik-local.yaml": "/plugins-local"} {
		whole, pod := deployment(t, file)
		if whole.Namespace() != configMap.Namespace() {
			t.Errorf("%s: Traefik runs in %s and the policy lies in %s", file, whole.Namespace(), configMap.Namespace())
		}
		volumes := map[string]Object{}
		for _, v := range pod.Spec().list("volumes") {
			volumes[v.text("name")] = v
		}
		found := map[string]bool{}
		for _, m := range pod.Spec().list("containers")[0].list("volumeMounts") {
			found[m.text("mountPath")] = true
			v := volumes[m.text("name")]
			if v == nil || m["subPath"] != nil {
				t.Errorf("%s: the mount %v has no volume, or a subPath", file, m)
			}
			if path := m.text("mountPath"); path == wanted && v.child("configMap").text("name") != configMap.Name() {
				t.Errorf("%s: at %s is %v, want the ConfigMap %s", file, path, v, configMap.Name())
			}
		}
		if !found[wanted] || !found[plugin] {
			t.Errorf("%s: mounts %v, want %s and %s", file, found, wanted, plugin)
		}
	}
}

// TestCatalogDiffersByThePluginOnly: of the two files for Traefik, one is run
// here. The other one's arguments are the same but for where the plugin comes
// from.
func TestCatalogDiffersByThePluginOnly(t *testing.T) {
	local, err := deploymentArgs("traefik-local.yaml")
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := deploymentArgs("traefik-catalog.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := samePlugin(local, catalog); err != nil {
		t.Error(err)
	}
}

// samePlugin compares arguments for local mode with arguments for the catalog.
func samePlugin(local, catalog []string) error {
	var want []string
	for _, arg := range local {
		name, module, _ := strings.Cut(arg, "=")
		if name == "--experimental.localPlugins.authproxy.moduleName" {
			const plugin = "--experimental.plugins.authproxy."
			want = append(want, plugin+"moduleName="+module, plugin+"version="+release)
			continue
		}
		want = append(want, arg)
	}
	if !slices.Equal(want, catalog) {
		return fmt.Errorf("the catalog's arguments are %q, want %q", catalog, want)
	}
	return nil
}

// TestAccountMayReadNoMore: Traefik's account may do what its role says, and
// not read or write beside it.
func TestAccountMayReadNoMore(t *testing.T) {
	token, err := site.server.Admin.AccountToken(t.Context(), "traefik", "traefik")
	if err != nil {
		t.Fatal(err)
	}
	account := site.server.Admin.As(token)
	if _, err := account.Get(t.Context(), manifest("Middleware", "auth")); err != nil {
		t.Errorf("a middleware: %v", err)
	}
	var refused *StatusError
	if _, err := account.Get(t.Context(), manifest("Deployment", "echo")); !errors.As(err, &refused) || refused.Code != http.StatusForbidden {
		t.Errorf("a deployment: got %v, want status 403", err)
	}
	if _, err := account.Apply(t.Context(), []byte(read(t, "manifests/4-route.yaml"))); !errors.As(err, &refused) || refused.Code != http.StatusForbidden {
		t.Errorf("a change of the middleware: got %v, want status 403", err)
	}
}
