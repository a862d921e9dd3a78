package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/test/pgtest"
)

const (
	lease  = 3 * time.Second
	secret = "a secret of the sandbox's"
	room   = 256 << 20 // of the disk for blobs
)

// stage is what the server runs on, all of which may fail.
type stage struct {
	binary, dir, blobs string
	front              string // what the server takes for its own address
	pg                 *pgtest.Server
	wire               *wire
	url                string // of the database, as the server knows it
	direct             string // and as we do
	small              bool   // blobs have a disk of their own, which can be full
	log                *logFile

	node atomic.Pointer[node] // who is asked
	down []func()
}

func newStage(ctx context.Context, binary, database string) (s *stage, err error) {
	s = &stage{binary: binary}
	defer func() {
		if err != nil {
			s.lower()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "sajin-fault"); err != nil {
		return s, err
	}
	s.down = append(s.down, func() { _ = os.RemoveAll(s.dir) })
	out, err := os.Create(filepath.Join(s.dir, "server.log"))
	if err != nil {
		return s, err
	}
	s.log = &logFile{File: out}
	s.down = append(s.down, func() { _ = out.Close() })
	if s.front, err = free(); err != nil {
		return s, err
	}
	if err := s.mount(ctx); err != nil {
		return s, err
	}
	switch database {
	case "sqlite":
		s.url = "sqlite:" + filepath.Join(s.dir, "sajin.db")
		s.direct = s.url
		return s, nil
	case "postgres":
		return s, s.postgres(ctx)
	}
	return s, fmt.Errorf("there is no database %q", database)
}

// mount gives the blobs a small disk, where that is allowed.
func (s *stage) mount(ctx context.Context) error {
	s.blobs = filepath.Join(s.dir, "blobs")
	if err := os.Mkdir(s.blobs, 0o700); err != nil {
		return err
	}
	if err := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d", room), "tmpfs", s.blobs).Run(); err == nil {
		s.small = true
		s.down = append(s.down, func() { _ = exec.Command("umount", "-l", s.blobs).Run() })
	}
	return nil
}

// postgres starts a server that waits for the disk, and a wire to it.
func (s *stage) postgres(ctx context.Context) error {
	var err error
	if s.pg, err = pgtest.Start(pgtest.Options{Durable: true}); err != nil {
		return err
	}
	s.down = append(s.down, s.pg.Stop)
	if s.direct, err = s.pg.Create(ctx, "fault"); err != nil {
		return err
	}
	s.wire, err = newWire(func() (net.Conn, error) { return net.Dial("unix", filepath.Join(s.pg.Socket, ".s.PGSQL.5432")) })
	if err != nil {
		return err
	}
	s.down = append(s.down, s.wire.close)
	s.url = "postgres://postgres@" + s.wire.address() + "/fault?sslmode=disable"
	return nil
}

// environment configures the server. What others take over after a crash, they
// take over soon; batches are small, so that there is a moment between them.
func (s *stage) environment() []string {
	return append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SAJIN_") }),
		"SAJIN_DATA_DIR="+s.dir, "SAJIN_DATABASE_URL="+s.url, "SAJIN_BLOB_URL=file:"+s.blobs,
		"SAJIN_HTTP_PUBLIC_URL=http://"+s.front, "SAJIN_PAYMENTS_SANDBOX_WEBHOOK_SECRET="+secret,
		"SAJIN_JOBS_LEASE="+lease.String(), "SAJIN_EVENTS_LEASE="+lease.String(), "SAJIN_FEEDS_FANOUT_BATCH=2",
		"SAJIN_TOPUPS_PROVIDER_TIMEOUT=3s", "SAJIN_TOPUPS_ASK_AFTER=2s", "SAJIN_TOPUPS_EXPIRE_AFTER=1h",
		"SAJIN_UPLOADS_MAX_OPEN=10000", "SAJIN_MEDIA_CHECK_EVERY=0s", "SAJIN_UPLOADS_PART_SIZE=1KiB", "SAJIN_UPLOADS_MAX_BYTES=1MiB", "SAJIN_LIMITS_ENABLED=false", "SAJIN_LOG_FORMAT=json")
}

// admin runs one of the tools of the command line.
func (s *stage) admin(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.binary, append([]string{"admin"}, args...)...)
	cmd.Env = s.environment()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// open looks at the database past the wire.
func (s *stage) open(ctx context.Context) (sqldb.DB, error) {
	c := config.Default()
	c.Database.URL = config.URL(s.direct)
	return server.OpenDatabase(ctx, c)
}

// fill takes what is left of the disk for blobs, until free is called.
func (s *stage) fill() (free func(), err error) {
	f, err := os.Create(filepath.Join(s.blobs, "ballast"))
	if err != nil {
		return nil, err
	}
	_, err = io.CopyN(f, zeros{}, room)
	_ = f.Close()
	free = func() { _ = os.Remove(f.Name()) }
	if err == nil {
		return free, errors.New("the disk does not fill up")
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return free, err
	}
	return free, nil
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// RoundTrip sends what is meant for the front to the process that answers now.
func (s *stage) RoundTrip(r *http.Request) (*http.Response, error) {
	n := s.node.Load()
	if n == nil || r.URL.Host != s.front {
		return nil, fmt.Errorf("nobody is at %s", r.URL.Host)
	}
	sent := r.Clone(r.Context())
	sent.URL.Host = n.address
	return transport.RoundTrip(sent)
}

var transport = &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 5 * time.Second}

// lower takes everything down, the last first. It may be called twice.
func (s *stage) lower() {
	if n := s.node.Swap(nil); n != nil {
		n.proceed()
		n.kill()
	}
	for _, down := range slices.Backward(s.down) {
		down()
	}
	s.down = nil
}
