package event

import (
	"fmt"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/domain/wallet"
)

// From makes the payload of a domain event: the one place that says how each
// looks outside its module.
func From(e any) (Payload, error) {
	switch e := e.(type) {
	case accounts.Registered:
		return AccountRegisteredV1{AccountID: e.Account, Handle: e.Handle, At: e.At}, nil
	case accounts.Deleted:
		return AccountDeletedV1{AccountID: e.Account, PurgeAt: e.PurgeAt, At: e.At}, nil
	case accounts.Restored:
		return AccountRestoredV1{AccountID: e.Account, At: e.At}, nil
	case accounts.Purged:
		return AccountPurgedV1{AccountID: e.Account, At: e.At}, nil
	case accounts.RoleGranted:
		return RoleGrantedV1{AccountID: e.Account, Role: e.Role, At: e.At}, nil
	case accounts.PasswordChanged:
		return PasswordChangedV1{AccountID: e.Account, SessionID: e.Session, At: e.At}, nil
	case accounts.SessionReuseDetected:
		return SessionReuseDetectedV1{AccountID: e.Account, SessionID: e.Session, At: e.At}, nil
	case content.PostPublished:
		return PostPublishedV1{PostID: e.Post, AuthorID: e.Author, Tags: e.Tags, Merged: e.Merged, PublishedAt: e.PublishedAt}, nil
	case content.PostDeleted:
		return PostDeletedV1{PostID: e.Post, AuthorID: e.Author, Tags: e.Tags, WasPublished: !e.PublishedAt.IsZero(), At: e.At}, nil
	case content.AuthorLeft:
		return AuthorLeftV1{AuthorID: e.Author, At: e.At}, nil
	case media.MediumReady:
		return MediumReadyV1{MediaID: e.Medium, OwnerID: e.Owner, Kind: e.Kind, At: e.At}, nil
	case media.MediumFailed:
		return MediumFailedV1{MediaID: e.Medium, OwnerID: e.Owner, Code: e.Code, Retryable: e.Retryable, At: e.At}, nil
	case subscriptions.Subscribed:
		s := e.Subscription
		return SubscribedV1{SubscriberID: s.Subscriber, CreatorID: s.Creator, InboxFrom: s.InboxFrom, At: s.Since}, nil
	case subscriptions.Unsubscribed:
		return UnsubscribedV1{SubscriberID: e.Subscriber, CreatorID: e.Creator, At: e.At}, nil
	case wallet.PurchaseSettled:
		p := e.Purchase
		return PurchaseSettledV1{PurchaseID: p.ID, BuyerID: p.Buyer, PostID: p.Post, SellerID: p.Seller, Coins: p.Coins, At: p.At}, nil
	case wallet.TopUpPaidEvent:
		return TopUpPaidV1{
			TopUpID: e.TopUp, AccountID: e.Account, Coins: e.Coins, Bonus: e.Bonus,
			Amount: e.Price.Minor, Currency: e.Price.Currency, At: e.At,
		}, nil
	default:
		return nil, fmt.Errorf("event %T is not in the catalog", e)
	}
}

// PostPublishedV1 tells that a post became visible.
type PostPublishedV1 struct {
	PostID      ident.PostID    `json:"post_id"`
	AuthorID    ident.AccountID `json:"author_id"`
	Tags        []string        `json:"tags"`
	Merged      bool            `json:"merged"`
	PublishedAt time.Time       `json:"published_at"`
}

// PostDeletedV1 tells that an author took a post away.
type PostDeletedV1 struct {
	PostID       ident.PostID    `json:"post_id"`
	AuthorID     ident.AccountID `json:"author_id"`
	Tags         []string        `json:"tags"`
	WasPublished bool            `json:"was_published"`
	At           time.Time       `json:"at"`
}

// MediumReadyV1 tells that a medium can be shown.
type MediumReadyV1 struct {
	MediaID ident.MediaID   `json:"media_id"`
	OwnerID ident.AccountID `json:"owner_id"`
	Kind    string          `json:"kind"`
	At      time.Time       `json:"at"`
}

// MediumFailedV1 tells that nothing came of a medium, for good or for now.
type MediumFailedV1 struct {
	MediaID   ident.MediaID   `json:"media_id"`
	OwnerID   ident.AccountID `json:"owner_id"`
	Code      string          `json:"code"`
	Retryable bool            `json:"retryable"`
	At        time.Time       `json:"at"`
}

// AuthorLeftV1 tells that somebody left for good and has no posts any more, but
// in the libraries of those who bought them.
type AuthorLeftV1 struct {
	AuthorID ident.AccountID `json:"author_id"`
	At       time.Time       `json:"at"`
}

// SubscribedV1 tells that a subscription began.
type SubscribedV1 struct {
	SubscriberID ident.AccountID `json:"subscriber_id"`
	CreatorID    ident.AccountID `json:"creator_id"`
	InboxFrom    time.Time       `json:"inbox_from"`
	At           time.Time       `json:"at"`
}

// UnsubscribedV1 tells that a subscription ended.
type UnsubscribedV1 struct {
	SubscriberID ident.AccountID `json:"subscriber_id"`
	CreatorID    ident.AccountID `json:"creator_id"`
	At           time.Time       `json:"at"`
}

// PurchaseSettledV1 tells that a post was bought and paid for.
type PurchaseSettledV1 struct {
	PurchaseID ident.PurchaseID `json:"purchase_id"`
	BuyerID    ident.AccountID  `json:"buyer_id"`
	PostID     ident.PostID     `json:"post_id"`
	SellerID   ident.AccountID  `json:"seller_id"`
	Coins      money.Coins      `json:"coins"`
	At         time.Time        `json:"at"`
}

// TopUpPaidV1 tells that a top-up was paid and its coins were credited.
type TopUpPaidV1 struct {
	TopUpID   ident.TopUpID   `json:"top_up_id"`
	AccountID ident.AccountID `json:"account_id"`
	Coins     money.Coins     `json:"coins"`
	Bonus     money.Coins     `json:"bonus"`
	Amount    int64           `json:"amount"`
	Currency  money.Currency  `json:"currency"`
	At        time.Time       `json:"at"`
}

// Topic names the topic of each payload.
func (PostPublishedV1) Topic() string   { return "content.post.published.v1" }
func (PostDeletedV1) Topic() string     { return "content.post.deleted.v1" }
func (MediumReadyV1) Topic() string     { return "media.medium.ready.v1" }
func (MediumFailedV1) Topic() string    { return "media.medium.failed.v1" }
func (AuthorLeftV1) Topic() string      { return "content.author.left.v1" }
func (SubscribedV1) Topic() string      { return "subscriptions.subscription.started.v1" }
func (UnsubscribedV1) Topic() string    { return "subscriptions.subscription.ended.v1" }
func (PurchaseSettledV1) Topic() string { return "wallet.purchase.settled.v1" }
func (TopUpPaidV1) Topic() string       { return "wallet.top-up.paid.v1" }
