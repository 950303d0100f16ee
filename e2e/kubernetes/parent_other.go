//go:build unix && !linux

package kubernetes

import "syscall"

// endWithParent does nothing here: only Linux can tie a child to its parent.
// Stop ends it all the same.
func endWithParent() *syscall.SysProcAttr { return nil }
