package issuer

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Answer is a way to answer a request instead of the right one. Realm.Answer
// sets it for an endpoint. Right is the right answer, for those that only
// delay it or pass it on now and then.
type Answer func(w http.ResponseWriter, r *http.Request, right http.Handler)

// Status answers with the status and a short text.
func Status(status int) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		http.Error(w, http.StatusText(status), status)
	}
}

// Body answers 200 with the body.
func Body(contentType string, body []byte) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body)
	}
}

// Empty answers 200 without a byte.
func Empty() Answer { return Body("application/json", nil) }

// HTML answers 200 with a page, as a proxy's error or login page does.
func HTML() Answer {
	return Body("text/html; charset=utf-8", []byte("<!doctype html><title>Sign in</title><p>Please sign in."))
}

// Huge answers 200 with a JSON document of at least size bytes. The document
// is well formed and begins like a JWKS, so that only a limit refuses it.
func Huge(size int) Answer {
	body := append([]byte(`{"keys":[],"padding":"`), bytes.Repeat([]byte("x"), size)...)
	return Body("application/json", append(body, `"}`...))
}

// Headers passes the right answer on with further headers, for example a
// Cache-Control that asks for a year.
func Headers(headers map[string]string) Answer {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		right.ServeHTTP(w, r)
	}
}

// Redirect answers 302 with the location.
func Redirect(location string) Answer {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, location, http.StatusFound)
	}
}

// Delay passes the right answer on after a while, unless the client goes
// away before.
func Delay(d time.Duration) Answer {
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		select {
		case <-time.After(d):
			right.ServeHTTP(w, r)
		case <-r.Context().Done():
			gone()
		}
	}
}

// Hang never answers. It ends when the client goes away or the issuer goes
// down.
func Hang() Answer {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		<-r.Context().Done()
		gone()
	}
}

// Drip sends the header at once and then a byte of a never-ending JSON
// document at each interval.
func Drip(interval time.Duration) Answer {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		flush := http.NewResponseController(w).Flush
		_, err := w.Write([]byte(`{"keys":[`))
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for err == nil {
			if err = flush(); err != nil {
				return
			}
			select {
			case <-r.Context().Done():
				gone()
			case <-tick.C:
				_, err = w.Write([]byte(" "))
			}
		}
	}
}

// Abort closes the connection without an answer.
func Abort() Answer {
	return func(http.ResponseWriter, *http.Request, http.Handler) {
		gone()
	}
}

// Truncated promises more bytes than it sends, and closes the connection.
func Truncated() Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		half := []byte(`{"keys":[{"kty":"RSA",`)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(2*len(half)))
		_, _ = w.Write(half)
		_ = http.NewResponseController(w).Flush()
		gone()
	}
}

// First answers the first n requests with a, all later ones rightly.
func First(n int, a Answer) Answer {
	var mu sync.Mutex
	left := n
	return func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		mu.Lock()
		bad := left > 0
		if bad {
			left--
		}
		mu.Unlock()
		if bad {
			a(w, r, right)
			return
		}
		right.ServeHTTP(w, r)
	}
}

// Hold makes the endpoint keep every request waiting until release is called,
// then answers all of them rightly, the later ones too. It lets a test have
// many callers wait on one fetch without a sleep. Release may be called more
// than once.
func (r *Realm) Hold(e Endpoint) (release func()) {
	gate := make(chan struct{})
	r.Answer(e, func(w http.ResponseWriter, req *http.Request, right http.Handler) {
		select {
		case <-gate:
			right.ServeHTTP(w, req)
		case <-req.Context().Done():
			gone()
		}
	})
	var once sync.Once
	return func() { once.Do(func() { close(gate) }) }
}

// gone ends a request without an answer: net/http's own way to do it. A
// handler that merely returned would answer 200 with nothing, to a client
// whose connection is only about to be closed.
func gone() { panic(http.ErrAbortHandler) }
