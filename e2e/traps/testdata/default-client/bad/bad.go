// Package bad uses the process's client.
package bad

import (
	"fmt"
	"net/http"
)

// Run tells what came out.
func Run() string {
	return fmt.Sprint(http.DefaultClient.Timeout) // want default-client
}
