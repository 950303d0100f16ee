package stories

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// waiters are requests that are under way at the same time, each with a token
// of its own.
type waiters struct {
	stage   *stage
	number  int64
	sent    *atomic.Int64
	cancel  context.CancelFunc
	answers chan answer
}

// waiting sends n such requests.
func (s *stage) waiting(n int, token func() string) *waiters {
	ctx, cancel := context.WithCancel(s.Context())
	s.Cleanup(cancel)
	w := &waiters{stage: s, number: int64(n), sent: &atomic.Int64{}, cancel: cancel, answers: make(chan answer, n)}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { w.sent.Add(1) },
	})
	for range n {
		go func() { w.answers <- s.sendTo(ctx, s.host, guarded, token()) }()
	}
	return w
}

// written waits until every request is on its way. Whether it has been read
// cannot be seen from here, and need not be: one that comes late finds the
// keys.
func (w *waiters) written() {
	w.stage.Helper()
	w.stage.until("the requests are sent", func() bool { return w.sent.Load() >= w.number })
}

// served takes the answers, which must all be good.
func (w *waiters) served() {
	w.stage.Helper()
	failures := map[string]int{}
	for range w.number {
		if got := <-w.answers; got.status != http.StatusOK {
			failures[got.String()]++
		}
	}
	if len(failures) > 0 {
		w.stage.Errorf("of %d who waited, not all got 200: %v", w.number, failures)
	}
}
