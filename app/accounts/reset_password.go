package accounts

import (
	"context"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// RequestReset has a link to a new password mailed to who has an account with an
// address. It writes down that somebody asked, and no more: whether anybody has
// the address is found out when the letter is sent, so that it shows neither in
// the answer nor in how long that takes. client is where the request comes from.
//
// It fails with Invalid for what cannot be an address, and with ErrTooManyMails.
func (s *Credentials) RequestReset(ctx context.Context, address, client string) error {
	to, err := accounts.ParseEmail(address)
	if err != nil {
		return err
	}
	if err := s.Letters.allow(ctx, to, client); err != nil {
		return err
	}
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		return s.Letters.write(ctx, resetLetter, ident.AccountID{}, to.Key)
	})
}

// ResetPassword is for who followed a link that was mailed: the account has a new
// password, every session ends, and the address is verified by that. If it was not
// before, identities that were linked to the account go.
//
// It fails with Invalid if the password is not accepted, which leaves the link
// good, and with store.ErrOneTimeToken if the link is not, or the account has
// another address by now.
func (s *Credentials) ResetPassword(ctx context.Context, secret, password string) error {
	if err := accounts.CheckPassword("password", password); err != nil {
		return err
	}
	digest, ok := linkDigest(secret)
	if !ok {
		return store.ErrOneTimeToken
	}
	if _, err := s.Tokens.Look(ctx, resetPurpose, digest, s.Now()); err != nil { // before the work of hashing
		return err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	var id ident.AccountID
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		now := s.Now()
		a, address, err := s.redeem(ctx, resetPurpose, digest)
		if err != nil {
			return err
		}
		id = a.ID()
		if err := s.dropStrangers(ctx, a, now); err != nil {
			return err
		}
		if err := a.ResetPassword(hash, address, now); err != nil {
			return err
		}
		if err := s.Accounts.Save(ctx, a); err != nil {
			return err
		}
		if err := s.Tokens.Revoke(ctx, id, verifyPurpose); err != nil {
			return err
		}
		if err := s.Sessions.EndAll(ctx, id, ident.SessionID{}, accounts.EndedPasswordChanged, now); err != nil {
			return err
		}
		if err := s.Letters.write(ctx, passwordChangedLetter, id, address); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, a.Events()...)
	})
	if err != nil {
		return err
	}
	s.Standings.forgetAccount(id)
	return nil
}
