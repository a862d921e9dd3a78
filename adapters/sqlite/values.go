package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// argument translates what sqldb.Value answers: a time is microseconds since
// 1970, an id its sixteen bytes, a boolean 0 or 1.
func argument(value any) any {
	switch v := value.(type) {
	case time.Time:
		return v.UnixMicro()
	case [16]byte:
		return v[:]
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	}
	return value
}

type rows struct {
	rows   *sql.Rows
	t      *sqldb.Transaction[*transaction] // nil outside a transaction
	done   func()
	err    error // of Close
	closed bool

	cells   []cell
	targets []any
}

// newRows runs a query and calls done once its rows are closed, or it failed.
func newRows(ctx context.Context, t *sqldb.Transaction[*transaction], from *statements, query string, values []any, done func()) (*rows, error) {
	stmt, drop, err := from.get(ctx, query)
	if err != nil {
		done()
		return nil, t.Failed(classify(err))
	}
	finish := func() {
		drop()
		done()
	}
	got, err := stmt.QueryContext(ctx, values...)
	if err != nil {
		finish()
		return nil, t.Failed(classify(err))
	}
	return &rows{rows: got, t: t, done: finish}, nil
}

func (r *rows) Next() bool { return r.rows.Next() }

func (r *rows) Err() error {
	err := r.rows.Err()
	if err == nil {
		err = r.err
	}
	return r.t.Failed(classify(err))
}

func (r *rows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.err = r.rows.Close()
	r.done()
}

func (r *rows) Scan(dest ...any) error {
	if r.targets == nil {
		r.cells, r.targets = make([]cell, len(dest)), make([]any, len(dest))
	}
	if len(dest) != len(r.targets) {
		return r.rows.Scan(dest...)
	}
	for i, d := range dest {
		r.targets[i] = r.cells[i].target(d)
	}
	return r.rows.Scan(r.targets...)
}

// cell reads one column into what database/sql does not know, or would take a
// detour to.
type cell struct{ to any }

func (c *cell) target(dest any) any {
	switch d := dest.(type) {
	case *time.Time, interface{ SetBytes([16]byte) }:
		c.to = d
		return c
	}
	plain := sqldb.Plain(dest)
	switch plain.(type) {
	case *string, *int64, *[]byte:
		c.to = plain
		return c
	}
	return plain
}

// Scan takes int64, float64, string, []byte or nil.
func (c *cell) Scan(value any) error {
	switch to := c.to.(type) {
	case *string:
		if v, ok := value.(string); ok {
			*to = v
			return nil
		}
	case *int64:
		if v, ok := value.(int64); ok {
			*to = v
			return nil
		}
	case *[]byte:
		return setBytes(to, value)
	case *time.Time:
		switch v := value.(type) {
		case int64:
			*to = time.UnixMicro(v).UTC()
			return nil
		case nil:
			*to = time.Time{}
			return nil
		}
	case interface{ SetBytes([16]byte) }:
		switch v := value.(type) {
		case []byte:
			if len(v) == 16 {
				to.SetBytes([16]byte(v))
				return nil
			}
		case nil:
			to.SetBytes([16]byte{})
			return nil
		}
	}
	return fmt.Errorf("sqlite: a %T cannot be read into a %T", value, c.to)
}

func setBytes(to *[]byte, value any) error {
	switch v := value.(type) {
	case []byte:
		*to = append([]byte{}, v...)
	case string:
		*to = []byte(v)
	case nil:
		*to = nil
	default:
		return fmt.Errorf("sqlite: a %T cannot be read into bytes", value)
	}
	return nil
}

func classify(err error) error {
	var refused *driver.Error
	if !errors.As(err, &refused) {
		return err
	}
	// ON DELETE RESTRICT is reported as a failed trigger, which may be anything:
	// the migrations leave actions at their default.
	switch refused.Code() {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY, codes.SQLITE_CONSTRAINT_ROWID:
		return sqldb.Classify(sqldb.ErrUnique, err)
	case codes.SQLITE_CONSTRAINT_FOREIGNKEY:
		return sqldb.Classify(sqldb.ErrForeignKey, err)
	case codes.SQLITE_CONSTRAINT_CHECK, codes.SQLITE_CONSTRAINT_NOTNULL:
		return sqldb.Classify(sqldb.ErrCheck, err)
	}
	switch refused.Code() & 0xff { // the primary code: BUSY_SNAPSHOT is a BUSY too
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return sqldb.Classify(sqldb.ErrConflict, err)
	}
	return err
}
