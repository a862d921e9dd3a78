package content

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/store"
)

// Catalog answers what other modules ask about posts.
type Catalog struct {
	Posts    store.Posts
	Audience access.Audience
}

var (
	_ access.Offers      = (*Catalog)(nil)
	_ access.RecentPosts = (*Catalog)(nil)
)

// Offer implements access.Offers.
func (s *Catalog) Offer(ctx context.Context, buyer ident.AccountID, id ident.PostID) (access.Offer, error) {
	author, terms, err := s.Posts.Terms(ctx, id)
	if err != nil {
		return access.Offer{}, err
	}
	if terms.Visibility == content.Subscribers && buyer != author {
		subscribed, err := s.Audience.Subscribes(ctx, buyer, author)
		if err != nil {
			return access.Offer{}, err
		}
		if terms.Price > 0 && !terms.Sells(content.Viewer{Account: buyer, Subscribed: subscribed}) {
			return access.Offer{}, ErrSubscribersOnly
		}
	}
	return access.Offer{Post: id, Seller: author, Price: terms.Price}, nil
}

// RecentPosts implements access.RecentPosts.
func (s *Catalog) RecentPosts(ctx context.Context, author ident.AccountID, limit int) ([]time.Time, error) {
	return s.Posts.Recent(ctx, author, limit)
}

// Counters keeps the numbers beside posts and authors, from events, so that no
// purchase or publication waits for a row that everybody writes.
type Counters struct {
	Counts store.PostCounters
	Posts  *Posts
}

// Handlers are the consumers of this module.
func (s *Counters) Handlers() []event.Handler {
	return []event.Handler{
		event.On("content.settle-waiting", func(ctx context.Context, _ event.Envelope, e event.MediumReadyV1) error {
			return s.Posts.Settle(ctx, e.MediaID)
		}),
		event.On("content.count-published", func(ctx context.Context, _ event.Envelope, e event.PostPublishedV1) error {
			return s.Counts.CountPost(ctx, e.AuthorID, 1)
		}),
		event.On("content.count-deleted", func(ctx context.Context, _ event.Envelope, e event.PostDeletedV1) error {
			if !e.WasPublished {
				return nil
			}
			return s.Counts.CountPost(ctx, e.AuthorID, -1)
		}),
		event.On("content.count-sales", func(ctx context.Context, _ event.Envelope, e event.PurchaseSettledV1) error {
			return s.Counts.CountSale(ctx, e.PostID)
		}),
	}
}
