package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// session is what the pool and a connection have in common.
type session interface {
	Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// session is where a statement of ctx goes, what has to go there first, and
// what is to hear of its failure.
func (db *DB) session(ctx context.Context) (session, []sqldb.Statement, *sqldb.Transaction[*transaction], error) {
	t, err := db.transactions.Current(ctx)
	if err != nil || t == nil {
		return db.pool, nil, nil, err
	}
	if err := t.Doomed(); err != nil {
		return nil, nil, nil, err
	}
	return t.Conn.conn, t.Conn.take(), t, nil
}

// Exec runs one statement.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	session, first, t, err := db.session(ctx)
	if err != nil {
		return 0, err
	}
	if len(first) > 0 {
		statement := sqldb.Statement{Query: query, Args: args, Affected: func(rows int64) error { n = rows; return nil }}
		err = t.Failed(pipeline(ctx, session, t, append(first, statement)))
		return n, err
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
	session, first, t, err := db.session(ctx)
	if err != nil {
		return nil, err
	}
	if len(first) > 0 {
		return queryBehind(ctx, session, t, first, query, args)
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

// queryBehind sends a query in one pipeline with what has to run before it.
func queryBehind(ctx context.Context, s session, t *sqldb.Transaction[*transaction], first []sqldb.Statement, query string, args []any) (sqldb.Rows, error) {
	queue, err := queued(append(first, sqldb.Statement{Query: query, Args: args}))
	if err != nil {
		return nil, t.Failed(err)
	}
	results := s.SendBatch(ctx, queue)
	if err := answers(t, results, first); err != nil {
		_ = results.Close()
		return nil, t.Failed(err)
	}
	got, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, t.Failed(classify(err))
	}
	return &rows{Rows: got, t: t, pipeline: results}, nil
}

// QueryRow runs a statement of which the first row matters.
func (db *DB) QueryRow(ctx context.Context, query string, args ...any) sqldb.Row {
	return sqldb.FirstRow(db.Query(ctx, query, args...))
}

// CopyFrom adds rows with the COPY protocol.
func (db *DB) CopyFrom(ctx context.Context, table string, columns []string, lines [][]any) (n int64, err error) {
	err = db.Do(ctx, func(ctx context.Context) error {
		session, first, t, err := db.session(ctx)
		if err != nil {
			return err
		}
		if err := pipeline(ctx, session, t, first); err != nil {
			return err
		}
		n, err = t.Conn.conn.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(len(lines), func(i int) ([]any, error) {
			return sqldb.Values(lines[i], argument)
		}))
		return classify(err)
	})
	return n, err
}

// Send queues the statements in one pipeline. The server may have run what
// comes after a statement whose answer is refused here; that is undone with
// the transaction.
func (db *DB) Send(ctx context.Context, b *sqldb.Batch) error {
	if t, err := db.transactions.Current(ctx); err == nil && t == nil && b.Reads() {
		return pipeline(ctx, db.pool, nil, b.Statements()) // without BEGIN and COMMIT, also if there are none
	}
	return db.Do(ctx, func(ctx context.Context) error {
		session, first, t, err := db.session(ctx)
		if err != nil {
			return err
		}
		return pipeline(ctx, session, t, append(first, b.Statements()...))
	})
}

// Later implements sqldb.DB.
func (db *DB) Later(ctx context.Context, b *sqldb.Batch) error {
	t, err := db.transactions.Current(ctx)
	if err != nil {
		return err
	}
	if t == nil {
		return db.Send(ctx, b)
	}
	t.Conn.later = append(t.Conn.later, b.Statements()...)
	return t.Doomed()
}

// pipeline sends statements in one round trip and reads their answers.
func pipeline(ctx context.Context, s session, t *sqldb.Transaction[*transaction], statements []sqldb.Statement) (err error) {
	if len(statements) == 0 {
		return nil
	}
	queue, err := queued(statements)
	if err != nil {
		return err
	}
	results := s.SendBatch(ctx, queue)
	defer func() {
		if closing := results.Close(); err == nil {
			err = classify(closing)
		}
	}()
	return answers(t, results, statements)
}

func queued(statements []sqldb.Statement) (*pgx.Batch, error) {
	queue := &pgx.Batch{}
	for _, s := range statements {
		values, err := sqldb.Values(s.Args, argument)
		if err != nil {
			return nil, err
		}
		queue.Queue(s.Query, values...)
	}
	return queue, nil
}

// answers reads those of statements that were sent.
func answers(t *sqldb.Transaction[*transaction], results pgx.BatchResults, statements []sqldb.Statement) error {
	for _, s := range statements {
		if s.Rows != nil {
			if err := read(t, results, s.Rows); err != nil {
				return err
			}
			continue
		}
		tag, err := results.Exec()
		if refused(s, err) {
			return s.One
		}
		if err != nil {
			return classify(err)
		}
		if err := s.Counted(tag.RowsAffected()); err != nil {
			return err
		}
	}
	return nil
}

func read(t *sqldb.Transaction[*transaction], results pgx.BatchResults, scan func(sqldb.Rows) error) error {
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
