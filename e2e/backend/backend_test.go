package backend_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/backend"
)

func start(t *testing.T) *backend.Backend {
	t.Helper()
	b, err := backend.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

func dial(t *testing.T, b *backend.Backend) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn, bufio.NewReader(conn)
}

func TestReportsTheRequestAsItStoodOnTheWire(t *testing.T) {
	b := start(t)
	conn, reader := dial(t, b)
	for n, raw := range []string{
		"GET /a%2Fb/..;/c?d=%zz HTTP/1.1\r\nHost: one.example\r\nx_user_id: eve\r\nX-USER-ID:  \tmallory \r\n\r\n",
		"POST /p HTTP/1.1\r\nHost: two\r\nContent-Length: 5\r\n\r\nhello",
		"POST /q HTTP/1.1\r\nHost: two\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: three\r\nx.user.id: ivan\r\n\r\n",
	} {
		if _, err := io.WriteString(conn, raw); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		var seen backend.Seen
		if err := json.NewDecoder(res.Body).Decode(&seen); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		if seen.Count != n+1 || b.Count() != n+1 {
			t.Errorf("request %d: count is %d, Count is %d", n+1, seen.Count, b.Count())
		}
		if last, ok := b.Last(); !ok || !reflect.DeepEqual(last, seen) {
			t.Errorf("request %d: last is %+v, answered %+v", n+1, last, seen)
		}
		switch n {
		case 0:
			want := [][2]string{{"Host", "one.example"}, {"x_user_id", "eve"}, {"X-USER-ID", "mallory"}}
			if !reflect.DeepEqual(seen.Wire, want) {
				t.Errorf("wire: got %q, want %q", seen.Wire, want)
			}
			if seen.Target != "/a%2Fb/..;/c?d=%zz" || seen.Path != "/a/b/..;/c" || seen.Host != "one.example" {
				t.Errorf("got target %q, path %q, host %q", seen.Target, seen.Path, seen.Host)
			}
			if got := seen.Named("X-User-Id"); !reflect.DeepEqual(got, []string{"eve", "mallory"}) {
				t.Errorf("folded: got %q", got)
			}
		case 1:
			if seen.Method != "POST" || seen.Body != 5 {
				t.Errorf("got %s with a body of %d", seen.Method, seen.Body)
			}
		case 2:
			if seen.Body != 3 {
				t.Errorf("chunked: got a body of %d", seen.Body)
			}
		case 3:
			if got := seen.Named("X-User-Id"); !reflect.DeepEqual(got, []string{"ivan"}) || len(seen.Wire) != 2 {
				t.Errorf("got %q of %q", got, seen.Wire)
			}
		}
	}
	b.Reset()
	if _, ok := b.Last(); ok || b.Count() != 0 {
		t.Error("a reset leaves requests")
	}
}

func TestServesInProcess(t *testing.T) {
	echo := &backend.Echo{}
	r := httptest.NewRequest(http.MethodPut, "/x%2Fy?z", strings.NewReader("body"))
	r.Header["x_user.id"] = []string{"eve"}
	w := httptest.NewRecorder()
	echo.ServeHTTP(w, r)
	seen, ok := echo.Last()
	if !ok || w.Code != http.StatusOK || seen.Target != "/x%2Fy?z" || seen.Body != 4 || seen.Wire != nil {
		t.Errorf("got %d, %+v", w.Code, seen)
	}
	if got := seen.Named("X-User-Id"); !reflect.DeepEqual(got, []string{"eve"}) {
		t.Errorf("folded: got %q", got)
	}
}

func TestStreamsEventsOneByOne(t *testing.T) {
	b := start(t)
	res, err := http.Get(b.URL + "/api/sse?n=3&ms=200")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	began := time.Now()
	if !lines.Scan() || lines.Text() != "data: 1" {
		t.Fatalf("first line: %q", lines.Text())
	}
	if took := time.Since(began); took > 150*time.Millisecond {
		t.Errorf("the first event came after %s, with the later ones", took)
	}
	events := 1
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data: ") {
			events++
		}
	}
	if events != 3 {
		t.Errorf("got %d events, want 3", events)
	}
}

func TestEchoesAfterAnUpgrade(t *testing.T) {
	b := start(t)
	conn, reader := dial(t, b)
	fmt.Fprint(conn, "GET /up HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	res, err := http.ReadResponse(reader, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v, %v", res, err)
	}
	for _, word := range []string{"ping\n", "pong\n"} {
		if _, err := io.WriteString(conn, word); err != nil {
			t.Fatal(err)
		}
		if got, err := reader.ReadString('\n'); got != word {
			t.Errorf("got %q, %v", got, err)
		}
	}
	seen, _ := b.Last()
	if len(seen.Wire) != 3 {
		t.Errorf("wire: %q", seen.Wire)
	}
}
