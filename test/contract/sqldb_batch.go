package contract

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

func dbBatch(t *testing.T, db sqldb.DB) {
	ctx := t.Context()
	t.Run("an empty batch does nothing", func(t *testing.T) {
		var b sqldb.Batch
		if err := db.Send(ctx, &b); err != nil || b.Len() != 0 {
			t.Fatal(err)
		}
	})
	t.Run("statements run in order and answer what they should", func(t *testing.T) {
		var b sqldb.Batch
		var touched int64
		var seen []int64
		b.Exec(dbAdd, 1)
		b.Exec(dbAdd, 2)
		b.ExecOne(errDB, "UPDATE contract_counts SET n = 7 WHERE id = $1", 2)
		b.Query(func(rows sqldb.Rows) (err error) {
			seen, err = sqldb.Collect(rows, sqldb.Scalar[int64])
			return err
		}, "SELECT n FROM contract_counts ORDER BY id")
		b.ExecRows(func(n int64) error { touched = n; return nil }, "UPDATE contract_counts SET n = 8")
		if b.Len() != 5 {
			t.Fatal(b.Len())
		}
		if err := db.Send(ctx, &b); err != nil {
			t.Fatal(err)
		}
		if touched != 2 || !cmp.Equal(seen, []int64{0, 7}) {
			t.Fatal(touched, seen)
		}
		if n := dbInt(t, ctx, db, "SELECT sum(n) FROM contract_counts"); n != 16 {
			t.Fatal(n)
		}
	})
	t.Run("rows that are not read are no trouble", func(t *testing.T) {
		var b sqldb.Batch
		b.Query(func(sqldb.Rows) error { return nil }, "SELECT n FROM contract_counts")
		b.ExecOne(errDB, "UPDATE contract_counts SET n = 8 WHERE id = 1")
		if err := db.Send(ctx, &b); err != nil {
			t.Fatal(err)
		}
	})
	for name, fail := range map[string]struct {
		add  func(b *sqldb.Batch)
		want error
	}{
		"a statement that fails":        {func(b *sqldb.Batch) { b.Exec(dbAdd, 1) }, sqldb.ErrUnique},
		"an ExecOne that touches none":  {func(b *sqldb.Batch) { b.ExecOne(errDB, "UPDATE contract_counts SET n = 0 WHERE id = 99") }, errDB},
		"an ExecOne that touches two":   {func(b *sqldb.Batch) { b.ExecOne(errDB, "UPDATE contract_counts SET n = 0 WHERE id < 3") }, errDB},
		"a count that is refused":       {func(b *sqldb.Batch) { b.ExecRows(func(int64) error { return errDB }, dbAdd, 12) }, errDB},
		"rows that are refused":         {func(b *sqldb.Batch) { b.Query(func(sqldb.Rows) error { return errDB }, "SELECT 1") }, errDB},
		"a query that fails on its way": {func(b *sqldb.Batch) { b.Query(func(sqldb.Rows) error { return nil }, dbAdd+" RETURNING id", 1) }, sqldb.ErrUnique},
	} {
		batch := func(t *testing.T) *sqldb.Batch {
			var b sqldb.Batch
			b.Exec(dbAdd, 10)
			fail.add(&b)
			b.ExecRows(func(int64) error { t.Error("went on"); return nil }, dbAdd, 11)
			return &b
		}
		t.Run(name+" stops the batch and undoes it", func(t *testing.T) {
			dbIs(t, db.Send(ctx, batch(t)), fail.want)
			dbGone(t, db, 10, 11, 12)
		})
		t.Run(name+" dooms the transaction around it", func(t *testing.T) {
			err := db.Do(ctx, func(ctx context.Context) error {
				dbExec(t, ctx, db, dbAdd, 13)
				dbIs(t, db.Send(ctx, batch(t)), fail.want)
				return nil
			})
			dbIs(t, err, fail.want)
			dbGone(t, db, 10, 11, 12, 13)
		})
	}
	t.Run("a refused argument keeps all of it from running", func(t *testing.T) {
		var b sqldb.Batch
		b.Exec(dbAdd, 10)
		b.Exec(dbAdd, struct{}{})
		if err := db.Send(ctx, &b); err == nil {
			t.Fatal("a struct was taken")
		}
		dbGone(t, db, 10)
	})
	t.Run("a batch within a transaction is part of it", func(t *testing.T) {
		err := db.Do(ctx, func(ctx context.Context) error {
			var b sqldb.Batch
			b.Exec(dbAdd, 10)
			if err := db.Send(ctx, &b); err != nil {
				return err
			}
			if n := dbInt(t, ctx, db, "SELECT count(*) FROM contract_counts WHERE id = 10"); n != 1 {
				t.Error("not seen")
			}
			return errDB
		})
		dbIs(t, err, errDB)
		dbGone(t, db, 10)
	})
	t.Run("a batch that lost is sent again", func(t *testing.T) {
		var b sqldb.Batch
		runs := 0
		b.Exec(dbAdd, 20)
		b.ExecRows(func(int64) error {
			if runs++; runs < 3 {
				return errors.Join(sqldb.ErrConflict)
			}
			return nil
		}, dbAdd, 21)
		if err := db.Send(ctx, &b); err != nil || runs != 3 || dbCount(t, db, 21) != 1 {
			t.Fatal(runs, err)
		}
	})
}
