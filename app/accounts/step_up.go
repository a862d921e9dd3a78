package accounts

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/password"
	"github.com/sajin-sns/sajin/ports/store"
)

// StepUp keeps what matters most from whoever comes upon an open browser: it
// wants proof, not long ago, that the holder of a session is its owner.
type StepUp struct {
	Shared
	Devices   store.Devices
	Passwords password.Hasher
	TTL       time.Duration // how long a proof is believed
}

// Require fails with accounts.ErrStepUpRequired if whoever holds the session has
// not signed in, or proved who he is, within TTL. It asks the database each
// time: the proof may have been given to another process just now.
func (s *StepUp) Require(ctx context.Context, session ident.SessionID) error {
	proved, err := s.Devices.Proved(ctx, session)
	if err != nil {
		return err
	}
	if !s.Now().Before(proved.Add(s.TTL)) {
		return accounts.ErrStepUpRequired
	}
	return nil
}

// Prove has the actor's session believed for another TTL. It fails with
// accounts.ErrNotThePassword, with ErrNoPassword if the account has none, and
// with ErrTooManyAttempts.
func (s *StepUp) Prove(ctx context.Context, actor ident.AccountID, session ident.SessionID, text string) error {
	a, err := s.Accounts.Get(ctx, actor)
	if err != nil {
		return err
	}
	held := a.Record().PasswordHash
	err = s.Attempts.guess(ctx, s.Attempts.proof(actor, session), func() error {
		if ok, _, err := verify(ctx, s.Passwords, text, held); err != nil {
			return err
		} else if held == "" {
			return accounts.ErrNoPassword
		} else if !ok {
			return accounts.ErrNotThePassword
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Tx.Do(ctx, func(ctx context.Context) error { return s.proved(ctx, actor, session) })
}

// proved writes down, in ctx's transaction, that the actor proved who he is.
func (s *Shared) proved(ctx context.Context, actor ident.AccountID, id ident.SessionID) error {
	session, err := s.Sessions.Lock(ctx, id)
	if err != nil {
		return err
	}
	if err := session.Prove(actor, s.Now()); err != nil {
		return err
	}
	return s.Sessions.Save(ctx, session)
}
