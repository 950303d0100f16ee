package stories

import (
	"net/http"
	"testing"
)

// TestManyRouters: routers and reloads by the thousand leave one set of keys,
// fetched once, and no goroutine behind. It counts the whole process's
// goroutines, so no other story runs beside it.
func TestManyRouters(t *testing.T) {
	const routers = 1000
	inTurn(t, func(s *stage) {
		reloads := 3
		if *long {
			reloads = 100
		}
		route := s.route(nil)
		route.Routers = routers
		s.startRoute(route)
		s.settle()
		s.client.CloseIdleConnections()
		before := s.goroutines()
		for range reloads {
			s.reload()
		}
		last := route.RouterHost(routers - 1)
		if got := s.sendTo(s.Context(), last, guarded, s.token()); got.status != http.StatusOK {
			s.Errorf("the last router: got %s, want 200", got)
		}
		s.client.CloseIdleConnections()
		// A connection more or less takes a few.
		const few = 20
		after := 0
		s.until("the goroutines end", func() bool {
			after = s.goroutines()
			return after <= before+few
		})
		if got := s.asked(); got != 1 {
			s.Errorf("%d fetches of the keys, want 1", got)
		}
		s.Logf("%d routers, %d reloads: %d goroutines before, %d after", routers, reloads, before, after)
	})
}

func (s *stage) goroutines() int {
	s.Helper()
	n, err := s.place.Goroutines(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return n
}
