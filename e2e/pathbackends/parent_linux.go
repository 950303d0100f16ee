package pathbackends

import "syscall"

// endWithParent makes the system end a server when the program that started
// it has gone: web servers do not watch their standard input.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
