package accounts

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// SignOut ends the session that the actor is in. One that has ended meanwhile
// is as good.
func (s *Sessions) SignOut(ctx context.Context, actor ident.AccountID, session ident.SessionID) error {
	err := s.end(ctx, actor, session, accounts.EndedSignOut)
	if errors.Is(err, accounts.ErrSessionNotFound) {
		return nil
	}
	return err
}

// Revoke ends a session of the actor, such as that of a lost phone. It fails
// with accounts.ErrSessionNotFound if it is not his or is over already.
func (s *Sessions) Revoke(ctx context.Context, actor ident.AccountID, session ident.SessionID) error {
	return s.end(ctx, actor, session, accounts.EndedRevoked)
}

func (s *Sessions) end(ctx context.Context, actor ident.AccountID, id ident.SessionID, why accounts.Ending) error {
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		session, err := s.Sessions.Lock(ctx, id)
		if err != nil {
			return err
		}
		if err := session.End(actor, why, s.Now()); err != nil {
			return err
		}
		return s.Sessions.Save(ctx, session)
	})
	if err != nil {
		return err
	}
	s.Standings.forget(id)
	return nil
}

// List is the devices that the actor is signed in on, the newest session first;
// current is the one that asks.
func (s *Sessions) List(ctx context.Context, actor ident.AccountID, current ident.SessionID, page store.Page) (store.List[*store.Device], error) {
	list, err := s.Devices.Live(ctx, actor, s.Now(), page)
	for _, device := range list.Items {
		device.Current = device.ID == current
	}
	return list, err
}
