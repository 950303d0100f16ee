// Package good tags the field.
package good

import (
	"encoding/json"
	"fmt"
)

type claims struct {
	Sub   string `json:"sub"`
	admin bool   `json:"-"`
}

// Run tells what came out.
func Run() string {
	var c claims
	err := json.Unmarshal([]byte(`{"sub":"alice","Xadmin":true}`), &c)
	return fmt.Sprint(c.Sub, c.admin, err)
}
