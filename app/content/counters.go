package content

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/store"
)

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
		event.On("content.keep-described", func(ctx context.Context, _ event.Envelope, e event.MediumDescribedV1) error {
			return s.Posts.redescribed(ctx, e)
		}),
		event.OnAll("content.count-published", func(ctx context.Context, _ []event.Envelope, all []event.PostPublishedV1) error {
			by := map[ident.AccountID]int64{}
			for _, e := range all {
				by[e.AuthorID]++
			}
			return s.Counts.CountPosts(ctx, by)
		}),
		event.OnAll("content.count-deleted", func(ctx context.Context, _ []event.Envelope, all []event.PostDeletedV1) error {
			by := map[ident.AccountID]int64{}
			for _, e := range all {
				if e.WasPublished {
					by[e.AuthorID]--
				}
			}
			return s.Counts.CountPosts(ctx, by)
		}),
		event.OnAll("content.count-sales", func(ctx context.Context, _ []event.Envelope, all []event.PurchaseSettledV1) error {
			by := map[ident.PostID]int64{}
			for _, e := range all {
				by[e.PostID]++
			}
			return s.Counts.CountSales(ctx, by)
		}),
	}
}
