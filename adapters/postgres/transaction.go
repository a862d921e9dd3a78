package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// endTimeout is how long a COMMIT or ROLLBACK may take. They are not ended by
// the caller's context: a commit cut off half way may or may not have happened.
const endTimeout = 10 * time.Second

// transaction is a connection with a transaction on it, and the statements that
// nobody waits for: what is handed in later, and BEGIN itself, which travel
// with the next one.
type transaction struct {
	conn  *pgxpool.Conn
	begun bool // on the server
	later []sqldb.Statement
}

func (db *DB) begin(ctx context.Context) (*transaction, error) {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return nil, classify(err)
	}
	return &transaction{conn: conn, later: []sqldb.Statement{{Query: "BEGIN ISOLATION LEVEL READ COMMITTED"}}}, nil
}

// take answers the statements that have to go before the next one.
func (t *transaction) take() []sqldb.Statement {
	first := t.later
	t.later, t.begun = nil, true
	return first
}

// Commit sends what is left with the COMMIT, unless an answer to it decides
// whether there should be one.
func (t *transaction) Commit(ctx context.Context) error {
	defer t.conn.Release()
	if !t.begun && len(t.later) == 1 {
		return nil // nothing has happened
	}
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	left := t.take()
	if decisive(left) {
		if err := pipeline(ctx, t.conn, nil, left); err != nil {
			_, _ = t.conn.Exec(ctx, "ROLLBACK")
			return err
		}
		left = nil
	}
	tag := ""
	if len(left) == 0 {
		done, err := t.conn.Exec(ctx, "COMMIT")
		if err != nil {
			return classify(err)
		}
		tag = done.String()
	} else {
		var err error
		if tag, err = t.commitBehind(ctx, left); err != nil {
			if t.conn.Conn().PgConn().TxStatus() != 'I' {
				_, _ = t.conn.Exec(ctx, "ROLLBACK")
			}
			return err
		}
	}
	if tag == "ROLLBACK" {
		return pgx.ErrTxCommitRollback // the server had given the transaction up before
	}
	return nil
}

func (t *transaction) commitBehind(ctx context.Context, left []sqldb.Statement) (tag string, err error) {
	for i, s := range left {
		left[i] = held(s)
	}
	queue, err := queued(append(left, sqldb.Statement{Query: "COMMIT"}))
	if err != nil {
		return "", err
	}
	results := t.conn.SendBatch(ctx, queue)
	defer func() {
		if closing := results.Close(); err == nil {
			err = classify(closing)
		}
	}()
	if err := answers(nil, results, left); err != nil {
		return "", err
	}
	done, err := results.Exec()
	return done.String(), classify(err)
}

// held has the server itself refuse a statement that does not touch exactly one
// row, so that the COMMIT behind it is none.
func held(s sqldb.Statement) sqldb.Statement {
	if s.One != nil {
		s.Query = holding + s.Query + " RETURNING 1) SELECT 1 / (count(*) = 1)::int FROM touched"
	}
	return s
}

const holding = "WITH touched AS ("

// refused tells whether an error is what a held statement is refused with.
func refused(s sqldb.Statement, err error) bool {
	division, ok := errors.AsType[*pgconn.PgError](err)
	return ok && division.Code == "22012" && strings.HasPrefix(s.Query, holding)
}

// decisive tells whether an answer to one of the statements may be refused here.
func decisive(statements []sqldb.Statement) bool {
	for _, s := range statements {
		if s.Affected != nil || s.Rows != nil {
			return true
		}
	}
	return false
}

// Rollback gives the connection back; one that cannot roll back is closed.
func (t *transaction) Rollback(ctx context.Context) error {
	defer t.conn.Release()
	if !t.begun {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	_, err := t.conn.Exec(ctx, "ROLLBACK")
	return err
}
