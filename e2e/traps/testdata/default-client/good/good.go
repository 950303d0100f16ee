// Package good has its own.
package good

import (
	"fmt"
	"net/http"
)

// Run tells what came out.
func Run() string {
	client := &http.Client{Transport: &http.Transport{}}
	return fmt.Sprint(client.Timeout)
}
