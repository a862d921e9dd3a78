package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

const (
	purgeBatch = 100
	sweepBatch = 500
	// keepOver is how long a session stays after it is over, and a refresh token
	// after it is too old: for questions about what happened.
	keepOver = 7 * 24 * time.Hour
)

// Maintenance is the work that time makes. Its methods are called every now and
// then, by any number of processes.
type Maintenance struct {
	Shared
	Identities store.Identities
	RefreshTTL time.Duration // as Mint has it
}

// Purge makes final what was deleted and whose grace is over, one account a
// transaction. An account that fails keeps no other one back.
func (s *Maintenance) Purge(ctx context.Context) error {
	for {
		due, err := s.Accounts.Due(ctx, s.Now(), purgeBatch)
		if err != nil || len(due) == 0 {
			return err
		}
		var failed []error
		for _, id := range due {
			failed = append(failed, s.purge(ctx, id))
		}
		if err := errors.Join(failed...); err != nil {
			return err
		}
	}
}

var errNotDue = errors.New("the account came back, or was purged by somebody else")

func (s *Maintenance) purge(ctx context.Context, id ident.AccountID) error {
	err := s.change(ctx, id, func(ctx context.Context, a *accounts.Account) error {
		if !a.Purge(s.Now()) {
			return errNotDue
		}
		if err := s.Identities.DeleteAll(ctx, id); err != nil {
			return err
		}
		if err := s.Tokens.Revoke(ctx, id); err != nil {
			return err
		}
		return s.Sessions.DeleteAll(ctx, id)
	})
	if errors.Is(err, errNotDue) {
		return nil
	}
	return err
}

// Sweep drops sessions that have long been over, and refresh tokens that have
// long been too old.
func (s *Maintenance) Sweep(ctx context.Context) error {
	over := s.Now().Add(-keepOver)
	if err := batches(func() (int64, error) { return s.Sessions.DropSessions(ctx, over, sweepBatch) }); err != nil {
		return err
	}
	return batches(func() (int64, error) { return s.Sessions.DropTokens(ctx, over.Add(-s.RefreshTTL), sweepBatch) })
}

func batches(drop func() (int64, error)) error {
	for {
		if n, err := drop(); err != nil || n < sweepBatch {
			return err
		}
	}
}
