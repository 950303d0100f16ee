//go:build unix && !linux

package traefik

import (
	"errors"
	"syscall"
	"time"
)

// endWithParent does nothing here: only Linux can tie a child to its parent.
// Stop ends it all the same.
func endWithParent() *syscall.SysProcAttr { return nil }

var errNoProc = errors.New("measured on Linux only")

// CPU is measured on Linux only.
func (p *Process) CPU() (time.Duration, error) { return 0, errNoProc }

// RSS is measured on Linux only.
func (p *Process) RSS() (int64, error) { return 0, errNoProc }
