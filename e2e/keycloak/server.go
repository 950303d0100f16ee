// Package keycloak runs a real Keycloak for tests and examples: it fetches the
// distribution, starts it on free ports of the loopback interface, speaks to
// its admin REST API and gets tokens from it as any client would.
//
// The process belongs to the one that started it and ends with it, however
// that one ends. All state of a run lies in a temporary folder.
package keycloak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// AdminName and AdminPassword are the administrator's credentials. They are
// no secret: the server listens on the loopback interface only.
const (
	AdminName     = "admin"
	AdminPassword = "admin"
)

// Options say how a Keycloak is started.
type Options struct {
	// Realms are realm files, imported at the first start.
	Realms [][]byte
	// Args are further options of kc.sh start, such as --hostname=….
	Args []string
	// CertFile and KeyFile are the server's certificate, PEM; without them
	// there is no HTTPS. Clients may show a certificate that ClientCAFile
	// vouches for.
	CertFile, KeyFile, ClientCAFile string
}

// Server is a Keycloak, running or stopped. Its methods are not for use by
// several goroutines.
type Server struct {
	dir      string
	port     int
	tlsPort  int
	options  Options
	cmd      *exec.Cmd
	lifeline *os.File
	done     chan struct{}
	waitErr  error // valid once done is closed
	runs     int
	admin    adminToken
}

// Start installs Keycloak where it is not installed yet, and starts it in a
// temporary folder. It returns when Keycloak answers and the realms are there;
// that takes about ten seconds on two free cores.
func Start(ctx context.Context, o Options) (*Server, error) {
	home, err := Install(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "traefik-authproxy-keycloak-")
	if err != nil {
		return nil, err
	}
	s, err := startCopy(ctx, home, dir, o)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// startCopy starts a Keycloak in dir that shares what never changes with the
// installation and has a database of its own.
func startCopy(ctx context.Context, home, dir string, o Options) (*Server, error) {
	for _, name := range []string{"bin", "conf", "data/h2"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(home, name))); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"providers", "themes", "data/import"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.Symlink(filepath.Join(home, "lib"), filepath.Join(dir, "lib")); err != nil {
		return nil, err
	}
	for i, realm := range o.Realms {
		name := filepath.Join(dir, "data", "import", fmt.Sprintf("realm-%d.json", i))
		if err := os.WriteFile(name, realm, 0o644); err != nil {
			return nil, err
		}
	}
	return startIn(ctx, dir, o)
}

// startIn starts a Keycloak whose home is dir.
func startIn(ctx context.Context, dir string, o Options) (*Server, error) {
	s := &Server{dir: dir, options: o}
	var err error
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	if s.tlsPort, err = freePort(); err != nil {
		return nil, err
	}
	if err := s.Start(ctx, o.Args...); err != nil {
		return nil, err
	}
	return s, nil
}

// freePort finds a port of the loopback interface that nobody listens on. It
// lies below the range that systems take outgoing connections' ports from, so
// that it is still free when a stopped Keycloak comes back to it.
func freePort() (int, error) {
	var err error
	for range 100 {
		port := 20000 + rand.IntN(12000)
		var l net.Listener
		if l, err = net.Listen("tcp", loopback(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// URL is the server's address, without a slash at its end.
func (s *Server) URL() string { return "http://" + loopback(s.port) }

// SecureURL is the server's HTTPS address.
func (s *Server) SecureURL() string { return "https://" + loopback(s.tlsPort) }

// PID is the id of the process group that Keycloak runs in.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// readyWithin bounds a start whose context has no deadline: many times what
// it takes on a free machine.
const readyWithin = 3 * time.Minute

// wrapper runs a command, passes on the request to end, and watches the
// lifeline: a pipe whose other end the calling process holds. When that
// process has gone, the pipe ends and the whole group is killed. kc.sh and
// Java are two processes, so tying the first one to its parent would not do.
// A wait that the signal cut short is taken up again.
const wrapper = `"$@" </dev/null 3<&- &
command=$!
trap 'kill -s TERM $command' TERM
{ cat >/dev/null; kill -s KILL 0; } <&3 &
wait $command
status=$?
if [ $status -gt 128 ]; then wait $command; fi
exit $status`

// Start starts a stopped Keycloak again, on the same ports and with the same
// data; args take the place of the options' Args. It returns when Keycloak
// answers.
func (s *Server) Start(ctx context.Context, args ...string) error {
	if s.Running() {
		return errors.New("keycloak is running already")
	}
	if err := s.launch(args); err != nil {
		return fmt.Errorf("start keycloak: %w", err)
	}
	if err := s.ready(ctx); err != nil {
		err = fmt.Errorf("start keycloak: %w\n%s", err, lastLines(s.Log()))
		return errors.Join(err, s.Kill())
	}
	return nil
}

func (s *Server) launch(args []string) error {
	s.runs++
	log, err := os.Create(s.logFile())
	if err != nil {
		return err
	}
	defer log.Close()
	command := append([]string{
		filepath.Join(s.dir, "bin", "kc.sh"), "start", "--optimized", "--cache=local",
		"--http-enabled=true", "--http-host=127.0.0.1", "--http-port=" + strconv.Itoa(s.port),
		"--import-realm",
	}, s.tlsArgs()...)
	if !hasHostname(args) {
		command = append(command, "--hostname-strict=false")
	}
	cmd, lifeline, err := tied(append(command, args...), func(cmd *exec.Cmd) {
		cmd.Env = append(environment(),
			"KC_BOOTSTRAP_ADMIN_USERNAME="+AdminName, "KC_BOOTSTRAP_ADMIN_PASSWORD="+AdminPassword)
		cmd.Dir = s.dir
		cmd.Stdout, cmd.Stderr = log, log
	})
	if err != nil {
		return err
	}
	s.cmd, s.lifeline, s.done = cmd, lifeline, make(chan struct{})
	go func(done chan struct{}) {
		s.waitErr = cmd.Wait()
		close(done)
	}(s.done)
	return nil
}

// tied starts a command in a process group of its own that ends when the
// returned lifeline is closed, by the caller or by the caller's end.
func tied(command []string, set func(*exec.Cmd)) (*exec.Cmd, *os.File, error) {
	end, lifeline, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer end.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", wrapper, "tied"}, command...)...)
	cmd.ExtraFiles = []*os.File{end}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	set(cmd)
	if err := cmd.Start(); err != nil {
		return nil, nil, errors.Join(err, lifeline.Close())
	}
	return cmd, lifeline, nil
}

func (s *Server) tlsArgs() []string {
	if s.options.CertFile == "" {
		return nil
	}
	args := []string{
		"--https-port=" + strconv.Itoa(s.tlsPort),
		"--https-certificate-file=" + s.options.CertFile,
		"--https-certificate-key-file=" + s.options.KeyFile,
	}
	if s.options.ClientCAFile != "" {
		args = append(args, "--truststore-paths="+s.options.ClientCAFile)
	}
	return args
}

func hasHostname(args []string) bool {
	for _, a := range args {
		if strings.HasPrefix(a, "--hostname=") {
			return true
		}
	}
	return false
}

// environment is the environment without what would configure Keycloak or
// its Java. The C1 compiler alone makes a short life shorter.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "KC_") && !strings.HasPrefix(v, "JAVA_OPTS") {
			env = append(env, v)
		}
	}
	return append(env, "JAVA_OPTS_KC_HEAP=-Xms64m -Xmx512m", "JAVA_OPTS_APPEND=-XX:TieredStopAtLevel=1")
}

// ready waits until the master realm answers; imports are done by then.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/realms/master/.well-known/openid-configuration", nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.done:
			return fmt.Errorf("it ended: %w", s.waitErr)
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// logFile is where the current run's output goes.
func (s *Server) logFile() string {
	return filepath.Join(s.dir, fmt.Sprintf("run-%d.log", s.runs))
}

// Log returns what the latest run wrote.
func (s *Server) Log() string {
	out, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// Running reports whether the process is there.
func (s *Server) Running() bool {
	if s.done == nil {
		return false
	}
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// stopAfter is how long Keycloak may take to end by itself.
const stopAfter = 30 * time.Second

// Stop asks Keycloak to end, as a service manager would, and waits for it. Its
// data stay, and Start brings it back.
func (s *Server) Stop() error {
	return s.end(func() error { return s.cmd.Process.Signal(syscall.SIGTERM) })
}

// Kill ends Keycloak without a word and waits for it. Its data stay, as far as
// they were written.
func (s *Server) Kill() error {
	return s.end(func() error { return syscall.Kill(-s.PID(), syscall.SIGKILL) })
}

func (s *Server) end(signal func() error) error {
	if s.done == nil {
		return nil
	}
	running := s.Running()
	// The watchdog ends with the lifeline, whatever became of Keycloak.
	defer func() {
		s.lifeline.Close()
		s.done = nil
	}()
	if !running {
		return fmt.Errorf("keycloak had ended by itself: %w\n%s", s.waitErr, lastLines(s.Log()))
	}
	if err := signal(); err != nil {
		return fmt.Errorf("end keycloak: %w", err)
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(stopAfter):
	}
	if err := syscall.Kill(-s.PID(), syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill keycloak: %w", err)
	}
	<-s.done
	return fmt.Errorf("keycloak did not end within %s and was killed", stopAfter)
}

// Close ends Keycloak, if it is running, and removes its folder.
func (s *Server) Close() error {
	return errors.Join(s.Kill(), os.RemoveAll(s.dir))
}
