package stories

import (
	"net/http"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

func TestRotationWithOverlap(t *testing.T) {
	everywhere(t, func(s *stage) {
		s.start(nil)
		old := s.settle()
		before := s.asked()
		s.realm.Rotate()
		s.expect("the new key's first token", s.token(), http.StatusOK)
		s.expect("the old key's token", old, http.StatusOK)
		s.expect("the new key's second token", s.token(), http.StatusOK)
		if got := s.asked() - before; got != 1 {
			s.Errorf("the new key cost %d fetches, want 1", got)
		}
	})
}

func TestRotationWithoutOverlap(t *testing.T) {
	everywhere(t, func(s *stage) {
		s.start(nil)
		old := s.settle()
		unseen := s.token()
		s.realm.Replace()
		s.expect("the new key's first token", s.token(), http.StatusOK)
		s.eventually("a known token of the key that has gone", old, http.StatusUnauthorized)
		s.expect("an unseen token of the key that has gone", unseen, http.StatusUnauthorized)
		s.expect("the new key's token", s.token(), http.StatusOK)
	})
}

// TestRemovedKey: nobody sends a token with a new kid, so only the refresh can
// show that a key has gone. The issuer's word on caching does not count.
func TestRemovedKey(t *testing.T) {
	everywhere(t, func(s *stage) {
		const refresh, timeout = time.Second, 5 * time.Second
		s.realm.Answer(issuer.Certs, issuer.Headers(map[string]string{"Cache-Control": "public, max-age=31536000"}))
		s.start(config{"jwksRefresh": refresh.String(), "jwksTimeout": timeout.String()})
		removed := s.settle()
		kept := s.quick()
		s.expect("the other key's token", kept, http.StatusOK)
		others := s.good(20)
		s.realm.Remove(s.realm.Active().ID)
		s.within(refresh+timeout+slack, "a known token whose key was removed", removed, http.StatusUnauthorized)
		s.expect("an unseen token whose key was removed", s.token(), http.StatusUnauthorized)
		s.expect("the other key's token", kept, http.StatusOK)
		s.unharmed(others)
	})
}

// TestFirstWaiterGivesUp: the one whose request caused the fetch goes away,
// and the others are served by it.
func TestFirstWaiterGivesUp(t *testing.T) {
	everywhere(t, func(s *stage) {
		s.start(nil)
		s.settle()
		release := s.realm.Hold(issuer.Certs)
		defer release()
		s.realm.Rotate()
		before := s.asked()

		first := s.waiting(1, s.token)
		s.until("the first waiter causes a fetch", func() bool { return s.asked() > before })
		others := s.waiting(20, s.token)
		first.cancel()
		if got := <-first.answers; got.err == nil {
			s.Errorf("who gave up got %s", got)
		}
		others.written()
		release()
		others.served()
		if got := s.asked() - before; got != 1 {
			s.Errorf("%d fetches, want 1", got)
		}
	})
}

// TestManyGiveUp: those who go away take nobody along.
func TestManyGiveUp(t *testing.T) {
	const each = 100
	everywhere(t, func(s *stage) {
		release := s.realm.Hold(issuer.Certs)
		defer release()
		s.start(nil)
		patient, hasty := s.waiting(each, s.quick), s.waiting(each, s.quick)
		hasty.written()
		hasty.cancel()
		for range each {
			if got := <-hasty.answers; got.err == nil {
				s.Errorf("who gave up got %s", got)
			}
		}
		patient.written()
		release()
		patient.served()
	})
}

// TestReloadWhileManyWait: a reload ends the context that New was given, and
// must not end the fetch that requests wait for.
func TestReloadWhileManyWait(t *testing.T) {
	everywhere(t, func(s *stage) {
		release := s.realm.Hold(issuer.Certs)
		defer release()
		s.start(nil)
		s.until("the warm-up", func() bool { return s.asked() > 0 })
		waiting := s.waiting(10, s.quick)
		waiting.written()
		for range 3 {
			s.reload()
		}
		release()
		waiting.served()
		if got := s.asked(); got != 1 {
			s.Errorf("%d fetches, want 1", got)
		}
	})
}

// TestHerd: many requests meet a store without keys.
func TestHerd(t *testing.T) {
	const herd = 500
	everywhere(t, func(s *stage) {
		release := s.realm.Hold(issuer.Certs)
		defer release()
		s.start(nil)
		waiting := s.waiting(herd, s.quick)
		waiting.written()
		release()
		waiting.served()
		if keys, documents := s.asked(), s.realm.Count(issuer.Discovery); keys != 1 || documents != 1 {
			s.Errorf("the herd cost %d fetches of keys and %d of the discovery document, want 1 and 1", keys, documents)
		}
	})
}
