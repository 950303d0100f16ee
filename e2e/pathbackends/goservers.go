package pathbackends

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
)

// oldMuxEnv, when set, makes this program a server with the ServeMux of Go
// 1.21, which only an environment variable read at the start can choose.
const oldMuxEnv = "PATHBACKENDS_OLD_MUX"

// Files makes a tree of files below dir that stands for the areas, for the
// servers of files: x and index.html in each area, each naming its area.
func Files(dir string) error {
	for _, p := range prefixes {
		folder := dir + p.path
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("make the tree of files: %w", err)
		}
		for _, name := range []string{"x", "index.html"} {
			if err := os.WriteFile(folder+"/"+name, []byte(reachedMark+string(p.area)+"\n"), 0o644); err != nil {
				return fmt.Errorf("make the tree of files: %w", err)
			}
		}
	}
	return nil
}

// serveMux is the areas behind Go's own router.
func serveMux() http.Handler {
	mux := http.NewServeMux()
	for _, p := range prefixes {
		handler := func(w http.ResponseWriter, _ *http.Request) { answer(w, p.area) }
		mux.HandleFunc(p.path, handler)
		mux.HandleFunc(p.path+"/", handler)
	}
	return mux
}

// byPath is the areas behind a comparison by hand of the path that read gives.
func byPath(read func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := read(r)
		for _, p := range prefixes {
			if seen == p.path || strings.HasPrefix(seen, p.path+"/") {
				answer(w, p.area)
				return
			}
		}
		http.Error(w, reachedMark+string(None), http.StatusNotFound)
	})
}

// StartGo starts the Go backends: the router of net/http and that of Go 1.21,
// a comparison by hand of the cleaned path, and the server of files in root.
func StartGo(root string) (*Family, error) {
	family := &Family{Name: "go"}
	handlers := []struct {
		name    string
		handler http.Handler
	}{
		{"go-servemux", serveMux()},
		{"go-by-hand", byPath(func(r *http.Request) string { return path.Clean(r.URL.Path) })},
		{"go-fileserver", http.FileServer(http.Dir(root))},
	}
	var servers []*http.Server
	family.stop = func() {
		for _, server := range servers {
			_ = server.Close()
		}
	}
	for _, h := range handlers {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			family.Stop()
			return nil, fmt.Errorf("start %s: %w", h.name, err)
		}
		server := &http.Server{Handler: h.handler}
		servers = append(servers, server)
		go func() { _ = server.Serve(listener) }()
		family.Backends = append(family.Backends, Backend{Name: h.name, Addr: listener.Addr().String()})
	}

	self, err := os.Executable()
	if err != nil {
		family.Stop()
		return nil, fmt.Errorf("start go-servemux-1.21: %w", err)
	}
	old, err := startProcess("go", command{
		path: self,
		env:  []string{oldMuxEnv + "=1", "GODEBUG=httpmuxgo121=1"},
	})
	if err != nil {
		family.Stop()
		return nil, err
	}
	stopServers := family.stop
	family.stop = func() { stopServers(); old.Stop() }
	family.Backends = append(family.Backends, old.Backends...)
	return family, nil
}

// RunAsBackend serves Go 1.21's router instead of what the program is for,
// when StartGo started the program for that. Programs that call StartGo call
// it first thing in main or TestMain.
func RunAsBackend() {
	if os.Getenv(oldMuxEnv) == "" {
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening go-servemux-1.21 %s\nready\n", listener.Addr())
	go func() { _ = http.Serve(listener, serveMux()) }()
	// The end of standard input is the end of the program that started this one.
	_, _ = os.Stdin.Read(make([]byte, 1))
	os.Exit(0)
}
