package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/adapters/fileblob"
	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/token"
	"github.com/sajin-sns/sajin/test/pgtest"
)

const (
	password    = "correct horse battery"
	contentMode = "serve-content"
)

// stage is a filled server, and its database once more for the limits, so that
// they do not meet.
type stage struct {
	*seeded

	dir     string
	address string
	debug   string        // where profiles are
	started time.Duration // from the start of the process to its first answer
	idle    int64         // bytes in memory when nothing is asked
	server  *exec.Cmd

	db       sqldb.DB       // the server's
	postgres *pgtest.Server // nil on SQLite
	limits   string         // the second database: its name, or its file
	tokens   []string       // of users, then of writers, then of the star
	photos   map[int]photo  // by their size
	down     []func()
}

// photo is a protected one: where its link leads, and where its bytes are.
type photo struct {
	path string // with the signature, of users[0]
	file string
}

func build(ctx context.Context) (binary string, clean func(), err error) {
	dir, err := os.MkdirTemp("", "sajin-bench")
	if err != nil {
		return "", nil, err
	}
	binary = filepath.Join(dir, "sajin")
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/sajin").CombinedOutput()
	if err != nil {
		return "", nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	return binary, func() { _ = os.RemoveAll(dir) }, nil
}

// raise fills a database, copies it for the limits, and starts the server on it.
func raise(ctx context.Context, binary, database string, c crowd) (s *stage, err error) {
	s = &stage{photos: map[int]photo{}}
	defer func() {
		if err != nil {
			s.lower()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "sajin-bench"); err != nil {
		return s, err
	}
	s.down = append(s.down, func() { _ = os.RemoveAll(s.dir) })
	conf := config.Default()
	conf.DataDir = s.dir
	if conf.HTTP.Listen, err = free(); err != nil {
		return s, err
	}
	s.address = conf.HTTP.Listen
	if s.debug, err = free(); err != nil {
		return s, err
	}
	var second func() error
	switch database {
	case "postgres":
		if s.postgres, err = pgtest.Start(pgtest.Options{Durable: true}); err != nil {
			return s, err
		}
		s.down = append(s.down, s.postgres.Stop)
		url, err := s.postgres.Create(ctx, "bench")
		if err != nil {
			return s, err
		}
		conf.Database.URL = config.URL(url)
		s.limits = "limits"
		second = func() error { return s.postgres.Clone(ctx, "limits", "bench") }
	case "sqlite":
		s.limits = filepath.Join(s.dir, "limits.db")
		second = func() error { return copyFile(s.limits, filepath.Join(s.dir, "sajin.db")) }
	default:
		return s, fmt.Errorf("there is no database %q", database)
	}
	if err := s.fill(ctx, conf, c); err != nil {
		return s, err
	}
	if err := second(); err != nil {
		return s, err
	}
	if err := s.sign(conf); err != nil {
		return s, err
	}
	if err := s.start(ctx, binary, conf); err != nil {
		return s, err
	}
	s.db, err = server.OpenDatabase(ctx, conf)
	if err == nil {
		s.down = append(s.down, func() { _ = s.db.Close() })
	}
	return s, err
}

// lower takes everything down. It may be called twice.
func (s *stage) lower() {
	for _, down := range backwards(s.down) {
		down()
	}
	s.down = nil
}

func backwards(all []func()) []func() {
	turned := make([]func(), len(all))
	for i, f := range all {
		turned[len(all)-1-i] = f
	}
	return turned
}

// free finds a port that nobody listens on.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (s *stage) fill(ctx context.Context, conf config.Config, c crowd) error {
	db, err := server.OpenDatabase(ctx, conf)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // a database with connections cannot be cloned
	hash, err := argon.New(argon.Options{}).Hash(ctx, password)
	if err != nil {
		return err
	}
	s.seeded, err = seed(ctx, db, c, hash, time.Now())
	if err != nil || s.postgres != nil {
		return err
	}
	_, err = db.Exec(ctx, "PRAGMA wal_checkpoint(TRUNCATE)") // what is copied is one file
	return err
}

// sign makes the tokens that people would have been given, and their photos.
func (s *stage) sign(conf config.Config) error {
	ring, err := keyring.Open(server.KeyFile(conf))
	if err != nil {
		return err
	}
	now := time.Now()
	tokens := ring.Tokens(conf.Issuer(), time.Now)
	all := append(append(s.users[:len(s.users):len(s.users)], s.writers...), s.star)
	for i, id := range all {
		text, err := tokens.Issue(token.Claims{Account: id, Session: s.sessions[i], Role: "member", IssuedAt: now, ExpiresAt: now.Add(12 * time.Hour)})
		if err != nil {
			return err
		}
		s.tokens = append(s.tokens, text)
	}
	blobs, err := fileblob.Open(filepath.Join(s.dir, "blobs"))
	if err != nil {
		return err
	}
	for _, size := range []int{200 << 10, 4 << 10} {
		data := strings.Repeat("sajin---", size/8)
		key := media.RenditionKey(s.writings[0][0], "w"+strconv.Itoa(size), "jpg", []byte(data))
		if err := blobs.Put(context.Background(), key, strings.NewReader(data), int64(size), "image/jpeg"); err != nil {
			return err
		}
		file := filepath.Join(s.dir, strconv.Itoa(size))
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			return err
		}
		s.photos[size] = photo{file: file, path: ring.Links(time.Now).Sign(link.Grant{
			Method: http.MethodGet, Path: "/media/" + key, Viewer: s.users[0], ExpiresAt: now.Add(12 * time.Hour),
		})}
	}
	return nil
}

func (s *stage) start(ctx context.Context, binary string, conf config.Config) error {
	s.server = exec.CommandContext(ctx, binary, "serve")
	s.server.Env = append(os.Environ(),
		"SAJIN_DATA_DIR="+s.dir, "SAJIN_HTTP_LISTEN="+conf.HTTP.Listen, "SAJIN_DATABASE_URL="+conf.DatabaseURL().Reveal(),
		"SAJIN_DEBUG_LISTEN="+s.debug, "SAJIN_LIMITS_ENABLED=false", "SAJIN_FEEDS_FANOUT_THRESHOLD=1000000", "SAJIN_MEDIA_CHECK_EVERY=0s", "SAJIN_LOG_LEVEL=warn",
	)
	s.server.Stderr = os.Stderr
	began := time.Now()
	if err := s.server.Start(); err != nil {
		return err
	}
	s.down = append(s.down, func() {
		_ = s.server.Process.Signal(syscall.SIGTERM)
		_ = s.server.Wait()
	})
	if err := awaitHTTP(ctx, s.address, "/healthz"); err != nil {
		return err
	}
	s.started = time.Since(began)
	time.Sleep(3 * time.Second)
	s.idle = resident(s.server.Process.Pid)
	return nil
}

func awaitHTTP(ctx context.Context, address, path string) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		resp, err := http.Get("http://" + address + path)
		if err == nil {
			_ = resp.Body.Close()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.New("the server does not answer")
}

// rest waits until the server has done what an operation has left it to do, so
// that it is not measured with the next one or its limit.
func (s *stage) rest(ctx context.Context) error {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		left, err := sqldb.One(ctx, s.db, sqldb.Scalar[int64], `SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM jobs)`)
		if err != nil || left == 0 {
			return err
		}
	}
	return errors.New("the server does not come to rest")
}

// profile writes down what the server spends its time with, for so long.
func (s *stage) profile(file string, during time.Duration) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	resp, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.debug, int(during.Seconds())))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, resp.Body)
	return errors.Join(err, out.Close())
}

// resident is how much memory a process has, where /proc tells.
func resident(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if fields := strings.Fields(string(text)); len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64)
		return pages * int64(os.Getpagesize())
	}
	return 0
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}

// contentServer starts this program again as the limit of delivery.
func contentServer(ctx context.Context, file string) (address string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, contentMode, file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	if _, err := fmt.Fscanln(out, &address); err != nil {
		return "", nil, err
	}
	return address, func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }, nil
}

func listenAndTell(h http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(os.Stdout, l.Addr())
	return (&http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}).Serve(l)
}
