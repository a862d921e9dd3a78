package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// node is a process of the server.
type node struct {
	address string
	cmd     *exec.Cmd
	hit     chan string   // the failpoint that it was armed with, when it comes there
	gone    chan struct{} // closed when the process has ended
}

// startWithin is how long a server may take to answer. A busy machine is slow.
const startWithin = 30 * time.Second

var errGone = errors.New("the server ended while it started")

// start brings a process up. armed is what it does at which failpoint, as
// kill:name:times, or "".
func (s *stage) start(ctx context.Context, address, armed string) (*node, error) {
	n := &node{address: address, hit: make(chan string, 1), gone: make(chan struct{})}
	n.cmd = exec.Command(s.binary, "serve") // it is to end by a kill alone
	n.cmd.Env = append(s.environment(), "SAJIN_HTTP_LISTEN="+address, "FAILPOINT="+armed)
	n.cmd.Stdout = s.log
	n.cmd.Stderr = &watched{to: s.log, hit: n.hit}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = n.cmd.Wait()
		close(n.gone)
	}()
	return n, n.await(ctx)
}

// await returns when the process answers. One that comes to its failpoint
// meanwhile is as good.
func (n *node) await(ctx context.Context) error {
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	deadline := time.After(startWithin)
	for {
		resp, err := client.Get("http://" + n.address + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case point := <-n.hit:
			n.hit <- point
			return nil
		case <-n.gone:
			if len(n.hit) > 0 {
				return nil
			}
			return errGone
		case <-deadline:
			n.kill()
			return fmt.Errorf("the server did not come up within %s", startWithin)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// kill is kill -9: nothing in the process has a chance to end well.
func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	<-n.gone
}

func (n *node) pause()   { _ = n.cmd.Process.Signal(syscall.SIGSTOP) }
func (n *node) proceed() { _ = n.cmd.Process.Signal(syscall.SIGCONT) }

// watched passes a log on and looks for the line of a failpoint.
type watched struct {
	to   io.Writer
	hit  chan string
	line []byte
}

func (w *watched) Write(b []byte) (int, error) {
	for rest := b; ; {
		text, after, whole := bytes.Cut(rest, []byte("\n"))
		w.line = append(w.line, text...)
		if !whole {
			break
		}
		if point, found := strings.CutPrefix(string(w.line), "failpoint "); found {
			select {
			case w.hit <- point:
			default:
			}
		}
		w.line, rest = w.line[:0], after
	}
	return w.to.Write(b)
}

// logFile is what all processes say, one after the other.
type logFile struct {
	mu sync.Mutex
	*os.File
}

func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.File.Write(b)
}

// free finds an address that nobody listens on.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
