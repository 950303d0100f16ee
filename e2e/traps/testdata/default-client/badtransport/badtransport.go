// Package badtransport has a client without a transport.
package badtransport

import (
	"fmt"
	"net/http"
	"strings"
)

// Run tells what came out.
func Run() string {
	client := &http.Client{} // want default-client
	_, err := client.Get("http://127.0.0.1:1/")
	return fmt.Sprint(err != nil && strings.Contains(err.Error(), "traefik"))
}
