// Package e2e drives a whole server from outside, through the Go client, on the
// backends that sajin ships with.
package e2e

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/natstest"
	"github.com/sajin-sns/sajin/test/pgtest"
)

// setting is a set of backends.
type setting map[string]func(t *testing.T, c *config.Config)

var onDisk = setting{
	"sqlite and disk":   func(*testing.T, *config.Config) {},
	"postgres and disk": func(t *testing.T, c *config.Config) { c.Database.URL = config.URL(pgtest.URL(t)) },
}

var inBuckets = setting{
	"postgres and S3": func(t *testing.T, c *config.Config) {
		c.Database.URL = config.URL(pgtest.URL(t))
		inBucket(t, c)
	},
	"postgres, S3 and NATS": func(t *testing.T, c *config.Config) {
		c.Database.URL = config.URL(pgtest.URL(t))
		c.Events.URL = config.URL(natstest.Start(t, natstest.Options{}).URL())
		inBucket(t, c)
	},
}

// backends runs a test on each database, with blobs on the disk.
func backends(t *testing.T, test func(t *testing.T, c config.Config)) { onDisk.run(t, test) }

// everywhere runs a test on every set of backends.
func everywhere(t *testing.T, test func(t *testing.T, c config.Config)) {
	onDisk.run(t, test)
	inBuckets.run(t, test)
}

func (s setting) run(t *testing.T, test func(t *testing.T, c config.Config)) {
	for name, configure := range s {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config.Default()
			c.DataDir = t.TempDir()
			c.HTTP.Listen = "127.0.0.1:0"
			c.Uploads.PartSize = 16 << 10 // several parts to a small picture
			configure(t, &c)
			test(t, c)
		})
	}
}

// logBook keeps what a server logs, for tests of what must not be in it.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// watch is a clock that a test turns on.
type watch struct{ ahead atomic.Int64 }

func (c *watch) now() time.Time       { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *watch) turn(d time.Duration) { c.ahead.Add(int64(d)) }

// world is a running server with people on it.
type world struct {
	t      *testing.T
	config config.Config
	server *server.Server
	log    *logBook
	watch  watch
}

func start(t *testing.T, c config.Config) *world {
	t.Helper()
	w := &world{t: t, config: c, log: &logBook{}}
	w.up()
	t.Cleanup(w.down)
	return w
}

func (w *world) up() {
	w.t.Helper()
	s, err := server.Start(w.t.Context(), w.config, server.Options{
		Log: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now: w.watch.now, Passwords: argon.ForTests,
	})
	w.must(err)
	w.server = s
}

func (w *world) down() {
	if w.server == nil {
		return
	}
	http.DefaultClient.CloseIdleConnections() // a server that stops waits for those that were never used
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := w.server.Stop(ctx); err != nil {
		w.t.Error("stop:", err)
	}
	w.server = nil
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

const password = "correct horse battery"

var people atomic.Int64

// member is somebody who is signed in.
type member struct {
	*sajin.Client
	w       *world
	account api.Account
}

func (w *world) member(name string) *member {
	w.t.Helper()
	handle := fmt.Sprintf("%s_%d", name, people.Add(1))
	client := w.stranger()
	account, err := client.SignUp(w.t.Context(), api.NewAccount{Email: handle + "@example.com", Password: password, Handle: handle})
	w.must(err)
	return &member{client, w, *account}
}

// stranger is somebody who is not signed in.
func (w *world) stranger() *sajin.Client {
	w.t.Helper()
	client, err := sajin.New(w.server.URL, nil)
	w.must(err)
	return client
}

// photo is a picture that compresses badly, so that it has several parts.
func photo(seed int) []byte {
	picture := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for y := range 480 {
		for x := range 640 {
			noise := uint8((x*7919 + y*104729 + seed*31) % 97)
			picture.Set(x, y, color.RGBA{uint8(x / 3), uint8(y / 2), noise, 255})
		}
	}
	var out bytes.Buffer
	_ = jpeg.Encode(&out, picture, &jpeg.Options{Quality: 90})
	return out.Bytes()
}

// upload sends a photo and waits until it is ready.
func (m *member) upload(seed int) uuid.UUID {
	m.w.t.Helper()
	data := photo(seed)
	id, err := m.Upload(m.w.t.Context(), sajin.File{Name: "photo.jpg", ContentType: "image/jpeg", Size: int64(len(data)), Data: bytes.NewReader(data)})
	m.w.must(err)
	_, err = m.WaitForMedium(m.w.t.Context(), id)
	m.w.must(err)
	return id
}

// publish posts a fresh photo.
func (m *member) publish(change func(*api.NewPost)) api.Post {
	m.w.t.Helper()
	caption := "a photo"
	post := api.NewPost{Caption: &caption, MediaIds: &[]uuid.UUID{m.upload(int(people.Add(1)))}}
	if change != nil {
		change(&post)
	}
	resp, err := m.CreatePostWithResponse(m.w.t.Context(), post)
	m.w.must(err)
	return *resp.JSON201
}

func priced(coins int64) func(*api.NewPost) {
	return func(p *api.NewPost) { p.PriceCoins = &coins }
}

// eventually waits for what events and jobs bring about.
func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	w.t.Fatalf("waited in vain: %s", what)
}
