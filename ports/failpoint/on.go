//go:build failpoint && unix

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// armed is the one point at which something happens, from the environment:
// FAILPOINT=kill:wallet.purchase.committed:3 kills the process when it comes
// there for the third time, stop: pauses it until somebody sends SIGCONT.
var armed = parse(os.Getenv("FAILPOINT"))

type arm struct {
	signal syscall.Signal
	point  string
	left   atomic.Int64
}

func parse(text string) *arm {
	if text == "" {
		return &arm{}
	}
	words := strings.Split(text, ":")
	signals := map[string]syscall.Signal{"kill": syscall.SIGKILL, "stop": syscall.SIGSTOP}
	if len(words) != 3 || signals[words[0]] == 0 {
		panic(fmt.Sprintf("FAILPOINT %q is not of the form kill:point:times", text))
	}
	times, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil {
		panic(fmt.Sprintf("FAILPOINT %q: %v", text, err))
	}
	a := &arm{signal: signals[words[0]], point: words[1]}
	a.left.Store(times)
	return a
}

// Hit kills or pauses the process if this is the point and the time. It says so
// first, on a line of its own on standard error.
func Hit(point string) {
	if point != armed.point || armed.left.Add(-1) != 0 {
		return
	}
	_, _ = os.Stderr.WriteString("failpoint " + point + "\n")
	_ = syscall.Kill(os.Getpid(), armed.signal)
	if armed.signal == syscall.SIGKILL {
		select {} // until it arrives
	}
}
