package sqlstore

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// OneTimeTokens is store.OneTimeTokens.
type OneTimeTokens struct{ db sqldb.DB }

var _ store.OneTimeTokens = (*OneTimeTokens)(nil)

// NewOneTimeTokens makes the store of secrets that are good once.
func NewOneTimeTokens(db sqldb.DB) *OneTimeTokens { return &OneTimeTokens{db} }

// Issue implements store.OneTimeTokens. The row of the account stands for its
// tokens: of two that are issued at once the later one replaces the other.
func (s *OneTimeTokens) Issue(ctx context.Context, t store.OneTimeToken) error {
	var b sqldb.Batch
	if !t.Account.IsZero() {
		b.Query(func(rows sqldb.Rows) error { return each(rows, func() error { return nil }) },
			`SELECT id FROM accounts WHERE id = $1`+s.db.Dialect().ForUpdate, t.Account)
		b.Exec(`DELETE FROM one_time_tokens WHERE account = $1 AND purpose = $2 AND hash <> $3 AND used_at IS NULL`, t.Account, t.Purpose, t.Hash[:])
	}
	b.Exec(`INSERT INTO one_time_tokens (hash, purpose, account, payload, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (hash) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`,
		t.Hash[:], t.Purpose, t.Account, t.Payload, t.ExpiresAt)
	return wrap("issue one-time token", s.db.Send(ctx, &b))
}

// Redeem implements store.OneTimeTokens. The update waits for another one of the
// same row, and then finds it used.
func (s *OneTimeTokens) Redeem(ctx context.Context, purpose string, hash [32]byte, now time.Time) (store.OneTimeToken, error) {
	t := store.OneTimeToken{Hash: hash, Purpose: purpose}
	var b sqldb.Batch
	b.ExecOne(store.ErrOneTimeToken, `UPDATE one_time_tokens SET used_at = $3
		WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3`, hash[:], purpose, now)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error { return rows.Scan(&t.Account, &t.Payload, &t.ExpiresAt) })
	}, `SELECT account, payload, expires_at FROM one_time_tokens WHERE hash = $1`, hash[:])
	return t, wrap("redeem one-time token", s.db.Send(ctx, &b))
}

// Look implements store.OneTimeTokens.
func (s *OneTimeTokens) Look(ctx context.Context, purpose string, hash [32]byte, now time.Time) (store.OneTimeToken, error) {
	t := store.OneTimeToken{Hash: hash, Purpose: purpose}
	err := s.db.QueryRow(ctx, `SELECT account, payload, expires_at FROM one_time_tokens
		WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3`, hash[:], purpose, now).Scan(&t.Account, &t.Payload, &t.ExpiresAt)
	return t, found("look at one-time token", err, store.ErrOneTimeToken)
}

// Revoke implements store.OneTimeTokens.
func (s *OneTimeTokens) Revoke(ctx context.Context, account ident.AccountID, purposes ...string) error {
	var b sqldb.Batch
	if len(purposes) == 0 {
		b.Exec(`DELETE FROM one_time_tokens WHERE account = $1 AND used_at IS NULL`, account)
	}
	for _, purpose := range purposes {
		b.Exec(`DELETE FROM one_time_tokens WHERE account = $1 AND purpose = $2 AND used_at IS NULL`, account, purpose)
	}
	return wrap("revoke one-time tokens", s.db.Send(ctx, &b))
}

// Forget implements store.OneTimeTokens.
func (s *OneTimeTokens) Forget(ctx context.Context, before time.Time) (int64, error) {
	n, err := dropBefore(ctx, s.db, `one_time_tokens`, `hash`, `expires_at`, before)
	return n, wrap("forget one-time tokens", err)
}
