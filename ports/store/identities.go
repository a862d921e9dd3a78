package store

import (
	"context"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

// Identities keeps whom identity providers sign in to which account. An account
// is locked by who changes what it has of them.
type Identities interface {
	// Insert stores an identity. It fails with accounts.ErrIdentityTaken if
	// whoever it is is linked to any account, and so must the transaction.
	Insert(ctx context.Context, i accounts.Identity) error

	// Find reads the identity of a subject at an issuer, whose letters count by
	// case; accounts.ErrIdentityNotFound.
	Find(ctx context.Context, issuer, subject string) (accounts.Identity, error)

	// Get reads an identity; accounts.ErrIdentityNotFound.
	Get(ctx context.Context, id ident.IdentityID) (accounts.Identity, error)

	// Of lists the identities of an account, the one that was linked first
	// first.
	Of(ctx context.Context, account ident.AccountID) ([]accounts.Identity, error)

	// Delete drops an identity; accounts.ErrIdentityNotFound if it is gone, and
	// so must the transaction.
	Delete(ctx context.Context, id ident.IdentityID) error

	// DeleteAll drops all identities of an account.
	DeleteAll(ctx context.Context, account ident.AccountID) error
}
