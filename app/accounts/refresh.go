package accounts

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/accounts"
)

// Refresh gives new tokens for a refresh token, which is used by that. Used
// again within the grace, it gives the same refresh token again.
//
// It fails with accounts.ErrRefreshToken if the token is not good, and with
// ErrRefreshReused if it was used before and not just now: then the session
// has been ended, with all its tokens.
func (s *Sessions) Refresh(ctx context.Context, shown string) (Grant, error) {
	digest, ok := refreshDigest(shown)
	if !ok {
		return Grant{}, accounts.ErrRefreshToken
	}
	var (
		now    = s.Now()
		next   = s.Mint.successor(digest)
		record accounts.SessionRecord
		role   accounts.Role
		reused error
	)
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		session, err := s.Sessions.LockByToken(ctx, digest)
		if err != nil {
			return err
		}
		reused = nil
		if err := session.Refresh(next.hash, s.Mint.RefreshTTL, now); errors.Is(err, accounts.ErrRefreshReused) {
			reused = err // the end of the session is to be committed
		} else if err != nil {
			return err
		}
		record = session.Record()
		a, err := s.Accounts.Get(ctx, record.Account)
		if err != nil {
			return err
		}
		role = a.Record().Role
		if err := s.Sessions.Save(ctx, session); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, session.Events()...)
	})
	switch {
	case err != nil:
		return Grant{}, err
	case reused != nil:
		s.Standings.forget(record.ID)
		return Grant{}, reused
	}
	return s.Mint.grant(record, role, next, now)
}
