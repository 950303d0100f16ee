// Command whoami answers each request with the request itself, as text. It
// stands in for the image of the same name in the Docker Compose example.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	port := flag.String("port", "80", "the port to listen on")
	flag.Parse()
	server := &http.Server{
		Addr:              net.JoinHostPort("", *port),
		ReadHeaderTimeout: 10 * time.Second,
		Handler:           http.HandlerFunc(answer),
	}
	log.Fatal(server.ListenAndServe())
}

func answer(w http.ResponseWriter, r *http.Request) {
	name, err := os.Hostname()
	if err != nil {
		name = err.Error()
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Hostname: %s\nRemoteAddr: %s\n", name, r.RemoteAddr)
	// A client that has gone is no news.
	_ = r.Write(w)
}
