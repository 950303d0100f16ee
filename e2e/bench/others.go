package bench

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// others watches what processes that have nothing to do with the run take of
// the machine: where it is much, the numbers are worth less.
type others struct {
	processes []*traefik.Process
	began     time.Time
	all, own  time.Duration
}

func watchOthers(processes []*traefik.Process) (others, error) {
	o := others{processes: processes, began: time.Now()}
	var err error
	if o.all, err = busy(); err != nil {
		return o, err
	}
	o.own, err = o.ours()
	return o, err
}

// ours is the processor time of Traefik, of this process and of the load
// generators that have ended.
func (o others) ours() (time.Duration, error) {
	var sum time.Duration
	for _, p := range o.processes {
		cpu, err := p.CPU()
		if err != nil {
			return 0, err
		}
		sum += cpu
	}
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			return 0, fmt.Errorf("processor time of process %d: %w", os.Getpid(), err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum, nil
}

// share is the part of one core that others have taken since.
func (o others) share() (float64, error) {
	all, err := busy()
	if err != nil {
		return 0, err
	}
	own, err := o.ours()
	if err != nil {
		return 0, err
	}
	taken := (all - o.all) - (own - o.own)
	return max(0, taken.Seconds()/time.Since(o.began).Seconds()), nil
}
