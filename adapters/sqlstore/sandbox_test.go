package sqlstore_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
)

var _ sandboxpay.Book = (*sqlstore.SandboxBook)(nil)

func TestSandboxBook(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) {
		ctx, db := t.Context(), open(t)
		book, other := sqlstore.NewSandboxBook(db), sqlstore.NewSandboxBook(db)
		swap := func(t *testing.T, ref, old, record string, want bool) {
			t.Helper()
			if swapped, err := book.Swap(ctx, ref, old, record, time.Now()); err != nil || swapped != want {
				t.Fatalf("%q for %q: %t, %v", record, old, swapped, err)
			}
		}
		is := func(t *testing.T, ref, want string) {
			t.Helper()
			if got, err := other.Load(ctx, ref); err != nil || got != want {
				t.Fatalf("%q, %v, not %q", got, err, want)
			}
		}
		t.Run("a record is there when it was written, for everybody", func(t *testing.T) {
			is(t, "a", "")
			swap(t, "a", "", `{"n": "사진"}`, true)
			is(t, "a", `{"n": "사진"}`)
			is(t, "b", "")
		})
		t.Run("it is replaced by who knows what is there", func(t *testing.T) {
			swap(t, "a", "", "again", false)
			swap(t, "a", "old", "new", false)
			swap(t, "b", "old", "new", false)
			is(t, "a", `{"n": "사진"}`)
			swap(t, "a", `{"n": "사진"}`, "new", true)
			is(t, "a", "new")
		})
		t.Run("of twenty who replace the same one does", func(t *testing.T) {
			for round, old := range []string{"", "new"} {
				ref := []string{"c", "a"}[round]
				var swapped atomic.Int64
				var all sync.WaitGroup
				for i := range 20 {
					all.Go(func() {
						is, err := book.Swap(ctx, ref, old, fmt.Sprint(i), time.Now())
						if err != nil {
							t.Error(err)
						}
						if is {
							swapped.Add(1)
						}
					})
				}
				all.Wait()
				if swapped.Load() != 1 {
					t.Errorf("%d did", swapped.Load())
				}
			}
		})
	})
}
