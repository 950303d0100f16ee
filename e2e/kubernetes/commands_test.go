package kubernetes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/docs"
)

// runCommands runs the commands of the example's page that are marked as run
// by a test, in its folder and in their order.
func runCommands(ctx context.Context, by string) error {
	page, err := os.ReadFile(filepath.Join(examples, "README.md"))
	if err != nil {
		return err
	}
	blocks, err := docs.Blocks("README.md", string(page))
	if err != nil {
		return err
	}
	env, err := site.server.Kubectl()
	if err != nil {
		return err
	}
	ran := 0
	for _, b := range blocks {
		if b.Mark != "run by" || b.Detail != by {
			continue
		}
		ran++
		cmd := exec.CommandContext(ctx, "sh", "-ec", b.Text)
		cmd.Dir = examples
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", b, err, out)
		}
	}
	if ran == 0 {
		return fmt.Errorf("the page has no commands that are run by %s", by)
	}
	return nil
}

// TestCommands: those commands of the page that install does not run.
func TestCommands(t *testing.T) {
	if err := runCommands(t.Context(), "TestCommands"); err != nil {
		t.Fatal(err)
	}
	got, err := site.server.Admin.Get(t.Context(), manifest("ConfigMap", "role-mapping"))
	if err != nil {
		t.Fatal(err)
	}
	if text := got.child("data").text("role_mapping.yaml"); text != read(t, "../file/role_mapping.yaml") {
		t.Errorf("the policy is now\n%s", text)
	}
	middleware, err := site.server.Admin.Get(t.Context(), manifest("Middleware", "auth"))
	if err != nil {
		t.Fatal(err)
	}
	if issuer := middleware.child("spec", "plugin", "authproxy").text("issuer"); issuer != "urn:k8s:secret:keycloak:issuer" {
		t.Errorf("the middleware's issuer is now %q", issuer)
	}
	// As the other tests know it.
	r, err := readRoute()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
}
