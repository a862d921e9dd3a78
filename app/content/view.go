package content

import (
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/store"
)

// view is a post that was just written, as storage will tell of it.
func view(r content.Record, author store.Author, media []access.Medium) *store.Post {
	p := &store.Post{
		ID: r.ID, Author: author, Caption: r.Caption, CaptionLocked: r.CaptionLocked, Tags: append([]string{}, r.Tags...), Category: r.Category,
		Visibility: r.Terms.Visibility, PriceCoins: r.Terms.Price, Kind: r.Kind, State: r.State, Version: r.Version,
		Media: make([]store.PostMedium, len(media)), Counts: store.PostCounts{Sales: new(int64)},
		CreatedAt: stored(r.CreatedAt), PublishAt: optional(r.PublishAt), PublishedAt: optional(r.PublishedAt), EditedAt: optional(r.EditedAt),
	}
	for i, m := range media {
		p.Media[i] = m.PostMedium
	}
	return p
}

// stored is a time as storage keeps it: to the microsecond.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = stored(t)
	return &t
}
