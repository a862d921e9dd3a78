package sqlstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Accounts is store.Accounts.
type Accounts struct{ db sqldb.DB }

var _ store.Accounts = (*Accounts)(nil)

// NewAccounts makes the store of accounts.
func NewAccounts(db sqldb.DB) *Accounts { return &Accounts{db} }

// Insert implements store.Accounts.
func (s *Accounts) Insert(ctx context.Context, a *accounts.Account) error {
	r := a.Record()
	return s.db.Do(ctx, func(ctx context.Context) error {
		n, err := s.db.Exec(ctx, `INSERT INTO accounts (id, email, email_key, handle, display_name, display_key, bio, avatar,
				password_hash, role, version, created_at, deleted_at, purge_at, purged_at, email_verified_at, pending_email)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING`,
			r.ID, r.Email.Address, r.Email.Key, r.Handle, r.DisplayName, foldedName(r), r.Bio, r.Avatar,
			r.PasswordHash, r.Role, r.Version, r.CreatedAt, r.DeletedAt, r.PurgeAt, r.PurgedAt, r.EmailVerifiedAt, r.PendingEmail)
		if err != nil {
			return wrap("insert account", err)
		}
		if n == 0 {
			return s.taken(ctx, r)
		}
		_, err = s.db.Exec(ctx, `INSERT INTO account_counts (account, posts, subscribers, subscriptions) VALUES ($1, 0, 0, 0)`, r.ID)
		return wrap("insert account", err)
	})
}

// taken finds out what kept an account from being inserted.
func (s *Accounts) taken(ctx context.Context, r accounts.Record) error {
	var email bool
	err := s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM accounts WHERE email_key = $1)`, r.Email.Key).Scan(&email)
	switch {
	case err != nil:
		return wrap("insert account", err)
	case email:
		return accounts.ErrEmailTaken
	default:
		return accounts.ErrHandleTaken
	}
}

// foldedName is what a display name is searched by.
func foldedName(r accounts.Record) string { return strings.ToLower(r.DisplayName) }

// Save implements store.Accounts. Of the unique columns only the handle can
// meet another one: the key of a purged account is made of its id.
func (s *Accounts) Save(ctx context.Context, a *accounts.Account) error {
	return s.update(ctx, a.Record(), accounts.ErrHandleTaken)
}

// Move implements store.Accounts.
func (s *Accounts) Move(ctx context.Context, a *accounts.Account) error {
	return s.update(ctx, a.Record(), accounts.ErrEmailTaken)
}

func (s *Accounts) update(ctx context.Context, r accounts.Record, taken *fault.Error) error {
	var b sqldb.Batch
	b.ExecOne(accounts.ErrNotFound, `UPDATE accounts SET email = $2, email_key = $3, handle = $4, display_name = $5, display_key = $6,
			bio = $7, avatar = $8, password_hash = $9, role = $10, version = $11, deleted_at = $12, purge_at = $13, purged_at = $14,
			email_verified_at = $15, pending_email = $16
		WHERE id = $1`,
		r.ID, r.Email.Address, r.Email.Key, r.Handle, r.DisplayName, foldedName(r),
		r.Bio, r.Avatar, r.PasswordHash, r.Role, r.Version, r.DeletedAt, r.PurgeAt, r.PurgedAt, r.EmailVerifiedAt, r.PendingEmail)
	err := s.db.Send(ctx, &b)
	if errors.Is(err, sqldb.ErrUnique) {
		return taken.Because(err)
	}
	return wrap("save account", err)
}

// Lock implements store.Accounts.
func (s *Accounts) Lock(ctx context.Context, id ident.AccountID) (*accounts.Account, error) {
	return s.one(ctx, "lock account", `id = $1`+s.db.Dialect().ForUpdate, id)
}

// Get implements store.Accounts.
func (s *Accounts) Get(ctx context.Context, id ident.AccountID) (*accounts.Account, error) {
	return s.one(ctx, "read account", `id = $1`, id)
}

// ByEmail implements store.Accounts.
func (s *Accounts) ByEmail(ctx context.Context, key string) (*accounts.Account, error) {
	return s.one(ctx, "account by e-mail address", `email_key = $1`, key)
}

// ByHandle implements store.Accounts.
func (s *Accounts) ByHandle(ctx context.Context, handle string) (*accounts.Account, error) {
	return s.one(ctx, "account by handle", `handle = $1`, handle)
}

func (s *Accounts) one(ctx context.Context, attempt, condition string, key any) (*accounts.Account, error) {
	r, err := sqldb.One(ctx, s.db, scanAccount, `SELECT id, email, email_key, handle, display_name, bio, avatar, password_hash, role,
			version, created_at, deleted_at, purge_at, purged_at, email_verified_at, coalesce(pending_email, '')
		FROM accounts WHERE `+condition, key)
	if err != nil {
		return nil, found(attempt, err, accounts.ErrNotFound)
	}
	return accounts.RestoreAccount(r), nil
}

func scanAccount(row sqldb.Row) (r accounts.Record, err error) {
	err = row.Scan(&r.ID, &r.Email.Address, &r.Email.Key, &r.Handle, &r.DisplayName, &r.Bio, &r.Avatar, &r.PasswordHash, &r.Role,
		&r.Version, &r.CreatedAt, &r.DeletedAt, &r.PurgeAt, &r.PurgedAt, &r.EmailVerifiedAt, &r.PendingEmail)
	return r, err
}

// Any implements store.Accounts.
func (s *Accounts) Any(ctx context.Context) (any bool, err error) {
	err = s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM accounts)`).Scan(&any)
	return any, wrap("any account", err)
}

// Due implements store.Accounts.
func (s *Accounts) Due(ctx context.Context, now time.Time, limit int) ([]ident.AccountID, error) {
	ids, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.AccountID], `SELECT id FROM accounts
		WHERE purge_at IS NOT NULL AND purge_at <= $1 ORDER BY purge_at, id LIMIT $2`, now, limit)
	return ids, wrap("accounts to purge", err)
}
