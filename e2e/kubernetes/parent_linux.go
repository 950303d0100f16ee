package kubernetes

import "syscall"

// endWithParent makes the system end the child when its parent has gone.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
