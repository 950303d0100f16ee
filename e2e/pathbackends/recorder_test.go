package pathbackends

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
)

// startRecorder starts a server that answers with the method and the target of
// the request line, quoted, byte for byte as they came: what Traefik forwards.
func startRecorder(t *testing.T) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go record(conn)
		}
	}()
	return listener.Addr().String()
}

func record(conn net.Conn) {
	defer conn.Close()
	reader := textproto.NewReader(bufio.NewReader(conn))
	for {
		line, err := reader.ReadLine()
		if err != nil {
			return
		}
		header, err := reader.ReadMIMEHeader()
		if err != nil {
			return
		}
		if length, _ := strconv.ParseInt(header.Get("Content-Length"), 10, 64); length > 0 {
			if _, err := io.CopyN(io.Discard, reader.R, length); err != nil {
				return
			}
		}
		said := strconv.QuoteToASCII(strings.TrimSuffix(line, " HTTP/1.1"))
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nX-Line: %s\r\nContent-Length: 0\r\n\r\n", said); err != nil {
			return
		}
	}
}
