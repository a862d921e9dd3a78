package sqlite

import (
	"context"
	"errors"
)

var errRowsOpen = errors.New("sqlite: the rows of the transaction's last query are still open")

// transaction is a transaction of the writer's connection. BEGIN and COMMIT are
// said by hand: a COMMIT that is refused leaves SQLite inside the transaction.
type transaction struct {
	w    *writer
	open bool // rows are being read; PostgreSQL would not take another statement either
}

func (db *DB) begin(ctx context.Context) (*transaction, error) {
	if err := db.writer.acquire(ctx); err != nil {
		return nil, err
	}
	if err := db.writer.say(ctx, "BEGIN IMMEDIATE"); err != nil {
		// An interrupted BEGIN may or may not have begun.
		_ = db.writer.say(context.WithoutCancel(ctx), "ROLLBACK")
		db.writer.release()
		return nil, err
	}
	return &transaction{w: db.writer}, nil
}

func (t *transaction) Commit(ctx context.Context) error {
	defer t.w.release()
	err := t.w.say(ctx, "COMMIT")
	if err != nil {
		_ = t.w.say(ctx, "ROLLBACK")
	}
	return err
}

// Rollback may find that SQLite has rolled back already, after a full disk or
// an interrupt; that is no error.
func (t *transaction) Rollback(ctx context.Context) error {
	defer t.w.release()
	_ = t.w.say(ctx, "ROLLBACK")
	return nil
}

func (w *writer) say(ctx context.Context, word string) error {
	stmt, _, err := w.get(ctx, word)
	if err != nil {
		return classify(err)
	}
	_, err = stmt.ExecContext(ctx)
	return classify(err)
}
