package sqlstore

import (
	"context"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Identities is store.Identities.
type Identities struct{ db sqldb.DB }

var _ store.Identities = (*Identities)(nil)

// NewIdentities makes the store of identities.
func NewIdentities(db sqldb.DB) *Identities { return &Identities{db} }

// Insert implements store.Identities.
func (s *Identities) Insert(ctx context.Context, i accounts.Identity) error {
	var b sqldb.Batch
	b.ExecOne(accounts.ErrIdentityTaken, `INSERT INTO identities (id, account, provider, issuer, subject, email, linked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (issuer, subject) DO NOTHING`,
		i.ID, i.Account, i.Provider, i.Issuer, i.Subject, i.Email, i.LinkedAt)
	return wrap("insert identity", s.db.Send(ctx, &b))
}

const identityColumns = `id, account, provider, issuer, subject, email, linked_at`

func scanIdentity(row sqldb.Row) (i accounts.Identity, err error) {
	err = row.Scan(&i.ID, &i.Account, &i.Provider, &i.Issuer, &i.Subject, &i.Email, &i.LinkedAt)
	return i, err
}

// Find implements store.Identities.
func (s *Identities) Find(ctx context.Context, issuer, subject string) (accounts.Identity, error) {
	i, err := sqldb.One(ctx, s.db, scanIdentity, `SELECT `+identityColumns+` FROM identities WHERE issuer = $1 AND subject = $2`, issuer, subject)
	return i, found("find identity", err, accounts.ErrIdentityNotFound)
}

// Get implements store.Identities.
func (s *Identities) Get(ctx context.Context, id ident.IdentityID) (accounts.Identity, error) {
	i, err := sqldb.One(ctx, s.db, scanIdentity, `SELECT `+identityColumns+` FROM identities WHERE id = $1`, id)
	return i, found("read identity", err, accounts.ErrIdentityNotFound)
}

// Of implements store.Identities.
func (s *Identities) Of(ctx context.Context, account ident.AccountID) ([]accounts.Identity, error) {
	all, err := sqldb.List(ctx, s.db, scanIdentity, `SELECT `+identityColumns+` FROM identities WHERE account = $1 ORDER BY linked_at, id`, account)
	return all, wrap("identities of account", err)
}

// Delete implements store.Identities.
func (s *Identities) Delete(ctx context.Context, id ident.IdentityID) error {
	var b sqldb.Batch
	b.ExecOne(accounts.ErrIdentityNotFound, `DELETE FROM identities WHERE id = $1`, id)
	return wrap("delete identity", s.db.Send(ctx, &b))
}

// DeleteAll implements store.Identities.
func (s *Identities) DeleteAll(ctx context.Context, account ident.AccountID) error {
	_, err := s.db.Exec(ctx, `DELETE FROM identities WHERE account = $1`, account)
	return wrap("delete identities", err)
}
