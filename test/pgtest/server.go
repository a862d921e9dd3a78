package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// settings are those of every server. Deadlocks are found soon, so that their
// tests are short.
var settings = []string{
	"listen_addresses=", "port=5432", "wal_level=minimal", "max_wal_senders=0", "max_connections=300", "jit=off",
	"deadlock_timeout=100ms", "log_min_messages=warning",
}

// hasty trades durability, which few tests need, for speed; durable is what a
// small server of one's own would have.
var (
	hasty   = []string{"fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB", "autovacuum=off"}
	durable = []string{"fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=1GB", "max_wal_size=4GB"}
)

// watch starts the server on a copy of the prepared cluster, kills it and starts
// it again for every line of its input, and stays beside it until that ends,
// which is when the test process, the only holder of the other end, is gone;
// kill -9 included. Then it removes everything.
const watch = `
dir=$1 cluster=$2 postgres=$3; shift 3
trap '' INT HUP TERM
tar -xf "$cluster" -C "$dir" || exit 1
while :; do
	"$postgres" -D "$dir/data" -k "$dir" "$@" >>"$dir/log" 2>&1 &
	server=$!
	read -r _ || break
	kill -QUIT $server
	wait $server
done
kill -QUIT $server
wait $server
rm -rf "$dir"
`

// held are the ends of the pipes that servers watch. They are kept from being
// collected, which would close them.
var held []*os.File

// Options say what a server is for.
type Options struct {
	// Durable has what is committed survive a crash, on a disk, as slowly as
	// that is: for measurements, and for those who kill the server.
	Durable bool
}

// Start starts a server of its own, for programs; tests have Open and URL. It
// is gone when this process is.
func Start(o Options) (*Server, error) {
	bin, version, err := binaries()
	if err != nil {
		return nil, err
	}
	as, err := user()
	if err != nil {
		return nil, err
	}
	cluster, err := as.cluster(bin, version)
	if err != nil {
		return nil, err
	}
	at, tuned := base(), hasty
	if o.Durable {
		at, tuned = "/tmp", durable
	}
	dir, err := as.folder(at, "server")
	if err != nil {
		return nil, err
	}
	input, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = input.Close() }()
	held = append(held, hold)

	args := []string{"-c", watch, "sh", dir, cluster, filepath.Join(bin, "postgres")}
	for _, setting := range slices.Concat(settings, tuned) {
		args = append(args, "-c", setting)
	}
	watcher := as.command(dir, "/bin/sh", args...)
	watcher.Stdin = input
	watcher.SysProcAttr.Setpgid = true // an interrupt from the keyboard is for the tests
	if err := watcher.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	gone := make(chan struct{})
	go func() {
		_ = watcher.Wait()
		close(gone)
	}()
	s := &Server{Bin: bin, Socket: dir, hold: hold, gone: gone}
	s.migrate = sync.OnceValue(s.makeTemplate)
	if err := s.await(gone); err != nil {
		_ = hold.Close()
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, fmt.Errorf("start PostgreSQL %s in %s: %w\n%s", version, dir, err, log)
	}
	return s, nil
}

// await connects as soon as the server lets it.
func (s *Server) await(gone <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	config, err := pgxpool.ParseConfig(s.url("postgres"))
	if err != nil {
		return err
	}
	config.MaxConns = 4
	if s.admin, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	for {
		err := s.admin.Ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-gone:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return err
		}
	}
}

// Restart kills the server, as a crash of its machine would, and returns when it
// answers again.
func (s *Server) Restart(ctx context.Context) error {
	var before, now time.Time
	const began = "SELECT pg_postmaster_start_time()"
	if err := s.admin.QueryRow(ctx, began).Scan(&before); err != nil {
		return err
	}
	if _, err := s.hold.WriteString("again\n"); err != nil {
		return err
	}
	for {
		// the old one may answer for another moment
		if err := s.admin.QueryRow(ctx, began).Scan(&now); err == nil && !now.Equal(before) {
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// account is who the server runs as. PostgreSQL refuses to be root.
type account struct {
	uid        int
	credential *syscall.Credential // nil for who the tests run as
}

func (a account) command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir // where the tests run may be closed to the account
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PWD="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential}
	return cmd
}

// folder makes one that belongs to the account alone.
func (a account) folder(base, purpose string) (string, error) {
	dir, err := os.MkdirTemp(base, "sajin-pgtest-"+purpose+"-")
	if err != nil {
		return "", err
	}
	if a.credential != nil {
		if err := os.Chown(dir, int(a.credential.Uid), int(a.credential.Gid)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// base is where folders are made: in memory where there is room for some
// clusters, which makes starting and cloning several times as fast.
func base() string {
	var memory syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &memory); err == nil && memory.Bavail*uint64(memory.Bsize) > 2<<30 {
		return "/dev/shm"
	}
	if dir := os.TempDir(); len(dir) < 50 {
		return dir
	}
	return "/tmp" // the path of a socket has about a hundred bytes
}

// cluster is a tar file of what initdb makes, which takes longer than all the
// rest. It is made once a machine, version and account; being one file, it is
// there whole or not at all.
func (a account) cluster(bin, version string) (string, error) {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("sajin-pgtest-%s-%d.tar", version, a.uid))
	if info, err := os.Lstat(path); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || !info.Mode().IsRegular() || int(stat.Uid) != a.uid {
			return "", fmt.Errorf("%s is somebody else's: remove it", path)
		}
		return path, nil
	}
	dir, err := a.folder(os.TempDir(), "initdb")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	const script = `"$1/initdb" -D data -U postgres --auth=trust --encoding=UTF8 --no-locale --no-sync --wal-segsize=1 && tar -cf data.tar data`
	if out, err := a.command(dir, "/bin/sh", "-c", script, "sh", bin).CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(filepath.Join(dir, "data.tar"), path); err != nil {
		return "", err
	}
	return path, nil
}
