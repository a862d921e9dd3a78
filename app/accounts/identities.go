package accounts

import (
	"context"
	"io"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/identity"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/store"
)

// Identities signs people in by what identity providers say of them.
//
// A browser is sent to the provider with a ticket, which it keeps (Begin), comes
// back with the provider's answer (Finish), and shows the code that it is given
// for a session (SignIn). The ticket is what makes the three one: an answer or a
// code that somebody else was given is of no use without theirs, so nobody can
// be signed in to an account that is not their own.
type Identities struct {
	Shared
	Identities store.Identities
	Tokens     store.OneTimeTokens
	Providers  map[string]identity.Provider // by their names in the configuration
	Sealer     link.Sealer
	Random     io.Reader
	IDs        *ident.Source
	Mint       Mint
}

// Faults of signing in with an identity provider.
var (
	ErrNoProvider = fault.New(fault.NotFound, "accounts.no-such-provider", "nobody can sign in with a provider of this name here")
	ErrTicket     = fault.New(fault.Unauthenticated, "accounts.sign-in-expired", "the sign-in took too long, or was begun in another browser; begin again")
	ErrDenied     = fault.New(fault.Unauthenticated, "accounts.sign-in-denied", "the sign-in was cancelled at the provider")
	ErrSignInCode = fault.New(fault.Unauthenticated, "accounts.sign-in-code", "the sign-in code is not valid, or not any more; begin again")
)

// List is the actor's identities, the one that was linked first first.
func (s *Identities) List(ctx context.Context, actor ident.AccountID) ([]accounts.Identity, error) {
	return s.Identities.Of(ctx, actor)
}

// Unlink takes an identity away from the actor's account. Sessions that were
// opened with it stay.
//
// It fails with accounts.ErrIdentityNotFound if it is not the actor's, and with
// accounts.ErrLastSignIn if there were no way left to sign in.
func (s *Identities) Unlink(ctx context.Context, actor ident.AccountID, id ident.IdentityID) error {
	return s.change(ctx, actor, func(ctx context.Context, a *accounts.Account) error {
		i, err := s.Identities.Get(ctx, id)
		if err != nil {
			return err
		}
		all, err := s.Identities.Of(ctx, actor)
		if err != nil {
			return err
		}
		if err := a.Unlink(i, len(all), s.Now()); err != nil {
			return err
		}
		return s.Identities.Delete(ctx, id)
	})
}

// link gives an account, which is locked, an identity.
func (s *Identities) link(ctx context.Context, a *accounts.Account, in accounts.Introduction) (accounts.Identity, error) {
	all, err := s.Identities.Of(ctx, a.ID())
	if err != nil {
		return accounts.Identity{}, err
	}
	i, err := a.Link(ident.New[ident.IdentityID](s.IDs), in, len(all), s.Now())
	if err != nil {
		return accounts.Identity{}, err
	}
	return i, s.Identities.Insert(ctx, i)
}

// dropStrangers takes the identities of an account away whose address nobody had
// verified, when its owner turns up: whoever made the account and linked them
// never showed that the address was his.
func (s *Credentials) dropStrangers(ctx context.Context, a *accounts.Account, now time.Time) error {
	if !a.Record().EmailVerifiedAt.IsZero() {
		return nil
	}
	all, err := s.Identities.Of(ctx, a.ID())
	if err != nil {
		return err
	}
	a.UnlinkAll(all, now)
	return s.Identities.DeleteAll(ctx, a.ID())
}
