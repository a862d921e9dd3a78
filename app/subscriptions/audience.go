package subscriptions

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
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

// Author implements access.Audience.
func (s *Audience) Author(ctx context.Context, creator ident.AccountID) tx.Soon[access.Author] {
	read := s.Subscriptions.Creator(ctx, creator)
	return func() (access.Author, error) {
		c, err := read()
		return access.Author{Author: c.Author, Large: subscriptions.Merged(c.Subscribers, s.Threshold)}, err
	}
}
