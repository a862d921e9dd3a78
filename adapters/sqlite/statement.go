package sqlite

import (
	"context"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// Exec runs one statement.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	values, err := sqldb.Values(args, argument)
	if err != nil {
		return 0, err
	}
	t, err := db.join(ctx)
	if err != nil {
		return 0, err
	}
	if t == nil {
		if err := db.writer.acquire(ctx); err != nil {
			return 0, err
		}
		defer db.writer.release()
	}
	stmt, done, err := db.writer.get(ctx, query)
	if err != nil {
		return 0, t.Failed(classify(err))
	}
	defer done()
	result, err := stmt.ExecContext(ctx, values...)
	if err != nil {
		return 0, t.Failed(classify(err))
	}
	n, err := result.RowsAffected()
	return n, t.Failed(err)
}

// Query runs one statement that answers rows. A SELECT outside a transaction
// goes to a reader; everything else may write.
func (db *DB) Query(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	values, err := sqldb.Values(args, argument)
	if err != nil {
		return nil, err
	}
	t, err := db.join(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case t != nil:
		t.Conn.open = true
		return newRows(ctx, t, &db.writer.statements, query, values, func() { t.Conn.open = false })
	case db.readers != nil && sqldb.Selects(query):
		return newRows(ctx, nil, &db.readers.statements, query, values, func() {})
	}
	if err := db.writer.acquire(ctx); err != nil {
		return nil, err
	}
	return newRows(ctx, nil, &db.writer.statements, query, values, db.writer.release)
}

// join is the transaction of ctx, or nil. After a failed statement SQLite would
// go on where PostgreSQL refuses; nothing may come to depend on that.
func (db *DB) join(ctx context.Context) (*sqldb.Transaction[*transaction], error) {
	t, err := db.transactions.Current(ctx)
	if err != nil || t == nil {
		return nil, err
	}
	if err := t.Doomed(); err != nil {
		return nil, err
	}
	if t.Conn.open {
		return nil, t.Failed(errRowsOpen)
	}
	return t, nil
}

// QueryRow runs a statement of which the first row matters.
func (db *DB) QueryRow(ctx context.Context, query string, args ...any) sqldb.Row {
	return sqldb.FirstRow(db.Query(ctx, query, args...))
}

// Later runs the statements at once: there is no way to save.
func (db *DB) Later(ctx context.Context, b *sqldb.Batch) error { return db.Send(ctx, b) }

// Send runs the statements one after the other. What only reads leaves the
// writer's turn to others.
func (db *DB) Send(ctx context.Context, b *sqldb.Batch) error {
	for _, s := range b.Statements() { // before the first of them runs, as PostgreSQL would
		if _, err := sqldb.Values(s.Args, argument); err != nil {
			return err
		}
	}
	if b.Len() == 0 {
		_, err := db.join(ctx)
		return err
	}
	all := func(ctx context.Context) error {
		for _, s := range b.Statements() {
			if err := db.run(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}
	if t, err := db.transactions.Current(ctx); err == nil && t == nil && b.Reads() {
		return all(ctx)
	}
	return db.Do(ctx, all)
}

func (db *DB) run(ctx context.Context, s sqldb.Statement) error {
	if s.Rows == nil {
		n, err := db.Exec(ctx, s.Query, s.Args...)
		if err != nil {
			return err
		}
		return s.Counted(n)
	}
	rows, err := db.Query(ctx, s.Query, s.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := s.Rows(rows); err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}
