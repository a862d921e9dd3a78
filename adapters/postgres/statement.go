package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// Exec runs one statement.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	session, t, err := db.session(ctx)
	if err != nil {
		return 0, err
	}
	values, err := sqldb.Values(args, argument)
	if err != nil {
		return 0, err
	}
	tag, err := session.Exec(ctx, query, values...)
	return tag.RowsAffected(), t.Failed(classify(err))
}

// Query runs one statement that answers rows.
func (db *DB) Query(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	session, t, err := db.session(ctx)
	if err != nil {
		return nil, err
	}
	values, err := sqldb.Values(args, argument)
	if err != nil {
		return nil, err
	}
	got, err := session.Query(ctx, query, values...)
	if err != nil {
		return nil, t.Failed(classify(err))
	}
	return &rows{Rows: got, t: t}, nil
}

// QueryRow runs a statement of which the first row matters.
func (db *DB) QueryRow(ctx context.Context, query string, args ...any) sqldb.Row {
	return sqldb.FirstRow(db.Query(ctx, query, args...))
}

// CopyFrom adds rows with the COPY protocol.
func (db *DB) CopyFrom(ctx context.Context, table string, columns []string, lines [][]any) (int64, error) {
	session, t, err := db.session(ctx)
	if err != nil {
		return 0, err
	}
	n, err := session.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(len(lines), func(i int) ([]any, error) {
		return sqldb.Values(lines[i], argument)
	}))
	return n, t.Failed(classify(err))
}

// Send queues the statements in one pipeline. The server may have run what
// comes after a statement whose answer is refused here; that is undone with
// the transaction.
func (db *DB) Send(ctx context.Context, b *sqldb.Batch) error {
	var queue pgx.Batch
	for _, s := range b.Statements() {
		values, err := sqldb.Values(s.Args, argument)
		if err != nil {
			return err
		}
		queue.Queue(s.Query, values...)
	}
	if queue.Len() == 0 {
		return nil
	}
	if t, err := db.transactions.Current(ctx); err == nil && t == nil && b.Reads() {
		return receive(nil, db.pool.SendBatch(ctx, &queue), b.Statements()) // without BEGIN and COMMIT, each a round trip
	}
	return db.Do(ctx, func(ctx context.Context) error {
		t, err := db.transactions.Current(ctx)
		if err != nil {
			return err
		}
		return receive(t, t.Conn.SendBatch(ctx, &queue), b.Statements())
	})
}

func receive(t *sqldb.Transaction[transaction], results pgx.BatchResults, statements []sqldb.Statement) (err error) {
	defer func() {
		if closing := results.Close(); err == nil {
			err = classify(closing)
		}
	}()
	for _, s := range statements {
		if s.Rows != nil {
			if err := read(t, results, s.Rows); err != nil {
				return err
			}
			continue
		}
		tag, err := results.Exec()
		if err != nil {
			return classify(err)
		}
		if s.Affected != nil {
			if err := s.Affected(tag.RowsAffected()); err != nil {
				return err
			}
		}
	}
	return nil
}

func read(t *sqldb.Transaction[transaction], results pgx.BatchResults, scan func(sqldb.Rows) error) error {
	got, err := results.Query()
	if err != nil {
		return classify(err)
	}
	answer := &rows{Rows: got, t: t}
	defer answer.Close()
	if err := scan(answer); err != nil {
		return err
	}
	answer.Close()
	return answer.Err()
}
