package contract

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/ports/tx"
)

// dbLater holds what is handed in later to happening, in order, or not at all.
func dbLater(t *testing.T, db sqldb.DB) {
	ctx := t.Context()
	next := int64(0)
	one := func(statement string, args ...any) *sqldb.Batch {
		var b sqldb.Batch
		b.Exec(statement, args...)
		return &b
	}
	there := func(id int64) bool {
		return dbInt(t, ctx, db, "SELECT count(*) FROM contract_counts WHERE id = $1", id) == 1
	}
	for name, then := range map[string]func(ctx context.Context, id int64) (int64, error){
		"a query": func(ctx context.Context, id int64) (int64, error) {
			return sqldb.One(ctx, db, sqldb.Scalar[int64], "SELECT count(*) FROM contract_counts WHERE id = $1", id)
		},
		"a statement": func(ctx context.Context, id int64) (int64, error) {
			return db.Exec(ctx, "UPDATE contract_counts SET n = 5 WHERE id = $1", id)
		},
		"a batch": func(ctx context.Context, id int64) (n int64, err error) {
			var b sqldb.Batch
			b.ExecRows(func(rows int64) error { n = rows; return nil }, "UPDATE contract_counts SET n = 5 WHERE id = $1", id)
			return n, db.Send(ctx, &b)
		},
	} {
		t.Run(name+" finds it done", func(t *testing.T) {
			next++
			var n int64
			err := db.Do(ctx, func(ctx context.Context) (err error) {
				if err := db.Later(ctx, one(dbAdd, next)); err != nil {
					return err
				}
				n, err = then(ctx, next)
				return err
			})
			if err != nil || n != 1 || !there(next) {
				t.Error(n, err)
			}
		})
	}
	t.Run("it is committed with its transaction, in order, and never without", func(t *testing.T) {
		next += 2
		for _, verdict := range []error{errDB, nil} {
			err := db.Do(ctx, func(ctx context.Context) error {
				for _, b := range []*sqldb.Batch{one(dbAdd, next-1), one("UPDATE contract_counts SET n = 3 WHERE id = $1", next-1), one(dbAdd, next)} {
					if err := db.Later(ctx, b); err != nil {
						return err
					}
				}
				return verdict
			})
			if !errors.Is(err, verdict) || there(next) != (verdict == nil) {
				t.Error(err, there(next))
			}
		}
		if n := dbInt(t, ctx, db, "SELECT n FROM contract_counts WHERE id = $1", next-1); n != 3 {
			t.Error(n)
		}
	})
	t.Run("without a transaction it is done at once", func(t *testing.T) {
		next++
		if err := db.Later(ctx, one(dbAdd, next)); err != nil || !there(next) {
			t.Error(err)
		}
	})
	refusals := map[string]struct {
		add  func(b *sqldb.Batch)
		want error
	}{
		"a statement that fails":  {func(b *sqldb.Batch) { b.Exec(dbAdd, 1) }, sqldb.ErrUnique},
		"a count that is refused": {func(b *sqldb.Batch) { b.ExecOne(errDB, "UPDATE contract_counts SET n = 0 WHERE id = -1") }, errDB},
		"rows that are refused":   {func(b *sqldb.Batch) { b.Query(func(sqldb.Rows) error { return errDB }, "SELECT 1") }, errDB},
	}
	for name, refused := range refusals {
		t.Run(name+" keeps the transaction from committing", func(t *testing.T) {
			next++
			err := db.Do(ctx, func(ctx context.Context) error {
				if err := db.Later(ctx, one(dbAdd, next)); err != nil {
					return err
				}
				var b sqldb.Batch
				refused.add(&b)
				return db.Later(ctx, &b)
			})
			if !errors.Is(err, refused.want) || there(next) {
				t.Error(err, there(next))
			}
		})
		t.Run(name+" dooms what follows, also when somebody swallows it", func(t *testing.T) {
			next++
			var after error
			err := db.Do(ctx, func(ctx context.Context) error {
				var b sqldb.Batch
				b.Exec(dbAdd, next)
				refused.add(&b)
				_ = db.Later(ctx, &b)
				_, _ = db.Exec(ctx, "UPDATE contract_counts SET n = 1 WHERE id = $1", next)
				_, after = db.Exec(ctx, "UPDATE contract_counts SET n = 2 WHERE id = $1", next)
				return nil
			})
			if !errors.Is(err, refused.want) || after == nil || there(next) {
				t.Error(err, after, there(next))
			}
		})
	}
	soon := func(ctx context.Context, id int64) tx.Soon[int64] {
		var found []int64
		var b sqldb.Batch
		b.Query(func(rows sqldb.Rows) (err error) { found, err = sqldb.Collect(rows, sqldb.Scalar[int64]); return err },
			"SELECT n FROM contract_counts WHERE id = $1", id)
		return sqldb.Soon(ctx, db, &b, func() (int64, error) {
			if len(found) == 0 {
				return 0, sqldb.ErrNoRows
			}
			return found[0], nil
		})
	}
	t.Run("what is asked soon is answered with the next question, in order", func(t *testing.T) {
		next++
		err := db.Do(ctx, func(ctx context.Context) error {
			before := soon(ctx, next)
			if err := db.Later(ctx, one(dbAdd, next)); err != nil {
				return err
			}
			after := soon(ctx, next)
			n, err := sqldb.One(ctx, db, sqldb.Scalar[int64], "SELECT count(*) FROM contract_counts WHERE id = $1", next)
			if n != 1 || err != nil {
				t.Error(n, err)
			}
			if _, err := before(); !errors.Is(err, sqldb.ErrNoRows) {
				t.Error("it was asked before the row was there:", err)
			}
			_, err = after()
			return err
		})
		if err != nil || !there(next) {
			t.Error(err)
		}
	})
	t.Run("what is asked soon is answered when nothing else is asked, and outside a transaction", func(t *testing.T) {
		for range 2 {
			if err := db.Do(ctx, func(ctx context.Context) error { _, err := soon(ctx, 1)(); return err }); err != nil {
				t.Error(err)
			}
		}
		if _, err := soon(ctx, 1)(); err != nil {
			t.Error(err)
		}
		if _, err := soon(ctx, -1)(); !errors.Is(err, sqldb.ErrNoRows) {
			t.Error(err)
		}
	})
	t.Run("an answer that nobody takes keeps nothing from committing", func(t *testing.T) {
		next++
		if err := db.Do(ctx, func(ctx context.Context) error {
			_ = soon(ctx, -1)
			return db.Later(ctx, one(dbAdd, next))
		}); err != nil || !there(next) {
			t.Error(err)
		}
	})
	t.Run("what is asked soon fails with what fails before it", func(t *testing.T) {
		var asked error
		err := db.Do(ctx, func(ctx context.Context) error {
			_ = db.Later(ctx, one(dbAdd, 1)) // which is there
			_, asked = soon(ctx, 1)()
			return nil
		})
		if !errors.Is(asked, sqldb.ErrUnique) || !errors.Is(err, sqldb.ErrUnique) {
			t.Error(asked, err)
		}
	})
	t.Run("a connection is as good as before, whatever happened on it", func(t *testing.T) {
		got, err := sqldb.List(ctx, db, sqldb.Scalar[int64], "SELECT n FROM contract_counts WHERE id = 1")
		if err != nil || !cmp.Equal(got, []int64{dbInt(t, ctx, db, "SELECT n FROM contract_counts WHERE id = 1")}) {
			t.Error(got, err)
		}
		if err := db.Do(ctx, func(context.Context) error { return nil }); err != nil {
			t.Error("a transaction in which nothing happens:", err)
		}
	})
}
