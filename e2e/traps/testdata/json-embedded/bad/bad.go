// Package bad embeds the common claims.
package bad

import (
	"encoding/json"
	"fmt"
)

type Times struct {
	Exp int64 `json:"exp"`
}

type claims struct {
	Times
	Sub string `json:"sub"`
}

// Run tells what came out.
func Run() string {
	var c claims
	err := json.Unmarshal([]byte(`{"exp":5,"sub":"alice"}`), &c) // want json-embedded
	return fmt.Sprint(c.Exp, c.Sub, err)
}
