package stories

import (
	"net/http"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// TestRedirectToAnotherHost: neither the document nor the keys may come from
// where the issuer was made to point.
func TestRedirectToAnotherHost(t *testing.T) {
	everywhere(t, func(s *stage) {
		other := s.another(issuer.Options{})
		other.Default().Replace() // the first keys of all issuers are the same
		s.realm.Answer(issuer.Certs, issuer.Redirect(other.Default().Inner(issuer.Certs)))
		s.start(config{"jwksRefresh": "300ms", "jwksMinRefresh": "100ms"})
		s.expect("at the start", s.token(), http.StatusServiceUnavailable)
		s.logged(1, nothing, "redirect to another host refused")
		s.realm.Restore()
		known := s.settle()

		s.realm.Answer(issuer.Certs, issuer.Redirect(other.Default().Inner(issuer.Certs)))
		s.askedAgain("redirected")
		s.expect("a known token", known, http.StatusOK)
		forged := s.realm.Access("bob").By(other.Default().Active()).String()
		s.expect("a token by the other host's key", forged, http.StatusUnauthorized)

		s.realm.Answer(issuer.Discovery, issuer.Redirect(other.Default().Inner(issuer.Discovery)))
		s.askedAgain("redirected twice")
		s.expect("a known token", known, http.StatusOK)
		if n := other.Count(issuer.Certs) + other.Count(issuer.Discovery); n > 0 {
			s.Errorf("the other host was asked %d times", n)
		}
	})
}

// TestDiscoveryIsNotBelieved: a document that is not the issuer's yields no
// keys, and says so in the log.
func TestDiscoveryIsNotBelieved(t *testing.T) {
	everywhere(t, func(s *stage) {
		other := s.another(issuer.Options{})
		other.Default().Replace() // the first keys of all issuers are the same
		s.realm.EditDiscovery(func(d map[string]any) { d["issuer"] = other.URL })
		s.start(config{"jwksMinRefresh": "100ms"})
		s.expect("a document of another issuer", s.token(), http.StatusServiceUnavailable)
		s.logged(1, nothing, "names issuer", other.URL)

		s.realm.EditDiscovery(func(d map[string]any) { d["jwks_uri"] = other.Default().Inner(issuer.Certs) })
		s.logged(1, nothing, "another host", "set jwksUrl")
		s.expect("keys on another host", s.token(), http.StatusServiceUnavailable)
		s.expect("by a key of the other host", s.realm.Access("bob").By(other.Default().Active()).String(), http.StatusServiceUnavailable)
		if n := other.Count(issuer.Certs); n > 0 {
			s.Errorf("the other host was asked %d times", n)
		}

		s.realm.Restore()
		s.eventually("once the document is right", s.token(), http.StatusOK)
	})
}

// TestKeysMove: the address of the keys is remembered, and asked for again
// when it starts to fail.
func TestKeysMove(t *testing.T) {
	everywhere(t, func(s *stage) {
		s.start(config{"jwksRefresh": "300ms", "jwksMinRefresh": "100ms"})
		s.settle()
		s.askedAgain("at the first address")
		if n := s.realm.Count(issuer.Discovery); n != 1 {
			s.Errorf("the discovery document was fetched %d times, want once", n)
		}
		traffic := s.good(20)
		s.realm.MoveCerts("/keys")
		s.askedAgain("at the new address")
		s.realm.Rotate()
		s.eventually("a key that is only at the new address", s.token(), http.StatusOK)
		s.unharmed(traffic)
	})
}

// TestInnerAddresses: the public issuer is not reachable, its keys are by
// discoveryUrl or jwksUrl.
func TestInnerAddresses(t *testing.T) {
	for key, endpoint := range map[string]issuer.Endpoint{"discoveryUrl": issuer.Discovery, "jwksUrl": issuer.Certs} {
		t.Run(key, func(t *testing.T) {
			everywhere(t, func(s *stage) {
				s.use(s.another(issuer.Options{PublicURL: "https://sso.invalid", InnerLinks: true}))
				s.start(config{key: s.realm.Inner(endpoint)})
				s.settle()
			})
		})
	}
}

// TestIssuersShareAKid: two issuers have a kid in common, and each vouches for
// its own tokens only.
func TestIssuersShareAKid(t *testing.T) {
	everywhere(t, func(s *stage) {
		names := []string{unique("one"), unique("two")}
		s.use(s.another(issuer.Options{Realms: names, Algorithms: []string{"RS256"}}))
		one, two := s.issuer.Realm(names[0]), s.issuer.Realm(names[1])
		for _, realm := range []*issuer.Realm{one, two} {
			realm.Publish(realm.Active().WithID("shared"))
		}
		s.start(config{"issuers": []config{{"issuer": two.URL()}}})
		s.eventually("the first issuer's", one.Access("bob").String(), http.StatusOK)
		s.eventually("the second issuer's", two.Access("bob").String(), http.StatusOK)
		asked := s.issuer.Count(issuer.Certs)
		s.expect("the second one's in the name of the first", one.Access("bob").By(two.Active()).String(), http.StatusUnauthorized)
		s.expect("the first one's in the name of the second", two.Access("bob").By(one.Active()).String(), http.StatusUnauthorized)
		s.expect("a third issuer's", one.Access("bob").With("iss", s.issuer.Base()+"/realms/three").String(), http.StatusUnauthorized)
		if n := s.issuer.Count(issuer.Certs) - asked; n != 0 {
			s.Errorf("those cost %d fetches, want none", n)
		}
	})
}
