// Package sqldb is the seam between sajin's stores and a database driver: what
// sqlstore is written on once, and what postgres and sqlite each provide.
//
// It translates what the two databases say differently (ids, times, booleans,
// errors, row locks) and carries transactions in the context. It knows nothing
// of tables.
package sqldb

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/ports/tx"
)

// DB is a database as the stores see it. It is safe for concurrent use.
//
// Every method takes part in the transaction of this database that ctx
// carries, if any. A transaction belongs to one goroutine at a time, and runs
// one statement at a time: rows are read to their end, or closed, before the
// next one. A statement that fails dooms its transaction: what follows it
// fails as well and nothing is committed. So a duplicate that is expected is
// asked for with ON CONFLICT DO NOTHING, not by looking for ErrUnique.
//
// A statement outside a transaction whose context ends while it runs may or
// may not have taken effect; within Do it has not.
//
// Placeholders are $1, $2 ...; Value lists what may be an argument and Rows
// what may be scanned into.
type DB interface {
	// Do is described at tx.Runner. A function that fails within an outer Do
	// dooms the outer transaction too, whatever the outer function answers.
	tx.Runner

	// Exec runs one statement and answers how many rows it touched.
	Exec(ctx context.Context, query string, args ...any) (int64, error)

	// Query runs one statement that answers rows. The caller closes them; List
	// and One do that by themselves and are what stores use.
	Query(ctx context.Context, query string, args ...any) (Rows, error)

	// QueryRow runs a statement of which only the first row matters; its
	// errors, and ErrNoRows, come from Scan.
	QueryRow(ctx context.Context, query string, args ...any) Row

	// Send runs the statements of b, in order, up to the first that fails; all
	// of them or none take effect. On PostgreSQL that is one round trip, on a
	// connection that has seen the statements before. Outside a transaction it
	// runs in one of its own, as Do would run it: the functions that b was given
	// may be called again after a conflict. A batch that only reads waits for no
	// writer there. An empty batch sends what was handed in later.
	Send(ctx context.Context, b *Batch) error

	// Later hands in statements that nobody waits for. They run, in order,
	// before the next statement of the transaction that ctx carries, or before
	// its commit, on PostgreSQL in the same round trip; what fails then fails
	// that statement, or the commit, and dooms the transaction all the same.
	// Outside a transaction it is Send.
	Later(ctx context.Context, b *Batch) error

	// Dialect says what the two databases spell differently.
	Dialect() Dialect

	// Ping fails when the database cannot be reached.
	Ping(ctx context.Context) error

	// Close ends every connection. Nothing may be called after it.
	Close() error
}

// Row is one row of an answer.
type Row interface {
	// Scan copies the columns into dest, in order:
	//
	//	*string, *int64, *bool, *float64 and their named kin (*Visibility, *money.Coins)
	//	*time.Time                          UTC, to the microsecond; NULL is the zero time
	//	an id, or any SetBytes([16]byte)    NULL is the zero id
	//	*[]byte                             a copy; NULL is nil, an empty blob is not
	//	**string, **int64 ..., sql.Null     where NULL must be told from zero
	//
	// NULL into anything else is an error.
	Scan(dest ...any) error
}

// Rows are the rows of an answer, in the manner of database/sql.
type Rows interface {
	Row
	Next() bool
	Err() error // what ended the rows too early; valid after Next said false, and after Close
	Close()     // may be called twice
}

// Dialect is what stores put into their SQL where the databases differ.
type Dialect struct {
	Name       string // "postgres" or "sqlite"
	ForUpdate  string // goes behind a SELECT that locks its rows
	ForShare   string // the same, against changes alone: others may hold it as well
	SkipLocked string // the same, passing over rows that others have locked
}

// Copier is what a database offers that takes many rows faster than INSERT
// does. Callers ask for it with a type assertion and keep a Batch for the rest.
type Copier interface {
	// CopyFrom adds rows to a table, all or none, and answers how many.
	CopyFrom(ctx context.Context, table string, columns []string, rows [][]any) (int64, error)
}

// Pooled is what a database offers that counts its connections.
type Pooled interface {
	// Pool may be called at any time.
	Pool() Pool
}

// Pool is how the connections of a database are used.
type Pool struct {
	InUse, Idle, Max int
	Waits            int64         // how often a connection had to be waited for, or the turn to write
	Waited           time.Duration // all together
}

// List reads every row of a query. It answers nil when there is none.
func List[T any](ctx context.Context, db DB, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return Collect(rows, scan)
}

// One reads the first row of a query, or answers ErrNoRows.
func One[T any](ctx context.Context, db DB, scan func(Row) (T, error), query string, args ...any) (T, error) {
	return scan(db.QueryRow(ctx, query, args...))
}

// Collect reads rows to their end and closes them; for the functions of a Batch.
func Collect[T any](rows Rows, scan func(Row) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	rows.Close()
	return all, rows.Err()
}

// Scalar scans a row of one column: List(ctx, db, Scalar[ident.PostID], ...).
func Scalar[T any](row Row) (T, error) {
	var value T
	err := row.Scan(&value)
	return value, err
}

// Soon hands b in with Later. What it reads is there when its last statement, a
// query, has been answered; then answer makes of it what was asked for.
func Soon[T any](ctx context.Context, db DB, b *Batch, answer func() (T, error)) tx.Soon[T] {
	read := false
	last := &b.statements[len(b.statements)-1]
	rows := last.Rows
	last.Rows = func(r Rows) error {
		err := rows(r)
		read = err == nil
		return err
	}
	err := db.Later(ctx, b)
	return func() (T, error) {
		if err == nil && !read {
			err = db.Send(ctx, &Batch{})
		}
		if err != nil {
			return *new(T), err
		}
		return answer()
	}
}

// FirstRow makes the Row of QueryRow out of what Query answers; for drivers.
func FirstRow(rows Rows, err error) Row { return firstRow{rows, err} }

type firstRow struct {
	rows Rows
	err  error
}

func (r firstRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
