package pathbackends

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
	"time"
)

// StartNginx starts nginx with one server for each way of using it: areas by
// location and by regular expression, files by root and alias, and the
// application passed on to in three ways. Its own files go to temp.
func StartNginx(root, temp, application string) (*Family, error) {
	program, err := lookPath("nginx", "Debian package nginx-light")
	if err != nil {
		return nil, err
	}
	return startWebServer("nginx", temp, webServer{Root: root, Application: application}, func(config string) *exec.Cmd {
		return exec.Command(program, "-p", temp, "-c", config)
	})
}

// StartHttpd starts Apache httpd with one virtual host for each way of using
// it: files with encoded slashes decoded, and with everything left as it is,
// and the application passed on to. Its own files go to temp.
func StartHttpd(root, temp, application string) (*Family, error) {
	program, err := lookPath("apache2", "Debian package apache2-bin")
	if err != nil {
		return nil, err
	}
	const modules = "/usr/lib/apache2/modules"
	if _, err := os.Stat(modules); err != nil {
		return nil, fmt.Errorf("%s (Debian package apache2-bin): %w", modules, ErrMissing)
	}
	return startWebServer("httpd", temp, webServer{Root: root, Application: application, Modules: modules}, func(config string) *exec.Cmd {
		// -X: one process, which the test can end by its id.
		return exec.Command(program, "-X", "-d", temp, "-f", config)
	})
}

// webServer fills a web server's configuration in.
type webServer struct {
	Root, Dir, Application, Modules string

	listening []Backend
}

// Listen gives the address for the server of this name, the same one each time
// it is asked, on a port that was free a moment ago: these servers cannot
// choose one and say which.
func (w *webServer) Listen(name string) (string, error) {
	for _, backend := range w.listening {
		if backend.Name == name {
			return backend.Addr, nil
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	// Held until the server starts, so that the next call gets another port.
	defer listener.Close()
	w.listening = append(w.listening, Backend{Name: name, Addr: listener.Addr().String(), FoldsCase: foldsCase[name]})
	return listener.Addr().String(), nil
}

// startWebServer fills family's configuration in and starts the server, again
// with other ports when another program was faster to take one.
func startWebServer(family, temp string, settings webServer, start func(config string) *exec.Cmd) (*Family, error) {
	settings.Dir = temp
	var err error
	for range 3 {
		var result *Family
		settings.listening = nil
		if result, err = tryWebServer(family, &settings, start); err == nil {
			return result, nil
		}
	}
	return nil, fmt.Errorf("start %s: %w", family, err)
}

func tryWebServer(family string, settings *webServer, start func(config string) *exec.Cmd) (*Family, error) {
	source := family + "/" + family + ".conf.tmpl"
	parsed, err := template.ParseFS(sources, source)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, settings); err != nil {
		return nil, err
	}
	config := filepath.Join(settings.Dir, family+".conf")
	if err := os.WriteFile(config, text.Bytes(), 0o644); err != nil {
		return nil, err
	}
	cmd := start(config)
	var complaints tail
	cmd.Stderr = &complaints
	cmd.SysProcAttr = endWithParent()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	result := &Family{Name: family, Backends: settings.listening, stop: func() {
		_ = cmd.Process.Kill()
		<-ended
	}}
	for _, backend := range result.Backends {
		if err := waitListening(backend.Addr, ended); err != nil {
			result.Stop()
			return nil, fmt.Errorf("%s: %w; it said: %s", backend.Name, err, complaints.String())
		}
	}
	return result, nil
}

// waitListening waits until a server takes connections at addr or has ended.
func waitListening(addr string, ended <-chan struct{}) error {
	deadline := time.After(20 * time.Second)
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
			return errors.New("ended at the start")
		case <-deadline:
			return errors.New("does not listen")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
