// Package good writes the fields out.
package good

import (
	"encoding/json"
	"fmt"
)

type claims struct {
	Exp int64  `json:"exp"`
	Sub string `json:"sub"`
}

// Run tells what came out.
func Run() string {
	var c claims
	err := json.Unmarshal([]byte(`{"exp":5,"sub":"alice"}`), &c)
	return fmt.Sprint(c.Exp, c.Sub, err)
}
