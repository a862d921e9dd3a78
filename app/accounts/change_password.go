package accounts

import (
	"context"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

// ChangePassword names the new password, and the session in which it is changed,
// if it is one.
type ChangePassword struct {
	Session ident.SessionID
	Current string
	New     string
}

// ChangePassword replaces the actor's password and ends all his sessions but
// the named one: whoever knew the old password is signed out. Links to a new
// password end, and a letter tells of it.
//
// It fails with accounts.ErrWrongPassword if Current is not the password, with
// ErrNoPassword if there is none, which takes as long, with ErrTooManyAttempts
// if that was so often lately, and with Invalid if New
// is not accepted.
func (s *Credentials) ChangePassword(ctx context.Context, actor ident.AccountID, in ChangePassword) error {
	if err := accounts.CheckPassword("new_password", in.New); err != nil {
		return err
	}
	held, err := s.Accounts.Get(ctx, actor)
	if err != nil {
		return err
	}
	verified := held.Record().PasswordHash
	err = s.Attempts.guess(ctx, s.Attempts.proof(actor, in.Session), func() error {
		if ok, _, err := verify(ctx, s.Passwords, in.Current, verified); err != nil {
			return err
		} else if verified == "" {
			return accounts.ErrNoPassword
		} else if !ok {
			return accounts.ErrWrongPassword
		}
		return nil
	})
	if err != nil {
		return err
	}
	hash, err := s.Passwords.Hash(ctx, in.New)
	if err != nil {
		return err
	}
	err = s.change(ctx, actor, func(ctx context.Context, a *accounts.Account) error {
		if a.Record().PasswordHash != verified {
			return accounts.ErrWrongPassword // another change came first
		}
		now := s.Now()
		if err := a.ChangePassword(hash, in.Session, now); err != nil {
			return err
		}
		if !in.Session.IsZero() {
			if err := s.proved(ctx, actor, in.Session); err != nil {
				return err
			}
		}
		for _, purpose := range []string{resetPurpose, verifyPurpose} {
			if err := s.Tokens.Revoke(ctx, actor, purpose); err != nil {
				return err
			}
		}
		if err := s.Letters.write(ctx, passwordChangedLetter, actor, a.Record().Email.Address); err != nil {
			return err
		}
		return s.Sessions.EndAll(ctx, actor, in.Session, accounts.EndedPasswordChanged, now)
	})
	if err != nil {
		return err
	}
	s.Standings.forgetAccount(actor)
	return nil
}
