package content

import (
	"context"

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
