// Package badwrite writes a struct with a field of its own.
package badwrite

import (
	"encoding/json"
	"fmt"
)

type line struct {
	Message string `json:"msg"`
	token   string
}

// Run tells what came out.
func Run() string {
	text, err := json.Marshal(line{Message: "denied", token: "secret"}) // want json-unexported
	return fmt.Sprint(string(text), err)
}
