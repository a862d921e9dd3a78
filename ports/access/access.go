// Package access holds the questions that one module asks another. The answer
// comes from the caller's transaction, so that it still holds when the caller
// acts on it.
package access

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Offers is asked by the wallet: what does this post cost this buyer?
type Offers interface {
	// Offer fails with a NotFound fault for a post that is not visible and
	// with a Forbidden one for a post that is not sold to the buyer.
	Offer(ctx context.Context, buyer ident.AccountID, post ident.PostID) (Offer, error)
}

// Offer is what a post costs.
type Offer struct {
	Post   ident.PostID
	Seller ident.AccountID
	Handle string      // the seller's
	Price  money.Coins // 0: it is free
}

// Media is asked by content: are these media there to be shown, and how?
type Media interface {
	// Media describes the owner's media in the order of ids. It fails with
	// ErrNoMedium if one does not exist, is not the owner's, is not meant for
	// posts, or has failed for good. Within a transaction the answer holds until
	// its end: a medium cannot become ready unnoticed by a post that begins to
	// wait for it, and is never taken for left over from then on.
	Media(ctx context.Context, owner ident.AccountID, ids []ident.MediaID) ([]Medium, error)
}

// Medium is what others need to know of a medium.
type Medium struct {
	store.PostMedium      // as a post shows it, with renditions that carry no URL yet
	Unused           bool // nothing was ever made of it before
}

// Ready tells whether it can be shown.
func (m Medium) Ready() bool { return m.State == string(media.Ready) }

// Video tells whether it is one.
func (m Medium) Video() bool { return m.Kind == media.Video }

// ErrNoMedium is what a post hears of a medium that it cannot show.
var ErrNoMedium = fault.New(fault.NotFound, "content.media-not-found", "one of the media does not exist, is not yours, or has failed")

// Audience is asked by content: who follows?
type Audience interface {
	// Subscribes tells whether the account subscribes to the creator.
	Subscribes(ctx context.Context, account, creator ident.AccountID) (bool, error)

	// Author describes a creator to those who write down what he publishes.
	Author(ctx context.Context, creator ident.AccountID) tx.Soon[Author]
}

// Author is who publishes.
type Author struct {
	store.Author      // as a post shows it, with an avatar that carries no URL yet
	Large        bool // has so many subscribers that posts are merged into inboxes as these are read
}

// RecentPosts is asked by subscriptions: when were the newest posts published?
type RecentPosts interface {
	// RecentPosts lists publication times, the newest first.
	RecentPosts(ctx context.Context, author ident.AccountID, limit int) ([]time.Time, error)
}
