package subscriptions

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/store"
)

// Lists reads who follows whom.
type Lists struct {
	Subscriptions store.Subscriptions
	Links         link.Media
}

// Subscribers lists who follows the creator, the newest first.
func (s *Lists) Subscribers(ctx context.Context, creator ident.AccountID, page store.Page) (store.List[store.Follow], error) {
	return s.withAvatars(s.Subscriptions.Subscribers(ctx, creator, page))
}

// Creators lists whom the account follows, the newest first.
func (s *Lists) Creators(ctx context.Context, account ident.AccountID, page store.Page) (store.List[store.Follow], error) {
	return s.withAvatars(s.Subscriptions.Creators(ctx, account, page))
}

func (s *Lists) withAvatars(list store.List[store.Follow], err error) (store.List[store.Follow], error) {
	for i := range list.Items {
		if a := &list.Items[i].Account; a.AvatarKey != "" {
			a.AvatarURL, _ = s.Links.URL(a.AvatarKey, ident.AccountID{})
		}
	}
	return list, err
}
