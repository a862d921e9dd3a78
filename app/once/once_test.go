package once_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/once"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

var (
	fan     = ident.AccountID{15: 1}
	errLost = errors.New("lost against another transaction")
)

func clock() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func open(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

type answer struct {
	Text string `json:"text"`
	Note string `json:"note,omitempty"`
}

func TestDo(t *testing.T) {
	db := open(t)
	guard := once.New(db, sqlstore.NewIdempotency(db), clock)
	times := 0
	say := func(text string) func(context.Context) (answer, error) {
		return func(context.Context) (answer, error) { times++; return answer{Text: text}, nil }
	}
	t.Run("the same key again answers the same and does nothing", func(t *testing.T) {
		for i := range 3 {
			got, replayed, err := once.Do(t.Context(), guard, fan, "say", "key-1", "in", say("hello"))
			if err != nil || got.Text != "hello" || replayed != (i > 0) || times != 1 {
				t.Fatal(got, replayed, err, times)
			}
		}
	})
	t.Run("with another input it is refused", func(t *testing.T) {
		if _, _, err := once.Do(t.Context(), guard, fan, "say", "key-1", "other", say("x")); !errors.Is(err, store.ErrKeyReused) || times != 1 {
			t.Fatal(err, times)
		}
	})
	t.Run("what fails leaves no trace", func(t *testing.T) {
		fail := func(context.Context) (answer, error) { return answer{Text: "half"}, errLost }
		if _, _, err := once.Do(t.Context(), guard, fan, "say", "key-2", "in", fail); !errors.Is(err, errLost) {
			t.Fatal(err)
		}
		got, replayed, err := once.Do(t.Context(), guard, fan, "say", "key-2", "another", say("whole"))
		if err != nil || replayed || got.Text != "whole" {
			t.Fatal(got, replayed, err)
		}
	})
}

// again runs every function twice: the first time is rolled back, and somebody
// else comes between.
type again struct {
	*sqlite.DB
	between func()
}

func (a again) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := a.DB.Do(ctx, func(ctx context.Context) error { return errors.Join(fn(ctx), errLost) }); !errors.Is(err, errLost) {
		return err
	}
	a.between()
	return a.DB.Do(ctx, fn)
}

func TestLostTry(t *testing.T) {
	t.Run("an answer that is given again has nothing of a try that was rolled back", func(t *testing.T) {
		db := open(t)
		keys := sqlstore.NewIdempotency(db)
		faster := func() {
			_, _, err := once.Do(t.Context(), once.New(db, keys, clock), fan, "say", "key-1", "in",
				func(context.Context) (answer, error) { return answer{Text: "first"}, nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		got, replayed, err := once.Do(t.Context(), once.New(again{db, faster}, keys, clock), fan, "say", "key-1", "in",
			func(context.Context) (answer, error) {
				return answer{Text: "second", Note: "of the try that lost"}, nil
			})
		if err != nil || !replayed || got != (answer{Text: "first"}) {
			t.Fatalf("%+v, %v, %v", got, replayed, err)
		}
	})
}
