// Package bad runs a table in parallel whose first row must fail.
package bad

import "testing"

func TestRows(t *testing.T) {
	for _, row := range []struct {
		name string
		fine bool
	}{
		{name: "must fail", fine: false},
		{name: "passes", fine: true},
	} {
		row := row
		t.Run(row.name, func(t *testing.T) {
			t.Parallel() // want parallel
			if !row.fine {
				t.Error("not fine")
			}
		})
	}
}
