package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

// OneTimeToken is a secret that somebody was given to use once, such as the end
// of a link in a mail. The secret itself is with its holder alone.
type OneTimeToken struct {
	Hash      [32]byte        // SHA-256 of the secret
	Purpose   string          // "accounts.reset-password": it is good for nothing else
	Account   ident.AccountID // whom it is about; zero: nobody who is known yet
	Payload   string          // what whoever made it wants to know again
	ExpiresAt time.Time
}

// OneTimeTokens keeps secrets that are good once.
type OneTimeTokens interface {
	// Issue stores a token, in place of every other one of its purpose and
	// account; tokens of no account stand side by side. Issued again, a token
	// has the new payload and expiry; one that was used stays used.
	Issue(ctx context.Context, t OneTimeToken) error

	// Redeem uses a token up, in ctx's transaction: it can be used again if that
	// does not commit. Of two who try at once one succeeds. It fails with
	// ErrOneTimeToken, and so must the transaction, whether the token is
	// unknown, of another purpose, used, replaced, revoked or expired.
	Redeem(ctx context.Context, purpose string, hash [32]byte, now time.Time) (OneTimeToken, error)

	// Look answers what Redeem would, and uses nothing up.
	Look(ctx context.Context, purpose string, hash [32]byte, now time.Time) (OneTimeToken, error)

	// Revoke drops the account's unused tokens of some purposes; of all, if
	// none is named.
	Revoke(ctx context.Context, account ident.AccountID, purposes ...string) error

	// Forget drops tokens that expired before a time, and tells how many.
	Forget(ctx context.Context, before time.Time) (int64, error)
}

// ErrOneTimeToken does not tell what is wrong with a token.
var ErrOneTimeToken = fault.New(fault.NotFound, "accounts.link-invalid", "this link was used before, has expired, or never was one; ask for a new one")
