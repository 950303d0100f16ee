package backend

import (
	"bytes"
	"net"
	"sync"
)

type tapeKey struct{}

// tape holds the bytes that a connection has received since the last request
// was answered. Net/http changes the names of headers, and what matters here
// is what a backend in another language would have seen.
//
// It takes for granted that no client pipelines: when a request's body has
// been read, all that is on the tape belongs to that request.
type tape struct {
	mu      sync.Mutex
	bytes   []byte
	stopped bool
}

// cut returns the header lines on the tape, and empties it.
func (t *tape) cut() [][2]string {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	head, _, _ := bytes.Cut(t.bytes, []byte("\r\n\r\n"))
	t.bytes = nil
	lines := bytes.Split(head, []byte("\r\n"))
	wire := make([][2]string, 0, len(lines))
	for _, line := range lines[1:] {
		name, value, _ := bytes.Cut(line, []byte(":"))
		wire = append(wire, [2]string{string(name), string(bytes.Trim(value, " \t"))})
	}
	return wire
}

// stop ends the recording, for a connection that has left HTTP.
func (t *tape) stop() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes, t.stopped = nil, true
}

type recordedConn struct {
	net.Conn
	tape *tape
}

// Read reads from the connection and keeps a copy.
func (c *recordedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tape.mu.Lock()
	// Bodies are not wanted, and a header is never longer than this.
	if !c.tape.stopped && len(c.tape.bytes) < 8<<20 {
		c.tape.bytes = append(c.tape.bytes, p[:n]...)
	}
	c.tape.mu.Unlock()
	return n, err
}

type recordingListener struct{ net.Listener }

// Accept waits for a connection and records what it receives.
func (l recordingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &recordedConn{Conn: c, tape: &tape{}}, nil
}
