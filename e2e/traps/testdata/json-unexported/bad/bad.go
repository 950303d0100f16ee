// Package bad decodes into a struct with a field of its own.
package bad

import (
	"encoding/json"
	"fmt"
)

type claims struct {
	Sub   string `json:"sub"`
	admin bool
}

// Run tells what came out.
func Run() string {
	var c claims
	err := json.Unmarshal([]byte(`{"sub":"alice","Xadmin":true}`), &c) // want json-unexported
	return fmt.Sprint(c.Sub, c.admin, err)
}
