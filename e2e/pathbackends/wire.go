package pathbackends

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Request is a request as it goes over the wire. No part is checked or
// changed on the way, which is why no HTTP client is used for it.
type Request struct {
	// Method is GET when empty.
	Method string
	// Target stands between the method and the protocol version. In it, {host}
	// stands for the Host field.
	Target string
	// Host is the Host header's value.
	Host string
	// Authorization is that header's value; without it the header is not sent.
	Authorization string
}

// Response is what the harness looks at of an answer.
type Response struct {
	// Status is 0 when the server closed the connection without an answer.
	Status int
	// Reached is the area that the answer says was reached.
	Reached Area
	// Line is the answer's X-Line header, in which a backend that only records
	// tells what it received.
	Line string
}

// replyLimit is how long an answer may take. A server that says nothing for
// that long has refused.
const replyLimit = 2 * time.Second

// SendAll sends the requests to addr over so many connections that are kept
// open, and gives the answers in the requests' order.
func SendAll(addr string, connections int, requests []Request) ([]Response, error) {
	responses := make([]Response, len(requests))
	errs := make([]error, connections)
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() {
			w := wire{addr: addr}
			defer w.close()
			for i := c; i < len(requests); i += connections {
				if responses[i], errs[c] = w.send(requests[i]); errs[c] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return responses, errors.Join(errs...)
}

// wire is one connection to a server, opened again when the server closed it.
type wire struct {
	addr   string
	conn   net.Conn
	reader *bufio.Reader
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// send sends one request. A server that closes without a word on a connection
// that has served before may only have been tired of it: the request is sent
// once more, on a new one.
func (w *wire) send(r Request) (Response, error) {
	fresh := w.conn == nil
	response, err := w.try(r)
	if err == nil && response.Status == 0 && !fresh {
		response, err = w.try(r)
	}
	return response, err
}

func (w *wire) try(r Request) (Response, error) {
	if w.conn == nil {
		conn, err := net.Dial("tcp", w.addr)
		if err != nil {
			return Response{}, fmt.Errorf("connect to the server: %w", err)
		}
		w.conn, w.reader = conn, bufio.NewReader(conn)
	}
	_ = w.conn.SetDeadline(time.Now().Add(replyLimit))
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	text := method + " " + strings.ReplaceAll(r.Target, "{host}", r.Host) + " HTTP/1.1\r\nHost: " + r.Host + "\r\n"
	if r.Authorization != "" {
		text += "Authorization: " + r.Authorization + "\r\n"
	}
	// A write that fails is no answer, as a read that fails is: some servers
	// close before they have read to the end.
	_, _ = io.WriteString(w.conn, text+"\r\n")
	reply, err := http.ReadResponse(w.reader, &http.Request{Method: method})
	if err != nil {
		w.close()
		return Response{Reached: None}, nil
	}
	body, err := io.ReadAll(reply.Body)
	if err != nil || reply.Close || method == http.MethodConnect {
		w.close()
	}
	area := areaIn(body)
	if area == None {
		area = areaIn([]byte(reachedMark + reply.Header.Get("X-Reached")))
	}
	return Response{Status: reply.StatusCode, Reached: area, Line: reply.Header.Get("X-Line")}, nil
}
