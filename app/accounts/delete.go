package accounts

import (
	"context"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

// Delete takes the actor's account away and signs it out everywhere. Signing in
// again brings it back while its grace lasts; after that Purge makes it final.
func (s *Accounts) Delete(ctx context.Context, actor ident.AccountID) error {
	err := s.change(ctx, actor, func(ctx context.Context, a *accounts.Account) error {
		now := s.Now()
		if err := a.Delete(s.Grace, now); err != nil {
			return err
		}
		return s.Sessions.EndAll(ctx, actor, ident.SessionID{}, accounts.EndedDeleted, now)
	})
	if err != nil {
		return err
	}
	s.Standings.forgetAccount(actor)
	return nil
}
