package authproxy

import "sync"

// memo is a bounded table in two generations: the young one is filled; when it is
// full the old one is dropped and the young becomes old. So a hit writes nothing
// and takes no lock, and a flood of new keys costs no more than the table's size.
type memo struct {
	table *sync.Map

	mu         sync.Mutex
	young      []string
	old        []string
	youngBytes int
	maxEntries int    // of one generation
	maxBytes   int    // of one generation
	turned     func() // called, under mu, after values have been dropped for room; may be nil
}

// newMemo returns a table of at most entries keys and about bytes bytes.
func newMemo(entries, bytes int) *memo {
	half := (entries + 1) / 2
	return &memo{table: &sync.Map{}, maxEntries: half, maxBytes: bytes / 2}
}

// store files a value of about bytes bytes, provided that valid still holds once
// no forget can run in between.
func (m *memo) store(key string, value interface{}, bytes int, valid func() bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !valid() {
		return
	}
	_, known := m.table.Load(key)
	if !known {
		if len(m.young) >= m.maxEntries || m.youngBytes+bytes > m.maxBytes {
			m.turn()
		}
		m.young = append(m.young, key)
		m.youngBytes += bytes
	}
	m.table.Store(key, value)
}

// turn drops the old generation and makes the young one old.
func (m *memo) turn() {
	for _, key := range m.old {
		m.table.Delete(key)
	}
	m.old = m.young
	m.young = nil
	m.youngBytes = 0
	if m.turned != nil {
		m.turned()
	}
}

// forget drops every value for which gone holds.
func (m *memo) forget(gone func(value interface{}) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.table.Range(func(key, value interface{}) bool {
		if gone(value) {
			m.table.Delete(key)
		}
		return true
	})
}

// clear drops everything.
func (m *memo) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn()
	m.turn()
}
