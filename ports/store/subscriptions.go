package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Subscriptions keeps who follows whom.
type Subscriptions interface {
	// Insert stores a subscription and tells whether it is new.
	Insert(ctx context.Context, s subscriptions.Subscription) (fresh bool, err error)

	// Delete ends a subscription and tells whether there was one.
	Delete(ctx context.Context, subscriber, creator ident.AccountID) (existed bool, err error)

	// Exists tells whether there is one.
	Exists(ctx context.Context, subscriber, creator ident.AccountID) (bool, error)

	// Creator reads who a creator is, and how many subscribers he has;
	// accounts.ErrNotFound.
	Creator(ctx context.Context, creator ident.AccountID) tx.Soon[Creator]

	// Adjust adds to the counts of both sides: +1 for a new subscription, -1
	// for an ended one.
	Adjust(ctx context.Context, subscriber, creator ident.AccountID, by int64) error

	// Subscribers lists who follows the creator, the newest first.
	Subscribers(ctx context.Context, creator ident.AccountID, page Page) (List[Follow], error)

	// Creators lists whom the account follows, the newest first.
	Creators(ctx context.Context, subscriber ident.AccountID, page Page) (List[Follow], error)
}

// Inboxes keeps the entries that were delivered to subscribers.
type Inboxes interface {
	// Deliver writes a post into the inboxes of at most limit of its author's
	// subscribers, in the order of their ids, beginning after one; zero begins
	// with the first. It answers where to go on, zero when nobody is left.
	// Delivering twice leaves one entry.
	Deliver(ctx context.Context, d Delivery, after ident.AccountID, limit int) (ident.AccountID, error)

	// DeliverSmall writes posts, unless they were taken away, into the inboxes of
	// all their authors' subscribers, but for authors who have more than limit:
	// their posts it answers, and leaves to Deliver.
	DeliverSmall(ctx context.Context, all []Delivery, limit int) (large []Delivery, err error)

	// Fill writes the creator's posts since a time into one inbox, but for
	// merged ones.
	Fill(ctx context.Context, subscriber, creator ident.AccountID, since time.Time) error

	// Clear takes the creator's posts out of one inbox.
	Clear(ctx context.Context, subscriber, creator ident.AccountID) error

	// Withdraw takes a post out of at most limit inboxes and tells how many
	// had it.
	Withdraw(ctx context.Context, post ident.PostID, limit int) (int64, error)
}

// Delivery is a post on its way to the inboxes.
type Delivery struct {
	Post        ident.PostID
	Author      ident.AccountID
	PublishedAt time.Time
}

// Creator is somebody who may have subscribers.
type Creator struct {
	Author
	Subscribers int64 // as last counted
}

// Follow is an account at the other end of a subscription.
type Follow struct {
	Account Author    `json:"account"`
	Since   time.Time `json:"since"`
}
