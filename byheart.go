package authproxy

import "time"

// The warm way does not look at the clock, which cost the interpreter a tenth of its
// time there. Instead, byHeart is swept once a second, and whoever ends before long
// leaves it, long before its time: then recognised looks at the clock.
const (
	sweepByHeart = time.Second
	soon         = 5 * time.Second // the last of a token's time, not by heart
	lastCall     = 2 * time.Second // a token that ends sooner is swept out, and with it all that end soon
	standstill   = 3 * time.Second // without a sweep all leave
)

// publishByHeart makes byHeart anew. The caller holds mu.
func (t *warmTable) publishByHeart(now time.Time) {
	byHeart := map[string]map[string]string{}
	limit := now.Add(soon)
	t.earliest = time.Time{}
	for header, one := range t.regulars.Load().(map[string]*regular) {
		if one.expires.After(limit) {
			byHeart[header] = one.paths
			if t.earliest.IsZero() || one.expires.Before(t.earliest) {
				t.earliest = one.expires
			}
		}
	}
	t.byHeart.Store(byHeart)
	// A sweeper that is late is given up before the watchdog would.
	if len(byHeart) == 0 || t.sweeper != nil && now.Sub(t.swept) < standstill-sweepByHeart {
		return
	}
	t.swept = now
	t.sweeper = time.AfterFunc(sweepByHeart, t.sweep)
	t.watchdog = time.AfterFunc(standstill, t.notSwept)
}

// notSwept is the watchdog: without a sweep all go back to the clock. It needs no lock.
func (t *warmTable) notSwept() {
	defer func() {
		_ = recover() // a goroutine's panic would end Traefik
	}()
	t.dropByHeart()
}

func (t *warmTable) dropByHeart() { t.byHeart.Store(map[string]map[string]string{}) }

// sweep takes out of byHeart what ends soon, by the wall clock, as exp is: a clock that
// jumps is noticed with the next sweep. It goes on while there is anything.
func (t *warmTable) sweep() {
	defer func() {
		if recover() != nil {
			t.dropByHeart() // a goroutine's panic would end Traefik
		}
	}()
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.swept = now
	if t.earliest.Before(now.Add(lastCall)) || t.knowsNone() {
		t.publishByHeart(now)
	}
	if t.knowsNone() {
		t.watchdog.Stop()
		t.sweeper = nil
		return
	}
	t.watchdog.Reset(standstill)
	t.sweeper.Reset(sweepByHeart)
}

func (t *warmTable) knowsNone() bool {
	return len(t.byHeart.Load().(map[string]map[string]string)) == 0
}
