package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What the files of examples/file say, and the demo says differently.
const (
	policyFile     = "role_mapping.yaml"
	exampleIssuer  = "http://localhost:8080/realms/labs64io"
	exampleService = "http://127.0.0.1:9000"
)

// configuration reads the example's static and dynamic configuration, and
// replaces in the latter the addresses and the policy file's place. All else
// is what the example says, so that the demo shows the example at work.
func configuration(dir, issuer, service string) (static, dynamic string, err error) {
	static, err = readText(filepath.Join(dir, "traefik.yml"))
	if err != nil {
		return "", "", err
	}
	file := filepath.Join(dir, "dynamic.yml")
	dynamic, err = readText(file)
	if err != nil {
		return "", "", err
	}
	for _, change := range []struct{ old, new string }{
		{"issuer: " + exampleIssuer, "issuer: " + issuer},
		{"url: " + exampleService, "url: " + service},
		{"roleMappingFile: " + policyFile, "roleMappingFile: " + filepath.Join(dir, policyFile)},
	} {
		if n := strings.Count(dynamic, change.old+"\n"); n != 1 {
			return "", "", fmt.Errorf("%s: got the line %q %d times, want it once", file, change.old, n)
		}
		dynamic = strings.Replace(dynamic, change.old+"\n", change.new+"\n", 1)
	}
	return static, dynamic, nil
}

func readText(file string) (string, error) {
	text, err := os.ReadFile(file)
	return string(text), err
}

// tail is the last n lines of a text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
