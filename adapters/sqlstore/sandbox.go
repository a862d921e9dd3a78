package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// SandboxBook is where the sandbox payment provider keeps its payments.
type SandboxBook struct{ db sqldb.DB }

// NewSandboxBook makes the book.
func NewSandboxBook(db sqldb.DB) *SandboxBook { return &SandboxBook{db} }

// Load reads the record of a payment; it is empty if there is none.
func (s *SandboxBook) Load(ctx context.Context, ref string) (record string, err error) {
	record, err = sqldb.One(ctx, s.db, sqldb.Scalar[string], `SELECT record FROM sandbox_payments WHERE ref = $1`, ref)
	if errors.Is(err, sqldb.ErrNoRows) {
		return "", nil
	}
	return record, wrap("read sandbox payment", err)
}

// Swap puts a record in the place of an old one, empty for none, and tells
// whether that was still there.
func (s *SandboxBook) Swap(ctx context.Context, ref, old, record string, at time.Time) (swapped bool, err error) {
	var n int64
	if old == "" {
		n, err = s.db.Exec(ctx, `INSERT INTO sandbox_payments (ref, record, updated_at) VALUES ($1, $2, $3) ON CONFLICT (ref) DO NOTHING`, ref, record, at)
	} else {
		n, err = s.db.Exec(ctx, `UPDATE sandbox_payments SET record = $3, updated_at = $4 WHERE ref = $1 AND record = $2`, ref, old, record, at)
	}
	return n == 1, wrap("write sandbox payment", err)
}
