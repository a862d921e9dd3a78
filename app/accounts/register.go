package accounts

import (
	"context"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/password"
	"github.com/sajin-sns/sajin/ports/store"
)

// Credentials are what people prove with who they are.
type Credentials struct {
	Shared
	Identities store.Identities
	Passwords  password.Hasher
	IDs        *ident.Source
}

// Register makes an account, and has a link mailed to its address that verifies
// it. It signs nobody in.
//
// It fails with Invalid for every bad field, and with accounts.ErrEmailTaken or
// ErrHandleTaken; with ErrTooManyAttempts if many were made from there lately. The address of a deleted account stays taken until that is
// purged.
func (s *Credentials) Register(ctx context.Context, in accounts.Application, by accounts.Device) (ident.AccountID, error) {
	email, profile, err := in.Check()
	if err != nil {
		return ident.AccountID{}, err
	}
	if err := s.Attempts.signUp(ctx, by); err != nil {
		return ident.AccountID{}, err
	}
	hash, err := s.Passwords.Hash(ctx, in.Password)
	if err != nil {
		return ident.AccountID{}, err
	}
	id, now := ident.New[ident.AccountID](s.IDs), s.Now()
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		a := accounts.Register(id, email, profile, hash, now)
		if err := s.Accounts.Insert(ctx, a); err != nil {
			return err
		}
		if err := s.Letters.write(ctx, verifyLetter, id, email.Address); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, a.Events()...)
	})
	failpoint.Hit("accounts.registered")
	return id, err
}
