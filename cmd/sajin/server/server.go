// Package server puts sajin together: which adapter serves which port, what
// starts and stops in which order. It is the one place that knows everything;
// tests start the same server that main does.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"time"

	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/store"
)

// Options are what is not for an operator to configure. Zero values are those
// of a real server.
type Options struct {
	Version   string
	Log       *slog.Logger
	Now       func() time.Time
	Passwords argon.Options // what a hash costs

	// With, if there is one, is a function that is handed the parts of the
	// server that it takes as parameters, before the server starts.
	With any
}

func (o *Options) defaults() {
	if o.Version == "" {
		o.Version = "development"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = slog.New(traced{o.Log.Handler()})
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Providers are the payment providers that can be configured.
func Providers() []string { return slices.Sorted(maps.Keys(makers)) }

// Server is a running server.
type Server struct {
	URL string // where it answers

	app      *fx.App
	accounts store.Accounts
	failed   chan error
}

// Failed receives when the server cannot go on.
func (s *Server) Failed() <-chan error { return s.failed }

func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// Empty tells whether nobody has an account yet.
func (s *Server) Empty(ctx context.Context) (bool, error) {
	any, err := s.accounts.Any(ctx)
	return !any, err
}

// Start starts a server and returns once it answers. Stop it with Stop.
func Start(ctx context.Context, c config.Config, o Options) (*Server, error) {
	o.defaults()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.HTTP.Listen)
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w", err)
	}
	c.HTTP.Listen = listener.Addr().String() // the port, where 0 asked for any
	s := &Server{URL: c.PublicURL(), failed: make(chan error, 1)}
	with := fx.Options()
	if o.With != nil {
		with = fx.Invoke(o.With)
	}
	s.app = fx.New(
		fx.Supply(c, o, s),
		fx.Provide(func() net.Listener { return listener }),
		whole,
		fx.Populate(&s.accounts),
		with,
		fx.Invoke(reachStorage, debug),
		duties(c),
		fx.Invoke(run),
		quiet(o.Log),
	)
	if err := s.app.Start(ctx); err != nil {
		_ = listener.Close()
		return nil, rootCause(err)
	}
	return s, nil
}

// Stop ends the server: no new requests, the ones under way to their end, then
// everything else.
func (s *Server) Stop(ctx context.Context) error { return s.app.Stop(ctx) }

// Use makes some parts of the server, hands them to fn, and takes them down
// again; fn takes as parameters what it needs. For the tools of the command
// line.
func Use(ctx context.Context, c config.Config, o Options, fn any) error {
	o.defaults()
	app := fx.New(fx.Supply(c, o), whole, fx.Invoke(fn), quiet(o.Log))
	err := app.Start(ctx)
	if err == nil {
		err = app.Err()
	}
	return errors.Join(rootCause(err), app.Stop(ctx))
}

// quiet lets fx speak of failures only.
func quiet(log *slog.Logger) fx.Option {
	return fx.WithLogger(func() fxevent.Logger {
		l := &fxevent.SlogLogger{Logger: log}
		l.UseLogLevel(slog.LevelDebug - 4)
		l.UseErrorLevel(slog.LevelDebug)
		return l
	})
}

// rootCause takes off what fx says of the way to an error.
func rootCause(err error) error {
	if err == nil {
		return nil
	}
	return dig.RootCause(err)
}

// InMemory is the configuration of a server that keeps nothing.
func InMemory() config.Config {
	c := config.Default()
	c.DataDir = ""
	c.Database.URL, c.Blob.URL, c.Mail.URL = "sqlite::memory:", "memory:", "memory:"
	c.HTTP.Listen = "127.0.0.1:0"
	return c
}
