package verdict

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// patience is how long a way may take to answer: the plugin waits for keys
// for up to five seconds by default, and the machine may be busy.
const patience = 30 * time.Second

// send writes a request's bytes to a way's address and reads the answer. A
// server that refuses a request early closes while we still write, so a
// failing write is no verdict yet.
func send(addr, method string, raw []byte) (*http.Response, string, error) {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, "", err
	}
	_, writeErr := conn.Write(raw)
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, &http.Request{Method: method})
	for err == nil && res.StatusCode == http.StatusContinue {
		res, err = http.ReadResponse(in, &http.Request{Method: method})
	}
	if err != nil {
		return nil, "", fmt.Errorf("no answer: %w (writing: %v)", err, writeErr)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, "", fmt.Errorf("the answer breaks off: %w", err)
	}
	return res, string(body), nil
}

// judge sends a request to one way and puts together what became of it.
func (w *way) judge(m made) (Verdict, error) {
	w.recorder.reset()
	w.panics.take()
	if err := w.log.skip(); err != nil {
		return Verdict{}, err
	}
	res, body, err := send(w.addr, m.method, m.raw)
	v := Verdict{Panic: w.panics.take()}
	if err != nil {
		return v, err
	}
	v.Status = res.StatusCode
	v.Reached, v.Seen = w.recorder.seen(m.watch)
	if v.Reached == 0 {
		v.Challenge = strings.Join(res.Header.Values("WWW-Authenticate"), "; ")
		v.CacheControl = strings.Join(res.Header.Values("Cache-Control"), "; ")
		v.ContentType = strings.Join(res.Header.Values("Content-Type"), "; ")
		v.RetryAfter = len(res.Header.Values("Retry-After")) > 0
		v.Body = body
	}
	v.Reason, err = w.log.reason(m.secret)
	return v, err
}
