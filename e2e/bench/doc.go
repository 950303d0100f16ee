// Package bench measures what the plugin costs inside real Traefik.
//
// The measure is the processor time of the whole Traefik process per request,
// against the same Traefik without a middleware: it does not depend on how
// fast the load generator is, which shares the machine. Requests per second
// and latencies are given beside it. The rows of a run are interleaved, round
// by round, and each is set against the bare rows measured just before and
// after it, because a machine does not stay the same for minutes.
//
// A number is worth something only beside the other rows of its run.
package bench
