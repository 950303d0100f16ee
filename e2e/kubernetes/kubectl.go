package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
)

// Kubectl returns the variables with which commands find a kubectl on PATH, of
// the server's own version, that speaks to the server as one who may do
// everything.
func (s *Server) Kubectl() ([]string, error) {
	bin, config := filepath.Join(s.dir, "bin"), filepath.Join(s.dir, "kubeconfig")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, err
	}
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' kubectl \"$@\"\n", s.bin)
	if err := os.WriteFile(filepath.Join(bin, "kubectl"), []byte(script), 0o755); err != nil {
		return nil, err
	}
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: e2e, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: admin, user: {token: %q}}]
contexts: [{name: e2e, context: {cluster: e2e, user: admin}}]
current-context: e2e
`, s.URL, s.CAFile, s.Admin.token)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return []string{
		"PATH=" + bin + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"KUBECONFIG=" + config, "HOME=" + s.dir,
	}, nil
}
