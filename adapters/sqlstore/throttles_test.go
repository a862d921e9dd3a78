package sqlstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/ports/throttle"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestThrottles(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) {
		db := open(t)
		contract.Throttles(t, func(t *testing.T, now func() time.Time) throttle.Limiter {
			if _, err := db.Exec(t.Context(), `DELETE FROM throttles`); err != nil {
				t.Fatal(err)
			}
			return sqlstore.NewThrottles(db, now)
		})
		t.Run("two processes keep one limit", func(t *testing.T) {
			contract.SharedThrottles(t, func(_ *testing.T, now func() time.Time) (one, other throttle.Limiter) {
				return sqlstore.NewThrottles(db, now), sqlstore.NewThrottles(db, now)
			})
		})
	})
}

func TestThrottleRows(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) {
		ctx, counted := t.Context(), &writes{DB: open(t)}
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		s := sqlstore.NewThrottles(counted, func() time.Time { return now })
		b := throttle.Bucket{Key: "sign-in 198.51.100.7 hana@example.com", Rate: throttle.Rate{Burst: 2, Per: time.Minute}}
		for range 2 {
			if wait, err := s.Take(ctx, b); err != nil || wait != 0 {
				t.Fatal(wait, err)
			}
		}
		t.Run("who is refused writes nothing", func(t *testing.T) {
			before := counted.n
			for range 50 {
				if wait, err := s.Take(ctx, b); err != nil || wait == 0 {
					t.Fatal(wait, err)
				}
			}
			if counted.n != before {
				t.Errorf("%d writes", counted.n-before)
			}
		})
		t.Run("keys cannot be read", func(t *testing.T) {
			keys, err := sqldb.List(ctx, counted.DB, sqldb.Scalar[[]byte], `SELECT key FROM throttles`)
			if err != nil || len(keys) != 1 || len(keys[0]) != 32 || strings.Contains(string(keys[0]), "hana") {
				t.Errorf("%q %v", keys, err)
			}
		})
		t.Run("full buckets are swept, and others are not", func(t *testing.T) {
			now = now.Add(time.Minute - time.Microsecond)
			if n, err := s.Sweep(ctx); n != 0 || err != nil {
				t.Error(n, err)
			}
			now = now.Add(2 * time.Microsecond)
			if n, err := s.Sweep(ctx); n != 1 || err != nil {
				t.Error(n, err)
			}
		})
	})
}

// writes counts what is not only read.
type writes struct {
	sqldb.DB
	n int
}

func (w *writes) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	w.n++
	return w.DB.Exec(ctx, query, args...)
}

func (w *writes) Send(ctx context.Context, b *sqldb.Batch) error {
	w.n++
	return w.DB.Send(ctx, b)
}
