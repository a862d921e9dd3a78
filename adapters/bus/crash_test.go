package bus_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/bus"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/event"
)

const crashing = "SAJIN_TEST_CRASH_WITH"

// server is what is there of a server in these tests.
type server struct {
	db     *sqlite.DB
	outbox *sqlstore.Outbox
	ids    *ident.Source
}

func openServer(t *testing.T, path string) *server {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	ids := ident.NewSource(time.Now, rand.Reader)
	return &server{db, sqlstore.NewOutbox(db, ids, time.Now), ids}
}

// deliver starts to deliver events to consumers that leave a row, and may do
// something then, in the same transaction.
func (s *server) deliver(t *testing.T, then map[string]func()) *bus.Bus {
	t.Helper()
	var handlers []event.Handler
	for _, consumer := range []string{"quick", "slow"} {
		handlers = append(handlers, event.Handler{Consumer: consumer, Topic: "subscriptions.subscription.ended.v1",
			Handle: func(ctx context.Context, e event.Envelope) error {
				_, err := s.db.Exec(ctx, `INSERT INTO effects (consumer, event) VALUES ($1, $2)`, consumer, e.ID)
				if then[consumer] != nil {
					then[consumer]()
				}
				return err
			}})
	}
	wire := bus.NewInProcess()
	router, err := bus.NewRouter(wire.Subscriber, handlers, s.db, s.outbox, bus.RouterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b := bus.New(bus.NewRelay(s.outbox, wire, bus.RelayOptions{Poll: 20 * time.Millisecond, Lease: 300 * time.Millisecond}), router)
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCrash kills a server, with a signal that it cannot catch, while it
// handles an event, and starts it again on the same file.
func TestCrash(t *testing.T) {
	if path := os.Getenv(crashing); path != "" {
		openServer(t, path).deliver(t, map[string]func(){"slow": func() {
			fmt.Println("handling")
			select {}
		}})
		time.Sleep(time.Minute)
		t.Fatal("still alive")
	}

	path := filepath.Join(t.TempDir(), "sajin.db")
	s := openServer(t, path)
	if _, err := s.db.Exec(t.Context(), `CREATE TABLE effects (consumer TEXT NOT NULL, event BLOB NOT NULL) STRICT`); err != nil {
		t.Fatal(err)
	}
	const events = 3
	for range events {
		if err := s.outbox.Append(t.Context(), subscriptions.Unsubscribed{Subscriber: ident.New[ident.AccountID](s.ids), At: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}

	for range 2 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrash$")
		child.Env = append(os.Environ(), crashing+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var said string
		for lines := bufio.NewScanner(out); said != "handling" && lines.Scan(); {
			said = strings.TrimSpace(lines.Text())
		}
		_ = child.Process.Kill()
		_ = child.Wait()
		if said != "handling" {
			t.Fatal("the server handled nothing")
		}
	}

	s = openServer(t, path)
	defer func() { _ = s.db.Close() }()
	if waiting, _, err := s.outbox.Backlog(t.Context()); err != nil || waiting != events {
		t.Errorf("after the crash %d events wait, not %d; %v", waiting, events, err)
	}
	b := s.deliver(t, nil)
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		waiting, _, err := s.outbox.Backlog(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if waiting == 0 {
			break
		}
		if time.Since(start) > 20*time.Second {
			t.Fatalf("%d events still wait", waiting)
		}
	}
	if err := b.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	for _, consumer := range []string{"quick", "slow"} {
		var effects, distinct int
		err := s.db.QueryRow(t.Context(), `SELECT count(*), count(DISTINCT event) FROM effects WHERE consumer = $1`, consumer).Scan(&effects, &distinct)
		if err != nil || effects != events || distinct != events {
			t.Errorf("%s had %d effects on %d events, not %d; %v", consumer, effects, distinct, events, err)
		}
	}
}
