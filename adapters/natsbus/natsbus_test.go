package natsbus_test

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/natsbus"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/test/contract"
	"github.com/sajin-sns/sajin/test/natstest"
	"github.com/sajin-sns/sajin/test/pgtest"
)

// TestContract runs the suite on one broker, with a stream for each rule.
func TestContract(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) sqldb.DB{
		"sqlite":   openSQLite,
		"postgres": func(t *testing.T) sqldb.DB { return pgtest.Open(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker := natstest.Start(t, natstest.Options{})
			var streams atomic.Int64
			contract.Bus(t, open, func(db sqldb.DB, now func() time.Time) contract.EventStore {
				return sqlstore.NewOutbox(db, ident.NewSource(now, rand.Reader), now)
			}, func(t *testing.T) func() contract.Wire {
				stream := fmt.Sprint("events-", streams.Add(1))
				return func() contract.Wire {
					b := openBus(t, natsbus.Options{URL: broker.URL(), Stream: stream})
					return contract.Wire{Publisher: b.Publisher(), Subscribers: b.Subscriber, Cut: func() { natsbus.Cut(b) }}
				}
			})
		})
	}
}

func openSQLite(t *testing.T) sqldb.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), ":memory:", sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

// openBus opens one that is quick to try again.
func openBus(t *testing.T, o natsbus.Options) *natsbus.Bus {
	t.Helper()
	if o.AckWait == 0 {
		o.AckWait = 2 * time.Second
	}
	o.Pause = 20 * time.Millisecond
	b, err := natsbus.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}
