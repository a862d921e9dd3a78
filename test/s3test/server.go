package s3test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// watch starts the server and stays beside it until its input ends, which is
// when the test process, the only holder of the other end, is gone; kill -9
// included. Then it removes everything.
const watch = `
dir=$1; shift
trap '' INT HUP TERM
"$@" >"$dir/log" 2>&1 &
server=$!
read -r _
kill -KILL $server
wait $server
rm -rf "$dir"
`

// held are the ends of the pipes that servers watch. They are kept from being
// collected, which would close them.
var held []*os.File

// start starts a server; again, if somebody else takes its port first.
func start() (s *server, err error) {
	binary, err := build()
	if err != nil {
		return nil, err
	}
	for range 3 {
		if s, err = launch(binary); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func launch(binary string) (*server, error) {
	dir, err := os.MkdirTemp(base(), "sajin-s3test-")
	if err != nil {
		return nil, err
	}
	root := filepath.Join(dir, "buckets")
	if err := os.Mkdir(root, 0o700); err != nil {
		return nil, err
	}
	address, err := freePort()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	input, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = input.Close() }()
	held = append(held, hold)

	args := []string{
		"-c", watch, "sh", dir, binary,
		"--port", address, "--region", Region, "--virtual-domain", domain + ":" + port, "--quiet", "--keep-alive", "posix",
	}
	if !attributes(root) {
		sidecar := filepath.Join(dir, "sidecar")
		if err := os.Mkdir(sidecar, 0o700); err != nil {
			return nil, err
		}
		args = append(args, "--sidecar", sidecar)
	}
	watcher := exec.Command("/bin/sh", append(args, root)...)
	watcher.Dir, watcher.Stdin = dir, input
	watcher.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+AccessKey, "ROOT_SECRET_ACCESS_KEY="+SecretKey)
	watcher.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from the keyboard is for the tests
	if err := watcher.Start(); err != nil {
		return nil, fmt.Errorf("start versitygw: %w", err)
	}
	gone := make(chan struct{})
	go func() {
		_ = watcher.Wait()
		close(gone)
	}()
	s := &server{address: address, root: root}
	if err := s.await(dir, gone); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		_ = hold.Close()
		return nil, fmt.Errorf("start versitygw in %s: %w\n%s", dir, err, log)
	}
	return s, nil
}

// await returns when the server answers.
func (s *server) await(dir string, gone <-chan struct{}) error {
	client := http.Client{Timeout: 5 * time.Second}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		response, err := client.Get("http://" + s.address + "/")
		if err == nil {
			return response.Body.Close() // a refusal, as nobody signed it
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-gone:
			return errors.New("it ended at once")
		}
	}
	return fmt.Errorf("it does not answer; %s/log says why", dir)
}

// base is where the server keeps its files: in memory where there is room.
func base() string {
	var memory syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &memory); err == nil && memory.Bavail*uint64(memory.Bsize) > 2<<30 {
		return "/dev/shm"
	}
	return ""
}
