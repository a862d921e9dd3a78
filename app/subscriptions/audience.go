package subscriptions

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/store"
)

// Audience answers what other modules ask about who follows.
type Audience struct {
	Subscriptions store.Subscriptions
	Threshold     int64 // subscribers from which on posts are merged on read
}

var _ access.Audience = (*Audience)(nil)

// Subscribes implements access.Audience.
func (s *Audience) Subscribes(ctx context.Context, account, creator ident.AccountID) (bool, error) {
	return s.Subscriptions.Exists(ctx, account, creator)
}

// Large implements access.Audience.
func (s *Audience) Large(ctx context.Context, creator ident.AccountID) (bool, error) {
	count, err := s.Subscriptions.Count(ctx, creator)
	return subscriptions.Merged(count, s.Threshold), err
}
