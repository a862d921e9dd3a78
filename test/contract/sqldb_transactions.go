package contract

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

var errDB = errors.New("the function says no")

const dbAdd = "INSERT INTO contract_counts (id, n) VALUES ($1, 0)"

func dbCount(t *testing.T, db sqldb.DB, id int) int64 {
	t.Helper()
	return dbInt(t, context.WithoutCancel(t.Context()), db, "SELECT count(*) FROM contract_counts WHERE id = $1", id)
}

func dbGone(t *testing.T, db sqldb.DB, ids ...int) {
	t.Helper()
	for _, id := range ids {
		if dbCount(t, db, id) != 0 {
			t.Errorf("row %d was committed", id)
		}
	}
}

func dbTransactions(t *testing.T, db sqldb.DB) {
	ctx := t.Context()
	add := func(ctx context.Context, id int) error {
		_, err := db.Exec(ctx, dbAdd, id)
		return err
	}
	t.Run("what succeeds is committed", func(t *testing.T) {
		if err := db.Do(ctx, func(ctx context.Context) error { return add(ctx, 1) }); err != nil {
			t.Fatal(err)
		}
		if dbCount(t, db, 1) != 1 {
			t.Fatal("it is not there")
		}
	})
	t.Run("a transaction sees its own writes", func(t *testing.T) {
		err := db.Do(ctx, func(ctx context.Context) error {
			if err := add(ctx, 2); err != nil {
				return err
			}
			if n := dbInt(t, ctx, db, "SELECT count(*) FROM contract_counts WHERE id = 2"); n != 1 {
				t.Error("it does not")
			}
			return errDB
		})
		dbIs(t, err, errDB)
	})
	t.Run("an error rolls back and is returned", func(t *testing.T) {
		err := db.Do(ctx, func(ctx context.Context) error { return errors.Join(add(ctx, 3), errDB) })
		dbIs(t, err, errDB)
		dbGone(t, db, 2, 3)
	})
	t.Run("a panic rolls back and goes on", func(t *testing.T) {
		func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Errorf("recovered %v", got)
				}
			}()
			_ = db.Do(ctx, func(ctx context.Context) error {
				_ = add(ctx, 4)
				panic("boom")
			})
		}()
		dbGone(t, db, 4)
	})
	t.Run("a nested Do joins: the outer decides for both", func(t *testing.T) {
		err := db.Do(ctx, func(ctx context.Context) error {
			if err := db.Do(ctx, func(ctx context.Context) error { return add(ctx, 5) }); err != nil {
				return err
			}
			return errDB
		})
		dbIs(t, err, errDB)
		dbGone(t, db, 5)
	})
	t.Run("a nested failure that is swallowed does not commit", func(t *testing.T) {
		err := db.Do(ctx, func(ctx context.Context) error {
			_ = db.Do(ctx, func(context.Context) error { return errDB })
			_ = add(ctx, 6)
			_ = db.Do(ctx, func(context.Context) error { return errors.New("a later one") })
			return nil
		})
		dbIs(t, err, errDB)
		dbGone(t, db, 6)
	})
	t.Run("a nested panic that is recovered does not commit", func(t *testing.T) {
		err := db.Do(ctx, func(ctx context.Context) error {
			func() {
				defer func() { _ = recover() }()
				_ = db.Do(ctx, func(ctx context.Context) error {
					_ = add(ctx, 7)
					panic("boom")
				})
			}()
			return nil
		})
		if err == nil {
			t.Fatal("committed")
		}
		dbGone(t, db, 7)
	})
	t.Run("a failed statement that is swallowed does not commit, and nothing runs after it", func(t *testing.T) {
		for name, fail := range map[string]func(ctx context.Context) error{
			"Exec":  func(ctx context.Context) error { return add(ctx, 1) },
			"Query": func(ctx context.Context) error { return db.QueryRow(ctx, dbAdd+" RETURNING id", 1).Scan(new(int64)) },
			"Send": func(ctx context.Context) error {
				var b sqldb.Batch
				b.Exec(dbAdd, 1)
				return db.Send(ctx, &b)
			},
		} {
			err := db.Do(ctx, func(ctx context.Context) error {
				_ = add(ctx, 8)
				dbIs(t, fail(ctx), sqldb.ErrUnique)
				if err := add(ctx, 9); err == nil {
					t.Errorf("%s: the next statement ran", name)
				}
				if err := db.QueryRow(ctx, "SELECT 1").Scan(new(int64)); err == nil {
					t.Errorf("%s: the next query ran", name)
				}
				return nil
			})
			dbIs(t, err, sqldb.ErrUnique)
			dbGone(t, db, 8, 9)
		}
	})
	t.Run("no row and a refused argument doom nothing", func(t *testing.T) {
		err := db.Do(ctx, func(ctx context.Context) error {
			dbIs(t, db.QueryRow(ctx, "SELECT n FROM contract_counts WHERE id = 99").Scan(new(int64)), sqldb.ErrNoRows)
			if _, err := db.Exec(ctx, dbAdd, struct{}{}); err == nil {
				t.Error("a struct was taken")
			}
			return add(ctx, 10)
		})
		if err != nil || dbCount(t, db, 10) != 1 {
			t.Fatal(err)
		}
	})
	t.Run("a commit that fails is an error and leaves nothing", func(t *testing.T) {
		err := db.Do(ctx, func(ctx context.Context) error {
			_ = add(ctx, 11)
			_, err := db.Exec(ctx, "INSERT INTO contract_late (id, owner) VALUES (1, 404)") // looked at when it commits
			return err
		})
		dbIs(t, err, sqldb.ErrForeignKey)
		dbGone(t, db, 11)
	})
	t.Run("it works as before after all that", func(t *testing.T) {
		if err := db.Do(ctx, func(ctx context.Context) error { return add(ctx, 12) }); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("the context of a transaction that is over is refused", func(t *testing.T) {
		var leaked context.Context
		if err := db.Do(ctx, func(ctx context.Context) error { leaked = ctx; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := add(leaked, 13); err == nil {
			t.Error("Exec took it")
		}
		if err := db.QueryRow(leaked, "SELECT 1").Scan(new(int64)); err == nil {
			t.Error("Query took it")
		}
		if err := db.Do(leaked, func(context.Context) error { return nil }); err == nil {
			t.Error("Do took it")
		}
		dbGone(t, db, 13)
	})
}

func dbAfterCommit(t *testing.T, db sqldb.DB) {
	ctx := t.Context()
	var ran []string
	after := func(ctx context.Context, name string) { sqldb.AfterCommit(ctx, func() { ran = append(ran, name) }) }
	expect := func(t *testing.T, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, ran); diff != "" {
			t.Fatal(diff)
		}
		ran = nil
	}
	t.Run("outside a transaction it runs at once", func(t *testing.T) {
		after(ctx, "a")
		expect(t, "a")
	})
	t.Run("it runs once and in order when the outermost has committed", func(t *testing.T) {
		err := db.Do(ctx, func(ctx context.Context) error {
			after(ctx, "a")
			err := db.Do(ctx, func(ctx context.Context) error { after(ctx, "b"); return nil })
			expect(t)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "a", "b")
	})
	t.Run("it sees what was committed and may write", func(t *testing.T) {
		outside := ctx
		err := db.Do(ctx, func(ctx context.Context) error {
			sqldb.AfterCommit(ctx, func() {
				if dbCount(t, db, 1) != 1 {
					t.Error("nothing is there")
				}
				dbExec(t, outside, db, dbAdd, 2)
			})
			_, err := db.Exec(ctx, dbAdd, 1)
			return err
		})
		if err != nil || dbCount(t, db, 2) != 1 {
			t.Fatal(err)
		}
	})
	t.Run("it never runs after an error, a panic or a failed commit", func(t *testing.T) {
		for _, fail := range []func(ctx context.Context) error{
			func(context.Context) error { return errDB },
			func(context.Context) error { panic("boom") },
			func(ctx context.Context) error {
				_, err := db.Exec(ctx, "INSERT INTO contract_late (id, owner) VALUES (1, 404)")
				return err
			},
		} {
			func() {
				defer func() { _ = recover() }()
				if err := db.Do(ctx, func(ctx context.Context) error { after(ctx, "a"); return fail(ctx) }); err == nil {
					t.Error("committed")
				}
			}()
			expect(t)
		}
	})
	t.Run("of a transaction that was run again only the last run counts", func(t *testing.T) {
		runs := 0
		err := db.Do(ctx, func(ctx context.Context) error {
			runs++
			after(ctx, fmt.Sprint("run ", runs))
			if runs < 3 {
				return sqldb.ErrConflict
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "run 3")
	})
}

func dbRetries(t *testing.T, db sqldb.DB) {
	ctx := t.Context()
	// attempts runs a function that loses every time and counts its runs.
	attempts := func(t *testing.T, ctx context.Context, lose func(ctx context.Context) error) (runs int) {
		t.Helper()
		err := db.Do(ctx, func(ctx context.Context) error {
			runs++
			if _, err := db.Exec(ctx, dbAdd, 1); err != nil {
				return err
			}
			return lose(ctx)
		})
		if err == nil {
			t.Fatal("committed")
		}
		dbGone(t, db, 1)
		return runs
	}
	lost := fmt.Errorf("wrapped: %w", sqldb.ErrConflict)
	t.Run("a conflict is run again at most three times", func(t *testing.T) {
		if runs := attempts(t, ctx, func(context.Context) error { return lost }); runs != 4 {
			t.Fatalf("%d runs", runs)
		}
	})
	t.Run("also when it was hidden behind another error", func(t *testing.T) {
		runs := attempts(t, ctx, func(ctx context.Context) error {
			_ = db.Do(ctx, func(context.Context) error { return lost })
			return errDB
		})
		if runs != 4 {
			t.Fatalf("%d runs", runs)
		}
	})
	t.Run("another error is not", func(t *testing.T) {
		if runs := attempts(t, ctx, func(context.Context) error { return errDB }); runs != 1 {
			t.Fatalf("%d runs", runs)
		}
	})
	t.Run("a nested Do leaves it to the outermost", func(t *testing.T) {
		outer, inner := 0, 0
		err := db.Do(ctx, func(ctx context.Context) error {
			outer++
			return db.Do(ctx, func(context.Context) error {
				if inner++; inner < 3 {
					return lost
				}
				return nil
			})
		})
		if err != nil || outer != 3 || inner != 3 {
			t.Fatal(outer, inner, err)
		}
	})
	t.Run("a cancelled context ends it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		if runs := attempts(t, ctx, func(context.Context) error { cancel(); return lost }); runs != 1 {
			t.Fatalf("%d runs", runs)
		}
	})
}

func dbContexts(t *testing.T, db sqldb.DB) {
	t.Run("nothing begins in a cancelled context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		dbIs(t, db.Do(ctx, func(context.Context) error { t.Error("it began"); return nil }), context.Canceled)
		_, err := db.Exec(ctx, dbAdd, 1)
		dbIs(t, err, context.Canceled)
		dbIs(t, db.QueryRow(ctx, "SELECT 1").Scan(new(int64)), context.Canceled)
		dbGone(t, db, 1)
	})
	t.Run("one that is cancelled half way does not commit", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Do(ctx, func(ctx context.Context) error {
			_, err := db.Exec(ctx, dbAdd, 2)
			cancel()
			return err
		})
		dbIs(t, err, context.Canceled)
		dbGone(t, db, 2)
	})
	t.Run("nor does anything that is done with another context afterwards", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Do(ctx, func(ctx context.Context) error {
			cancel()
			_, _ = db.Exec(ctx, dbAdd, 3)
			_, _ = db.Exec(context.WithoutCancel(ctx), dbAdd, 4)
			return nil
		})
		dbIs(t, err, context.Canceled)
		dbGone(t, db, 3, 4)
	})
	t.Run("who waits for another transaction stops waiting", func(t *testing.T) {
		dbExec(t, t.Context(), db, dbAdd, 5)
		const lock = "UPDATE contract_counts SET n = n + 1 WHERE id = 5"
		err := db.Do(t.Context(), func(held context.Context) error {
			dbExec(t, held, db, lock)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			err := db.Do(ctx, func(ctx context.Context) error {
				_, err := db.Exec(ctx, lock)
				return err
			})
			dbIs(t, err, context.DeadlineExceeded)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := dbInt(t, t.Context(), db, "SELECT n FROM contract_counts WHERE id = 5"); n != 1 {
			t.Fatal(n)
		}
	})
}

func dbConcurrency(t *testing.T, db sqldb.DB) {
	ctx := t.Context()
	t.Run("twenty writers of one row all count", func(t *testing.T) {
		const writers, times = 20, 10
		dbExec(t, ctx, db, dbAdd, 1)
		var all sync.WaitGroup
		for range writers {
			all.Go(func() {
				for range times {
					err := db.Do(ctx, func(ctx context.Context) error {
						n, err := sqldb.One(ctx, db, sqldb.Scalar[int64], "SELECT n FROM contract_counts WHERE id = 1"+db.Dialect().ForUpdate)
						if err != nil {
							return err
						}
						_, err = db.Exec(ctx, "UPDATE contract_counts SET n = $1 WHERE id = 1", n+1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := dbInt(t, ctx, db, "SELECT n FROM contract_counts WHERE id = 1"); n != writers*times {
			t.Fatalf("%d increments of %d landed", n, writers*times)
		}
	})
	t.Run("writers outside transactions all succeed", func(t *testing.T) {
		var all sync.WaitGroup
		for id := range 100 {
			all.Go(func() {
				if _, err := db.Exec(ctx, dbAdd, 1000+id); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := dbInt(t, ctx, db, "SELECT count(*) FROM contract_counts WHERE id >= 1000"); n != 100 {
			t.Fatal(n)
		}
	})
	t.Run("readers never see half a transaction", func(t *testing.T) {
		for id := range 2 {
			dbExec(t, ctx, db, "INSERT INTO contract_counts (id, n) VALUES ($1, 500)", 50+id)
		}
		var stop atomic.Bool
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for !stop.Load() {
					sum, err := sqldb.One(ctx, db, sqldb.Scalar[int64], "SELECT sum(n) FROM contract_counts WHERE id IN (50, 51)")
					if err != nil || sum != 1000 {
						t.Error(sum, err)
						return
					}
				}
			})
		}
		for range 50 {
			err := db.Do(ctx, func(ctx context.Context) error {
				dbExec(t, ctx, db, "UPDATE contract_counts SET n = n - 1 WHERE id = 50")
				dbExec(t, ctx, db, "UPDATE contract_counts SET n = n + 1 WHERE id = 51")
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		stop.Store(true)
		all.Wait()
	})
}

func dbTwo(t *testing.T, a, b sqldb.DB) {
	err := a.Do(t.Context(), func(ctx context.Context) error {
		dbExec(t, ctx, a, dbAdd, 1)
		dbExec(t, ctx, b, dbAdd, 2) // not in a transaction of b: committed
		if err := b.Do(ctx, func(ctx context.Context) error { return errors.Join(errDB, b.Ping(ctx)) }); !errors.Is(err, errDB) {
			t.Error(err)
		}
		if n := dbInt(t, ctx, a, "SELECT count(*) FROM contract_counts"); n != 1 {
			t.Errorf("a holds %d rows", n)
		}
		return errDB
	})
	dbIs(t, err, errDB)
	dbGone(t, a, 1)
	if dbCount(t, b, 2) != 1 {
		t.Fatal("the write to b was rolled back with a")
	}
}
