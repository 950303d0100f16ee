// Package good runs a table row by row whose first row must fail.
package good

import "testing"

func TestRows(t *testing.T) {
	for _, row := range []struct {
		name string
		fine bool
	}{
		{name: "must fail", fine: false},
		{name: "passes", fine: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if !row.fine {
				t.Error("not fine")
			}
		})
	}
}
