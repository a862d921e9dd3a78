// Package password is how passwords are kept: as hashes that take long to try.
package password

import (
	"context"

	"github.com/sajin-sns/sajin/domain/fault"
)

// ErrBusy is what a Hasher answers when so many wait that nobody would be
// served in time.
var ErrBusy = fault.New(fault.RateLimited, "accounts.busy", "too many people sign in or up just now; try again in a moment").With("retry_after", 2)

// Hasher makes and checks hashes of passwords. It is safe for concurrent use:
// calls take turns for the memory that each needs, and fail with the context's
// error when it ends before their turn, and with ErrBusy when too many wait for
// theirs. No error holds the password.
type Hasher interface {
	// Hash makes a hash that holds all that Verify needs. Two hashes of one
	// password differ.
	Hash(ctx context.Context, password string) (string, error)

	// Verify tells whether the password is the one that was hashed, and, if so,
	// whether Hash would do better by now, so that it should be hashed again.
	// The empty hash is that of no password, and finding that out takes as long
	// as for any other: who asks for an account that does not exist must not
	// learn it from the time.
	Verify(ctx context.Context, password, hash string) (ok, stale bool, err error)
}
