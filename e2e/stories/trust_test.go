package stories

import (
	"net/http"
	"os"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

func TestPrivateAuthority(t *testing.T) {
	everywhere(t, func(s *stage) {
		s.use(s.another(issuer.Options{TLS: true}))
		s.start(config{"caFile": s.issuer.CAFile, "jwksRefresh": "300ms", "jwksMinRefresh": "100ms"})
		s.settle()
		s.askedAgain("the refresh")
		if n := s.issuer.Connections(); n != 1 {
			s.Errorf("%d connections, want 1 that is used again", n)
		}
		if s.issuer.Protocol("HTTP/2.0") == 0 || s.issuer.Protocol("HTTP/1.1") > 0 {
			s.Error("HTTP/2 is offered and not used")
		}
	})
}

// TestWrongAuthority: the client gets 503, the log says why.
func TestWrongAuthority(t *testing.T) {
	everywhere(t, func(s *stage) {
		s.use(s.another(issuer.Options{TLS: true}))
		wrong, err := s.issuer.WrongCA()
		if err != nil {
			s.Fatal(err)
		}
		s.start(config{"caFile": wrong})
		if got := s.send(s.token()); got.status != http.StatusServiceUnavailable || got.retryAfter == "" {
			s.Errorf("got %s with Retry-After %q, want 503 with a time", got, got.retryAfter)
		}
		s.logged(1, nothing, "certificate signed by unknown authority")
		if got := s.asked(); got != 0 {
			s.Errorf("the issuer was asked %d times over a connection that is not trusted", got)
		}
	})
}

// TestAuthorityChanges: the file is read again when it changes, and a broken
// one does not take away what was trusted.
func TestAuthorityChanges(t *testing.T) {
	everywhere(t, func(s *stage) {
		s.use(s.another(issuer.Options{TLS: true}))
		s.start(config{"caFile": s.issuer.CAFile, "jwksRefresh": "300ms", "jwksMinRefresh": "100ms"})
		known := s.settle()

		s.realm.Rotate()
		if err := os.WriteFile(s.issuer.CAFile, []byte("half a file"), 0o644); err != nil {
			s.Fatal(err)
		}
		s.eventually("with a broken file, the next key's token", s.token(), http.StatusOK)
		s.logged(1, "the certificate authorities stay as they were", "caFile")

		s.issuer.Down() // connections end, so the certificate is looked at anew
		if err := s.issuer.RenewTLS(); err != nil {
			s.Fatal(err)
		}
		s.realm.Rotate()
		if err := s.issuer.Up(); err != nil {
			s.Fatal(err)
		}
		s.eventually("with the new authority, the next key's token", s.token(), http.StatusOK)
		s.expect("a token known before", known, http.StatusOK)
	})
}
