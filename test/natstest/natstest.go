// Package natstest gives tests a NATS server of their own: a real one, with
// JetStream, in this process, that can be stopped and started again as if it
// ran elsewhere.
package natstest

import (
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Options are how a server differs from one that anybody may use.
type Options struct {
	User, Password string
	Token          string
	NoJetStream    bool
}

// Server is a private NATS server. Its port stays the same.
type Server struct {
	Options // as of the next Start

	t     testing.TB
	store string
	port  int
	at    *server.Server
}

// Start runs a server until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := Reserve(t, o)
	s.Start()
	return s
}

// Reserve is a server that was not started yet.
func Reserve(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{Options: o, t: t, store: t.TempDir(), port: server.RANDOM_PORT}
	t.Cleanup(s.Stop)
	s.Start() // only a server that runs has a port
	s.Stop()
	return s
}

// URL is how sajin is told of the server.
func (s *Server) URL() string {
	who := ""
	if s.User != "" {
		who = s.User + ":" + s.Password + "@"
	}
	return fmt.Sprintf("nats://%s127.0.0.1:%d", who, s.port)
}

// Start starts the server, on the port that it had before.
func (s *Server) Start() {
	s.t.Helper()
	at, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: s.port, Username: s.User, Password: s.Password, Authorization: s.Token,
		JetStream: !s.NoJetStream, StoreDir: s.store, NoLog: true, NoSigs: true,
	})
	if err != nil {
		s.t.Fatalf("natstest: %v", err)
	}
	at.Start()
	if !at.ReadyForConnections(30 * time.Second) {
		s.t.Fatal("natstest: the server does not start")
	}
	s.at = at
	s.port = at.Addr().(*net.TCPAddr).Port
}

// Stop ends the server and every connection to it. What it has stored stays.
func (s *Server) Stop() {
	if s.at != nil {
		s.at.Shutdown()
		s.at.WaitForShutdown()
		s.at = nil
	}
}

// Wipe throws away what a stopped server has stored.
func (s *Server) Wipe() {
	s.t.Helper()
	if err := os.RemoveAll(s.store); err != nil {
		s.t.Fatalf("natstest: %v", err)
	}
}
