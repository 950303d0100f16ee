package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadPeers(t *testing.T) {
	dir := t.TempDir()
	read := func(text string) ([]Peer, error) {
		t.Helper()
		file := filepath.Join(dir, "peers.yml")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return ReadPeers(file)
	}
	peers, err := read("- {name: other, text: a peer, module: example.com/other, folder: src, middleware: 'plugin: {\"{{.Plugin}}\": {issuer: \"{{.Issuer}}\", roles: [\"{{.Role}}\"]}}'}")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "src"); peers[0].Folder != want {
		t.Errorf("folder: got %q, want %q, as it counts from the file", peers[0].Folder, want)
	}
	s, err := newSite(peers)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	gates, err := s.gates()
	if err != nil {
		t.Fatal(err)
	}
	plugin := gates["peer-other"]["plugin"].(tree)["peer-other"].(tree)
	if plugin["issuer"] != s.issuer.URL || plugin["roles"].([]any)[0] != role {
		t.Errorf("middleware: got %v", plugin)
	}
	for text, want := range map[string]string{
		"- {name: x}": "want name and middleware",
		"- {name: x, middleware: 'a: {}', module: m}": "module and folder together",
		"{": "peers.yml",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", text, err, want)
		}
	}
	if _, err := (Peer{Name: "x", Middleware: "a: {{.Nothing}}"}).middleware(s); err == nil {
		t.Error("a template with an unknown name: no error")
	}
}
