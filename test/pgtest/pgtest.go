// Package pgtest gives tests a PostgreSQL of their own: a private server for
// the test process, started from the installed binaries on the first call and
// gone with the process, and in it a fresh, migrated database for each test.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sajin-sns/sajin/adapters/postgres"
)

const template = "sajin_template"

// Open is a database with the newest schema and nothing in it. It is closed
// and dropped when the test ends.
func Open(t testing.TB) *postgres.DB {
	t.Helper()
	return connect(t, URL(t))
}

// URL is where such a database is, for a server under test that opens it
// itself.
func URL(t testing.TB) string {
	t.Helper()
	server := running(t)
	if err := server.migrate(); err != nil {
		t.Fatal(err)
	}
	return server.database(t, template)
}

// Empty is where a database without any table is, for tests of migrations.
func Empty(t testing.TB) string {
	t.Helper()
	return running(t).database(t, "template0")
}

func connect(t testing.TB, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// only is the server of this process. Nothing stops it: it notices when the
// process is gone, however that came about.
var only = sync.OnceValues(func() (*Server, error) { return Start(Options{}) })

func running(t testing.TB) *Server {
	t.Helper()
	server, err := only()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return server
}

// Server is a running PostgreSQL.
type Server struct {
	Bin    string // where its programs are
	Socket string // the folder of its socket

	hold    *os.File // a line here starts it anew
	gone    <-chan struct{}
	admin   *pgxpool.Pool
	migrate func() error // the template, once
	count   atomic.Int64
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s&port=5432", database, url.QueryEscape(s.Socket))
}

// Create makes a database with the newest schema and answers its URL.
func (s *Server) Create(ctx context.Context, name string) (string, error) {
	if err := s.migrate(); err != nil {
		return "", err
	}
	return s.url(name), s.Clone(ctx, name, template)
}

// Clone copies a database that nobody is connected to.
func (s *Server) Clone(ctx context.Context, name, from string) error {
	if _, err := s.admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+from+""); err != nil {
		return fmt.Errorf("pgtest: clone: %w", err)
	}
	return nil
}

// Stop ends the server and removes what it kept.
func (s *Server) Stop() {
	s.admin.Close()
	_ = s.hold.Close() // the watcher takes it from here
	<-s.gone
}

// database clones one for a test.
func (s *Server) database(t testing.TB, from string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.count.Add(1))
	if err := s.Clone(t.Context(), name, from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// FORCE, as a server under test may still be on its way out.
		if _, err := s.admin.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: drop: %v", err)
		}
	})
	return s.url(name)
}

func (s *Server) makeTemplate() error {
	ctx := context.Background()
	if _, err := s.admin.Exec(ctx, "CREATE DATABASE "+template); err != nil {
		return fmt.Errorf("pgtest: template: %w", err)
	}
	db, err := postgres.Open(ctx, s.url(template), postgres.Options{MaxConns: 2})
	if err != nil {
		return fmt.Errorf("pgtest: template: %w", err)
	}
	defer func() { _ = db.Close() }() // a template with connections cannot be cloned
	if err := postgres.Migrate(ctx, db); err != nil {
		return fmt.Errorf("pgtest: template: %w", err)
	}
	return nil
}
