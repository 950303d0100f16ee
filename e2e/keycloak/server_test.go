package keycloak

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// parentEnv makes the test binary a parent that starts two processes tied to
// itself and waits to be killed.
const parentEnv = "KEYCLOAK_TEST_PARENT"

func beParent() error {
	cmd, _, err := tied([]string{"/bin/sh", "-c", "sleep 600 & wait"}, func(*exec.Cmd) {})
	if err != nil {
		return err
	}
	fmt.Println(cmd.Process.Pid)
	select {}
}

// TestNoOrphan kills a process that has started something the way Keycloak is
// started: all that it started is gone too.
func TestNoOrphan(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"=1")
	out, err := parent.StdoutPipe()
	done(t, err)
	done(t, parent.Start())
	var group int
	_, scanErr := fmt.Fscan(out, &group)
	before := syscall.Kill(-group, 0)
	done(t, parent.Process.Kill())
	_ = parent.Wait() // killed, as asked
	done(t, scanErr)
	done(t, before)
	for end := time.Now().Add(10 * time.Second); !errors.Is(syscall.Kill(-group, 0), syscall.ESRCH); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the process group %d outlived its killed parent by ten seconds", group)
		}
	}
}
