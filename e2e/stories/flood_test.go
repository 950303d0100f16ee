package stories

import (
	"net/http"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// TestFlood: ten thousand unknown kids as fast as they are answered, in a
// second where the machine can, with good tokens beside them.
func TestFlood(t *testing.T) {
	everywhere(t, func(s *stage) {
		const cooldown = time.Second
		kids := 1000
		if *long {
			kids = 10000
		}
		s.start(config{"jwksMinRefresh": cooldown.String()})
		s.settle()
		good := s.good(50)
		before, begin := s.asked(), time.Now()
		flood := StartTraffic(Order{
			Address: s.place.Address(), Host: s.host, Path: guarded, Rate: 10000, Number: kids,
			Token: UnknownKids(s.realm),
		}).Wait()
		// The last fetch began before the last answer.
		fetches, elapsed := s.asked()-before, time.Since(begin)
		if flood.Requests != kids || flood.Failures(http.StatusUnauthorized) > 0 {
			s.Errorf("the flood: %s; want 401 for all", flood)
		}
		most := 1 + int(elapsed/cooldown)
		if fetches < 1 || fetches > most {
			s.Errorf("the flood cost %d fetches in %s, want 1 to %d", fetches, elapsed, most)
		}
		s.unharmed(good)
		s.Logf("%d unknown kids in %s, %d fetches", flood.Requests, elapsed.Round(time.Millisecond), fetches)
	})
}

// TestForeignTokensCostNoFetch: an unknown kid is worth a fetch only in a token
// that says it is the issuer's.
func TestForeignTokensCostNoFetch(t *testing.T) {
	everywhere(t, func(s *stage) {
		s.start(nil)
		s.settle()
		before := s.asked()
		foreign := s.realm.Access("bob").With("iss", "https://elsewhere.invalid/realms/x").By(issuer.Stranger("RS256"))
		s.expect("another issuer's", foreign.String(), http.StatusUnauthorized)
		s.expect("another issuer's under a known kid", foreign.Head("kid", s.realm.Active().ID).String(), http.StatusUnauthorized)
		if got := s.asked() - before; got != 0 {
			s.Errorf("foreign tokens cost %d fetches, want none", got)
		}
	})
}
