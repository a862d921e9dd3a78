package postgres

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// argument translates what sqldb.Value answers.
func argument(value any) any {
	if id, ok := value.([16]byte); ok {
		return pgtype.UUID{Bytes: id, Valid: true}
	}
	return value
}

type rows struct {
	pgx.Rows
	t        *sqldb.Transaction[*transaction] // nil outside a transaction
	pipeline pgx.BatchResults                 // that the rows are the last of, if any
	targets  []any
}

func (r *rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *rows) Close() {
	r.Rows.Close()
	if r.pipeline != nil {
		_ = r.pipeline.Close() // what went wrong with the last of it, the rows tell
		r.pipeline = nil
	}
}

func (r *rows) Err() error { return r.t.Failed(classify(r.Rows.Err())) }

func (r *rows) Scan(dest ...any) error {
	r.targets = r.targets[:0]
	for _, d := range dest {
		r.targets = append(r.targets, target(d))
	}
	return r.Rows.Scan(r.targets...)
}

func target(dest any) any {
	switch d := dest.(type) {
	case *time.Time:
		return timeTarget{d}
	case interface{ SetBytes([16]byte) }:
		return idTarget{d}
	}
	return sqldb.Plain(dest)
}

type timeTarget struct{ to *time.Time }

// ScanTimestamptz makes NULL the zero time.
func (t timeTarget) ScanTimestamptz(v pgtype.Timestamptz) error {
	if v.InfinityModifier != pgtype.Finite {
		return errors.New("an infinite time cannot be read")
	}
	*t.to = time.Time{}
	if v.Valid {
		*t.to = v.Time.UTC()
	}
	return nil
}

type idTarget struct {
	to interface{ SetBytes([16]byte) }
}

// ScanUUID makes NULL the zero id.
func (t idTarget) ScanUUID(v pgtype.UUID) error {
	t.to.SetBytes(v.Bytes)
	return nil
}

// kinds are the SQLSTATEs that stores and Do act upon:
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var kinds = map[string]error{
	"23505": sqldb.ErrUnique,
	"23503": sqldb.ErrForeignKey,
	"23001": sqldb.ErrForeignKey, // ON DELETE RESTRICT
	"23514": sqldb.ErrCheck,
	"23502": sqldb.ErrCheck, // NOT NULL
	"40001": sqldb.ErrConflict,
	"40P01": sqldb.ErrConflict, // deadlock
	"55P03": sqldb.ErrConflict, // lock_timeout
}

func classify(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		if kind, ok := kinds[refused.Code]; ok {
			return sqldb.Classify(kind, err)
		}
	}
	return err
}
