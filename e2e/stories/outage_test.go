package stories

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// nothing is the message of a failed fetch without keys to fall back on, and
// stay that of one with keys.
const (
	nothing = "there are none to fall back on"
	stay    = "the last good keys stay"
)

func TestIssuerDownAtStart(t *testing.T) {
	everywhere(t, func(s *stage) {
		const minRefresh, timeout = 100 * time.Millisecond, 5 * time.Second
		s.issuer.Down()
		s.start(config{"jwksMinRefresh": minRefresh.String(), "jwksTimeout": timeout.String()})
		token := s.token()
		if got := s.send(token); got.status != http.StatusServiceUnavailable || got.retryAfter == "" {
			s.Errorf("got %s with Retry-After %q, want 503 with a time", got, got.retryAfter)
		}
		if got := s.sendTo(s.Context(), s.host, public, ""); got.status != http.StatusOK {
			s.Errorf("a public path: got %s, want 200", got)
		}
		// After so many failures the plugin by itself would wait for most of a
		// minute; the requests are why it does not.
		s.until("ten failed fetches", func() bool {
			s.expect("still down", token, http.StatusServiceUnavailable)
			return s.lines(nothing, "refused") >= 10
		})
		if err := s.issuer.Up(); err != nil {
			s.Fatal(err)
		}
		s.within(minRefresh+timeout+slack, "once the issuer is up", token, http.StatusOK)
	})
}

func TestReloadsDuringOutage(t *testing.T) {
	everywhere(t, func(s *stage) {
		reloads := 10
		if *long {
			reloads = 100
		}
		s.start(config{"jwksRefresh": "1s", "jwksTimeout": "5s"})
		s.settle()
		traffic := s.good(50)
		s.issuer.Down()
		for range reloads {
			s.reload()
		}
		s.logged(1, stay, "refused")
		s.expect("never seen, after the reloads", s.token(), http.StatusOK)
		if err := s.issuer.Up(); err != nil {
			s.Fatal(err)
		}
		s.askedAgain("after the outage")
		s.unharmed(traffic)
	})
}

// TestBadAnswers: whatever the issuer answers, keys that were good serve on,
// for tokens known and never seen.
func TestBadAnswers(t *testing.T) {
	everywhere(t, func(s *stage) {
		s.start(config{"jwksRefresh": "300ms", "jwksMinRefresh": "100ms", "jwksTimeout": "1s"})
		known := s.settle()
		for _, bad := range []struct {
			phrase string
			answer issuer.Answer
		}{
			{"an error", issuer.Status(http.StatusInternalServerError)},
			{"nothing", issuer.Empty()},
			{"a page", issuer.HTML()},
			{"two megabytes", issuer.Huge(2 << 20)},
			{"half an answer", issuer.Truncated()},
			{"a closed connection", issuer.Abort()},
			{"a set without keys", issuer.Body("application/json", []byte(`{"keys":[]}`))},
			{"null", issuer.Body("application/json", []byte(`null`))},
			{"a drip", issuer.Drip(50 * time.Millisecond)},
			{"no end", issuer.Hang()},
		} {
			s.realm.Answer(issuer.Certs, bad.answer)
			s.askedAgain(bad.phrase)
			s.expect(bad.phrase+": a known token", known, http.StatusOK)
			s.expect(bad.phrase+": a token never seen", s.token(), http.StatusOK)
		}
		s.realm.Restore()
		s.realm.Rotate()
		s.eventually("the next key, once all is well", s.token(), http.StatusOK)
	})
}

// TestDripAtStart: a server that sends a byte now and then costs no more than
// the time limit, and a public path waits for nothing.
func TestDripAtStart(t *testing.T) {
	everywhere(t, func(s *stage) {
		const timeout = 2 * time.Second
		s.realm.Answer(issuer.Certs, issuer.Drip(50*time.Millisecond))
		s.start(config{"jwksTimeout": timeout.String()})
		begin := time.Now()
		if got := s.send(s.token()); got.status != http.StatusServiceUnavailable || got.retryAfter == "" {
			s.Errorf("got %s with Retry-After %q, want 503 with a time", got, got.retryAfter)
		}
		if took := time.Since(begin); took > timeout+slack {
			s.Errorf("the answer took %s, want at most %s", took, timeout)
		}
		s.logged(1, nothing, "deadline exceeded")
		s.realm.Restore()
		s.eventually("once the issuer answers", s.token(), http.StatusOK)
	})
}

// TestPublicPathNeverWaits: neither it nor the reload before it waits for an
// issuer that does not answer.
func TestPublicPathNeverWaits(t *testing.T) {
	everywhere(t, func(s *stage) {
		const timeout = 10 * time.Minute
		s.realm.Answer(issuer.Discovery, issuer.Hang())
		s.start(config{"jwksTimeout": timeout.String()}) // ends with the test's own patience
		if got := s.sendTo(s.Context(), s.host, public, ""); got.status != http.StatusOK {
			s.Errorf("got %s, want 200", got)
		}
	})
}

func TestNameDoesNotResolve(t *testing.T) {
	everywhere(t, func(s *stage) {
		// A name under .invalid never resolves (RFC 6761, section 6.4).
		s.realm.SetURL("http://sso.invalid/realms/" + s.realm.Name)
		s.start(config{"jwksTimeout": "5s"})
		if got := s.send(s.token()); got.status != http.StatusServiceUnavailable || got.retryAfter == "" {
			s.Errorf("got %s with Retry-After %q, want 503 with a time", got, got.retryAfter)
		}
		s.logged(1, nothing, "lookup sso.invalid")
	})
}

// TestPreloadedKeys: a file on disk serves until the issuer's first answer.
func TestPreloadedKeys(t *testing.T) {
	everywhere(t, func(s *stage) {
		file := filepath.Join(s.TempDir(), "jwks.json")
		if err := os.WriteFile(file, issuer.JWKS(s.realm.Keys()...), 0o644); err != nil {
			s.Fatal(err)
		}
		s.issuer.Down()
		s.start(config{"preloadFile": file, "jwksMinRefresh": "200ms"})
		preloaded := s.token()
		s.expect("while the issuer is down", preloaded, http.StatusOK)
		s.logged(2, stay)
		s.expect("after failed fetches", s.token(), http.StatusOK)
		s.realm.Replace()
		if err := s.issuer.Up(); err != nil {
			s.Fatal(err)
		}
		s.eventually("the issuer's own key", s.token(), http.StatusOK)
		s.eventually("a preloaded key that the issuer does not have", preloaded, http.StatusUnauthorized)
		if text, err := os.ReadFile(file); err != nil || string(text) == string(issuer.JWKS(s.realm.Keys()...)) {
			s.Errorf("the file was written, or is gone (%v)", err)
		}
	})
}

func TestKeysEndAfterMaxStale(t *testing.T) {
	everywhere(t, func(s *stage) {
		const maxStale = 2 * time.Second
		s.start(config{"jwksMaxStale": maxStale.String(), "jwksTimeout": "5s"})
		known := s.settle()
		s.issuer.Down()
		s.within(maxStale+slack, "a known token, long after the last good answer", known, http.StatusServiceUnavailable)
		s.expect("a token never seen", s.token(), http.StatusServiceUnavailable)
		if err := s.issuer.Up(); err != nil {
			s.Fatal(err)
		}
		s.eventually("after the outage", known, http.StatusOK)
	})
}
