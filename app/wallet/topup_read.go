package wallet

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

// TopUp reads one of the actor's; wallet.ErrTopUpNotFound if it is not his.
func (s *TopUps) TopUp(ctx context.Context, actor ident.AccountID, id ident.TopUpID) (store.TopUp, error) {
	return topUpOf(ctx, s.TopUps, actor, id)
}

func topUpOf(ctx context.Context, topUps store.TopUps, actor ident.AccountID, id ident.TopUpID) (store.TopUp, error) {
	t, err := topUps.Get(ctx, id)
	switch {
	case err != nil:
		return store.TopUp{}, err
	case t.Account() != actor:
		return store.TopUp{}, wallet.ErrTopUpNotFound
	}
	return store.TopUpOf(t), nil
}

// List lists the actor's top-ups, the newest first.
func (s *TopUps) List(ctx context.Context, actor ident.AccountID, page store.Page) (store.List[store.TopUp], error) {
	return s.TopUps.List(ctx, actor, page)
}
