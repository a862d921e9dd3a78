// Package accounts holds the use cases of accounts: registering, signing in and
// staying signed in, changing a profile, leaving and coming back. Passwords and
// tokens pass through it and are never part of an error or of an event.
package accounts

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Shared is what the use cases of this module have in common.
type Shared struct {
	Tx        tx.Runner
	Accounts  store.Accounts
	Sessions  store.Sessions
	Outbox    event.Outbox
	Tokens    store.OneTimeTokens
	Letters   *Letters
	Standings *Standings
	Attempts  *Attempts
	Now       func() time.Time
}

// change lets fn change an account, and stores that with what happened, in one
// transaction.
func (s *Shared) change(ctx context.Context, id ident.AccountID, fn func(ctx context.Context, a *accounts.Account) error) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		a, err := s.Accounts.Lock(ctx, id)
		if err != nil {
			return err
		}
		if err := fn(ctx, a); err != nil {
			return err
		}
		if err := s.Accounts.Save(ctx, a); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, a.Events()...)
	})
}

// Accounts changes accounts.
type Accounts struct {
	Shared
	Avatars access.Avatars
	Grace   time.Duration // in which a deleted account can come back
}
