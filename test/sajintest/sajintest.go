// Package sajintest runs a whole sajin server inside a Go test: the one that
// ships, on a database in memory, with nothing to install or to clean up. It is
// for everybody who builds on sajin. example_test.go shows what a test looks like.
//
// Nothing needs to be waited for: Settle returns when everything that earlier
// requests brought about has happened, and Clock.Turn makes a day pass at once.
package sajintest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/mail"
	"github.com/sajin-sns/sajin/ports/payment"
	sajin "github.com/sajin-sns/sajin/sdk/go"
)

// Server is a running server. Its methods fail the test when they cannot do
// what they say.
type Server struct {
	URL      string
	Client   *sajin.Client        // of somebody who is not signed in
	Payments *sandboxpay.Controls // what the payment provider does; nil where the sandbox is not configured
	Mailbox  *memory.Mailbox      // everybody's mail; nil where mail.url is configured
	Clock    *Clock

	t      testing.TB
	moving moving
	grants *wallet.Grants
}

// Options change what is started.
type Options struct {
	// Configure changes the configuration, which is that of a server in memory.
	Configure func(c *config.Config)

	// Log is what the server writes to; by default warnings and errors are in
	// the output of the test.
	Log *slog.Logger
}

// Start starts a server that stops with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	return StartWith(t, Options{})
}

// StartWith starts a server that stops with the test.
func StartWith(t testing.TB, o Options) *Server {
	t.Helper()
	c := server.InMemory()
	if o.Configure != nil {
		o.Configure(&c)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	s := &Server{t: t, Clock: &Clock{}}
	s.Clock.server = s
	running, err := server.Start(t.Context(), c, server.Options{
		Log: o.Log, Now: s.Clock.Now, Passwords: argon.ForTests,
		With: func(chores *worker.Schedule, pool *worker.Pool, queue *sqlstore.Jobs, outbox *sqlstore.Outbox, grants *wallet.Grants, providers []payment.Provider, post mail.Sender) {
			s.Mailbox, _ = post.(*memory.Mailbox)
			s.moving, s.grants = moving{chores, pool, queue, outbox}, grants
			for _, p := range providers {
				if sandbox, ok := p.(*sandboxpay.Provider); ok {
					s.Payments = sandbox.Controls()
				}
			}
		},
	})
	if err != nil {
		t.Fatal("sajintest: start:", err)
	}
	s.URL = running.URL
	s.Client = s.client()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := running.Stop(ctx); err != nil {
			t.Error("sajintest: stop:", err)
		}
	})
	return s
}

func (s *Server) client() *sajin.Client {
	s.t.Helper()
	c, err := sajin.New(s.URL, nil)
	s.must("client", err)
	return c
}

func (s *Server) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("sajintest: %s: %v", what, err)
	}
}
