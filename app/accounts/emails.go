package accounts

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Emails finds out whether mail arrives at the addresses of accounts, and
// changes them.
type Emails struct{ Shared }

// RequestVerification has a link mailed to the address that the actor asked for
// last, or else to his own. client is where the request comes from.
//
// It fails with accounts.ErrEmailVerified if there is nothing to verify, and with
// ErrTooManyMails.
func (s *Emails) RequestVerification(ctx context.Context, actor ident.AccountID, client string) error {
	a, err := s.Accounts.Get(ctx, actor)
	if err != nil {
		return err
	}
	to, err := a.Unverified()
	if err != nil {
		return err
	}
	if err := s.Letters.allow(ctx, to, client); err != nil {
		return err
	}
	return s.Tx.Do(ctx, func(ctx context.Context) error { return s.Letters.write(ctx, verifyLetter, actor, to.Address) })
}

// ChangeEmail has a link mailed to another address, which takes the place of the
// actor's once the link is followed. The address that he has takes an earlier
// request back. client is where the request comes from.
//
// It fails with Invalid, with accounts.ErrEmailTaken if somebody has the address
// already, and with ErrTooManyMails.
func (s *Emails) ChangeEmail(ctx context.Context, actor ident.AccountID, address, client string) error {
	to, err := accounts.ParseEmail(address)
	if err != nil {
		return err
	}
	if err := s.Letters.allow(ctx, to, client); err != nil { // first: the answers tell who has an account
		return err
	}
	switch holder, err := s.Accounts.ByEmail(ctx, to.Key); {
	case err == nil && holder.ID() != actor:
		return accounts.ErrEmailTaken
	case err != nil && !errors.Is(err, accounts.ErrNotFound):
		return err
	}
	return s.request(ctx, actor, to)
}

func (s *Emails) request(ctx context.Context, actor ident.AccountID, to accounts.Email) error {
	return s.change(ctx, actor, func(ctx context.Context, a *accounts.Account) error {
		if err := a.RequestEmail(to); err != nil {
			return err
		}
		if err := s.Tokens.Revoke(ctx, actor, verifyPurpose); err != nil { // what was sent to another address
			return err
		}
		if a.Record().PendingEmail == "" {
			return nil
		}
		return s.Letters.write(ctx, verifyLetter, actor, to.Address)
	})
}

// Verify is for who followed a link that was mailed: the address that it was
// sent to is verified, and takes the place of the account's if that was asked
// for. Then the former address is told, and links to a new password that were
// sent there end.
//
// It fails with store.ErrOneTimeToken if the link is not good, and with
// accounts.ErrEmailTaken if somebody else has come to have the address since.
func (s *Emails) Verify(ctx context.Context, secret string) error {
	hash, ok := linkDigest(secret)
	if !ok {
		return store.ErrOneTimeToken
	}
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		a, address, err := s.redeem(ctx, verifyPurpose, hash)
		if err != nil {
			return err
		}
		former, err := a.VerifyEmail(address, s.Now())
		if err != nil {
			return err
		}
		if err := s.Accounts.Move(ctx, a); err != nil {
			return err
		}
		if former != "" {
			if err := s.Tokens.Revoke(ctx, a.ID(), resetPurpose); err != nil {
				return err
			}
			if err := s.Letters.write(ctx, emailChangedLetter, a.ID(), former); err != nil {
				return err
			}
		}
		return s.Outbox.Append(ctx, a.Events()...)
	})
}
