package traefik

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// endWithParent makes the system end the child when its parent has gone.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// CPU returns the processor time that the process has used since it started,
// user and system together, of all its threads.
func (p *Process) CPU() (time.Duration, error) {
	// The clock of another process has its id's complement in its upper bits, and
	// 2, for the scheduler's own account, in its lower ones: clock_getcpuclockid(3).
	// The times in /proc/PID/stat are the same, rounded to 10 ms.
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^p.PID()<<3|2), &used); err != nil {
		return 0, fmt.Errorf("processor time of %d: %w", p.PID(), err)
	}
	return time.Duration(used.Nano()), nil
}

// RSS returns the process's resident memory in bytes.
func (p *Process) RSS() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status: no VmRSS", p.PID())
}
