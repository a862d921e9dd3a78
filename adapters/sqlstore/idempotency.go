package sqlstore

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/ports/store"
)

// Idempotency is store.Idempotency.
type Idempotency struct{ db sqldb.DB }

var _ store.Idempotency = (*Idempotency)(nil)

// NewIdempotency makes the store of results that are given again.
func NewIdempotency(db sqldb.DB) *Idempotency { return &Idempotency{db} }

const insertKey = `INSERT INTO idempotency_keys (account, operation, key, input_hash, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, operation, key) DO NOTHING`

// Reserve implements store.Idempotency.
func (s *Idempotency) Reserve(ctx context.Context, k store.IdempotencyKey, now time.Time) error {
	var b sqldb.Batch
	b.ExecOne(store.ErrKeyTaken, insertKey, k.Account, k.Operation, k.Key, k.InputHash[:], now)
	return wrap("reserve idempotency key", s.db.Later(ctx, &b))
}

// Claim implements store.Idempotency. The insert waits for another transaction
// that has inserted the key and is not done, so at most one claim is fresh; the
// select waits for one that has claimed it again, and reads what that has kept.
func (s *Idempotency) Claim(ctx context.Context, k store.IdempotencyKey, now time.Time) (result []byte, fresh bool, err error) {
	var n int64
	var hash, text []byte
	var b sqldb.Batch
	b.ExecRows(func(rows int64) error { n = rows; return nil }, insertKey, k.Account, k.Operation, k.Key, k.InputHash[:], now)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var r *string
			err := rows.Scan(&hash, &r)
			if r != nil {
				text = []byte(*r)
			}
			return err
		})
	}, `SELECT input_hash, result FROM idempotency_keys WHERE account = $1 AND operation = $2 AND key = $3`+s.db.Dialect().ForUpdate, k.Account, k.Operation, k.Key)
	if err := s.db.Send(ctx, &b); err != nil {
		return nil, false, wrap("claim idempotency key", err)
	}
	if n == 1 {
		return nil, true, nil
	}
	if subtle.ConstantTimeCompare(hash, k.InputHash[:]) == 0 {
		return nil, false, store.ErrKeyReused
	}
	return text, false, nil
}

// Finish implements store.Idempotency.
func (s *Idempotency) Finish(ctx context.Context, k store.IdempotencyKey, result []byte) error {
	var b sqldb.Batch
	b.ExecOne(errors.New("the key was not claimed"), `UPDATE idempotency_keys SET result = $4 WHERE account = $1 AND operation = $2 AND key = $3`, k.Account, k.Operation, k.Key, string(result))
	return wrap("finish idempotency key", s.db.Later(ctx, &b))
}

// Forget implements store.Idempotency.
func (s *Idempotency) Forget(ctx context.Context, before time.Time) (int64, error) {
	n, err := dropBefore(ctx, s.db, `idempotency_keys`, `account, operation, key`, `created_at`, before)
	return n, wrap("forget idempotency keys", err)
}

// dropBatch is how many rows go in one statement: others want to write, too.
const dropBatch = 1000

// dropBefore deletes the rows of a table, by its key, that are older than a
// time, in batches.
func dropBefore(ctx context.Context, db sqldb.DB, table, key, column string, before time.Time) (total int64, err error) {
	for {
		n, err := db.Exec(ctx, `DELETE FROM `+table+` WHERE (`+key+`) IN (
			SELECT `+key+` FROM `+table+` WHERE `+column+` < $1 LIMIT $2)`, before, dropBatch)
		total += n
		if err != nil || n < dropBatch {
			return total, err
		}
	}
}
