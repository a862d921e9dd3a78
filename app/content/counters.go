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
			return s.Counts.CountPosts(ctx, tally(all, func(e event.PostPublishedV1) (ident.AccountID, int64) { return e.AuthorID, 1 }))
		}),
		event.OnAll("content.count-deleted", func(ctx context.Context, _ []event.Envelope, all []event.PostDeletedV1) error {
			return s.Counts.CountPosts(ctx, tally(all, func(e event.PostDeletedV1) (ident.AccountID, int64) {
				if !e.WasPublished {
					return e.AuthorID, 0
				}
				return e.AuthorID, -1
			}))
		}),
		event.OnAll("content.count-sales", func(ctx context.Context, _ []event.Envelope, all []event.PurchaseSettledV1) error {
			return s.Counts.CountSales(ctx, tally(all, func(e event.PurchaseSettledV1) (ident.PostID, int64) { return e.PostID, 1 }))
		}),
	}
}

// tally adds up what each event counts for; one that counts for nothing is left out.
func tally[K comparable, E any](events []E, count func(E) (K, int64)) map[K]int64 {
	sums := map[K]int64{}
	for _, e := range events {
		if of, n := count(e); n != 0 {
			sums[of] += n
		}
	}
	return sums
}
