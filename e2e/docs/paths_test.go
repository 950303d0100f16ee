package docs

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// TestPathTable: the README's table of paths is what the plugin does with the
// README's mapping, for nobody and for bob.
func TestPathTable(t *testing.T) {
	iss, err := issuer.Start(issuer.Options{Realms: []string{"labs64io"}, Algorithms: []string{"RS256"}})
	if err != nil {
		t.Fatal(err)
	}
	defer iss.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h, err := host.Compiled().New(ctx, &backend.Echo{}, map[string]any{
		"issuer": iss.URL, "audience": issuer.Audience,
		"roleMappingFile": filepath.Join(root(t), "examples", "file", "role_mapping.yaml"),
	}, "auth@docs")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()

	_, table, ok := strings.Cut(read(t, "README.md"), "<!-- tested: paths -->\n")
	if !ok {
		t.Fatal("the README has no such table")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	bob := iss.Default().Access("bob").String()
	rows := 0
	for line := range strings.Lines(table) {
		row := strings.Split(line, "|")
		if len(row) != 6 || !strings.Contains(row[1], "`") {
			continue
		}
		rows++
		target := codes(row[1])[0]
		for i, token := range []string{"", bob} {
			got := status(t, server.Listener.Addr().String(), target, token)
			if want := strings.TrimSpace(row[2+i]); strconv.Itoa(got) != want {
				t.Errorf("%s, token %t: got %d, want %s", target, token != "", got, want)
			}
		}
	}
	if rows < 10 {
		t.Errorf("only %d rows", rows)
	}
}

// status sends a target as it is written and returns the answer's status.
func status(t *testing.T, addr, target, token string) int {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	request := "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	if token != "" {
		request += "Authorization: Bearer " + token + "\r\n"
	}
	if _, err := conn.Write([]byte(request + "\r\n")); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
