// Package subscriptions holds the use cases of following a creator, and the
// fan-out of what creators publish to the inboxes of those who do.
package subscriptions

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Subscriptions begins and ends subscriptions.
type Subscriptions struct {
	Tx            tx.Runner
	Subscriptions store.Subscriptions
	Inboxes       store.Inboxes
	Recent        access.RecentPosts
	Outbox        event.Outbox
	Now           func() time.Time
	Backfill      int // how many of the creator's newest posts a new inbox begins with
}

// Subscribe makes the actor follow a creator and fills his inbox with the
// creator's newest posts. Subscribing again changes nothing.
//
// It fails with subscriptions.ErrSelf for oneself.
func (s *Subscriptions) Subscribe(ctx context.Context, actor, creator ident.AccountID) error {
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		recent, err := s.Recent.RecentPosts(ctx, creator, s.Backfill)
		if err != nil {
			return err
		}
		sub, err := subscriptions.New(actor, creator, recent, s.Backfill, s.Now())
		if err != nil {
			return err
		}
		fresh, err := s.Subscriptions.Insert(ctx, sub)
		if err != nil || !fresh {
			return err
		}
		if err := s.Inboxes.Fill(ctx, actor, creator, sub.InboxFrom); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, subscriptions.Subscribed{Subscription: sub})
	})
	failpoint.Hit("subscriptions.subscribed")
	return err
}

// Unsubscribe ends a subscription, asked for by either side, and takes the
// creator's posts out of the inbox. What was bought stays in the library. That
// there was no subscription is no error.
func (s *Subscriptions) Unsubscribe(ctx context.Context, subscriber, creator ident.AccountID) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		existed, err := s.Subscriptions.Delete(ctx, subscriber, creator)
		if err != nil || !existed {
			return err
		}
		if err := s.Inboxes.Clear(ctx, subscriber, creator); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, subscriptions.Unsubscribed{Subscriber: subscriber, Creator: creator, At: s.Now()})
	})
}
