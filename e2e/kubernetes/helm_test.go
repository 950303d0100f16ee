package kubernetes

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// release is the version that the examples install.
const release = "v0.1.0"

// values are the keys of the Helm chart's that the examples use. A file with
// another key is refused.
type values struct {
	Deployment struct {
		Replicas          int
		AdditionalVolumes []map[string]any `yaml:"additionalVolumes"`
		InitContainers    []map[string]any `yaml:"initContainers"`
	}
	Image        struct{ Tag string }
	Experimental struct {
		AbortOnPluginFailure bool `yaml:"abortOnPluginFailure"`
		Plugins              map[string]map[string]string
		LocalPlugins         map[string]localPlugin `yaml:"localPlugins"`
	}
	Volumes []struct {
		Name, Type string
		MountPath  string `yaml:"mountPath"`
	}
	Logs struct{ General struct{ Format string } }
}

type localPlugin struct {
	ModuleName string `yaml:"moduleName"`
	Type       string
	VolumeName string `yaml:"volumeName"`
	MountPath  string `yaml:"mountPath"`
}

func unmarshalStrictly(text string, into any) error {
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	return d.Decode(into)
}

func readValues(t *testing.T, file string) values {
	t.Helper()
	var v values
	if err := unmarshalStrictly(read(t, file), &v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return v
}

// args are the flags that the chart makes of the values, with its own defaults
// where the examples say nothing. The chart itself is not at hand here.
func (v values) args() []string {
	args := []string{
		"--entryPoints.web.address=:8000/tcp",
		"--entryPoints.traefik.address=:8080/tcp",
		"--ping=true",
		"--log.format=" + v.Logs.General.Format,
		"--providers.kubernetescrd",
		"--providers.kubernetescrd.allowEmptyServices=true",
		fmt.Sprintf("--experimental.abortonpluginfailure=%v", v.Experimental.AbortOnPluginFailure),
	}
	for name, plugin := range v.Experimental.Plugins {
		for _, key := range []string{"moduleName", "version"} {
			args = append(args, fmt.Sprintf("--experimental.plugins.%s.%s=%s", name, key, plugin[key]))
		}
	}
	for name, plugin := range v.Experimental.LocalPlugins {
		args = append(args, fmt.Sprintf("--experimental.localPlugins.%s.moduleName=%s", name, plugin.ModuleName))
	}
	return args
}

// TestHelmValues: both files say of Traefik what the manifests say.
func TestHelmValues(t *testing.T) {
	for name, manifests := range map[string]string{"helm/values-catalog.yaml": "traefik-catalog.yaml", "helm/values-local.yaml": "traefik-local.yaml"} {
		v := readValues(t, name)
		whole, pod := deployment(t, manifests)
		container := pod.Spec().list("containers")[0]
		if got, want := "traefik:"+v.Image.Tag, container.text("image"); got != want {
			t.Errorf("%s: the image is %s, want %s", name, got, want)
		}
		if got, want := v.Deployment.Replicas, whole.Spec()["replicas"]; got != want {
			t.Errorf("%s: %d replicas, want %v", name, got, want)
		}
		if !v.Experimental.AbortOnPluginFailure {
			t.Errorf("%s: Traefik would start without the plugin", name)
		}
		if len(v.Volumes) != 1 || v.Volumes[0].Type != "configMap" || v.Volumes[0].Name != "role-mapping" || v.Volumes[0].MountPath != mappingDir {
			t.Errorf("%s: volumes %v, want the ConfigMap role-mapping at %s", name, v.Volumes, mappingDir)
		}
	}
	local, catalog := readValues(t, "helm/values-local.yaml"), readValues(t, "helm/values-catalog.yaml")
	if err := samePlugin(local.args(), catalog.args()); err != nil {
		t.Error(err)
	}
	// The chart mounts the volume that the init container fills.
	plugin := local.Experimental.LocalPlugins["authproxy"]
	if plugin.Type != "localPath" || plugin.MountPath != "/plugins-local" || plugin.ModuleName != layout.Module {
		t.Errorf("the local plugin is %+v", plugin)
	}
	if !slices.ContainsFunc(local.Deployment.AdditionalVolumes, func(v map[string]any) bool { return v["name"] == plugin.VolumeName }) {
		t.Errorf("there is no volume %q", plugin.VolumeName)
	}
	_, pod := deployment(t, "traefik-local.yaml")
	if want := pod.Spec().list("initContainers"); len(want) != 1 || len(local.Deployment.InitContainers) != 1 ||
		!reflect.DeepEqual(want[0], Object(local.Deployment.InitContainers[0])) {
		t.Errorf("the init container is %v, want that of the manifests, %v", local.Deployment.InitContainers, want)
	}
}

// TestHelmLocalMode runs Traefik with the arguments that come of the values
// for local mode, and with the plugin that the init container's own commands
// have fetched.
func TestHelmLocalMode(t *testing.T) {
	v := readValues(t, "helm/values-local.yaml")
	folder := t.TempDir()
	for range 2 { // a pod's init containers may run again
		fetch(t, v.Deployment.InitContainers[0], folder)
	}
	checkout := filepath.Join(folder, "src", filepath.FromSlash(layout.Module))
	if _, err := os.Stat(filepath.Join(checkout, "vendor", "modules.txt")); err != nil {
		t.Fatalf("what was fetched has no vendored modules: %v", err)
	}
	p, err := startReplica(t.Context(), v.args(), checkout)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stopReplica(p); err != nil {
			t.Error(err)
		}
	}()
	r, err := readRoute()
	if err != nil {
		t.Fatal(err)
	}
	realm := site.issuer.Realm("labs64io")
	until(t, "the route is served", func() bool {
		return r.ask(t, p, "/api/v1/auditflow", realm.Access("bob").String()).status == http.StatusOK
	})
	r.promised(t, realm, p)
}

// fetch runs the commands of an init container in a folder that stands for its
// volume, with a repository of this checkout in the place of the public one.
func fetch(t *testing.T, container map[string]any, folder string) {
	t.Helper()
	root, err := layout.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	repository, err := layout.Place(root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "--all"},
		{"-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "-c", "commit.gpgSign=false", "commit", "--quiet", "--message=release"},
		{"-c", "tag.gpgSign=false", "tag", release},
	} {
		shell(t, repository, nil, "git", args...)
	}
	o := Object(container)
	command := o.texts("command")
	if o.text("workingDir") != "/plugins-local" || len(command) == 0 {
		t.Fatalf("the init container is %v", container)
	}
	shell(t, folder, []string{
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.file://" + filepath.ToSlash(repository) + ".insteadOf",
		"GIT_CONFIG_VALUE_0=https://" + layout.Module,
	}, command[0], command[1:]...)
}

// shell runs a command without the settings that git has on this machine.
func shell(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1"), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out.Bytes())
	}
}
