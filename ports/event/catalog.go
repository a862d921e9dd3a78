package event

import (
	"fmt"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/media"
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
	case accounts.EmailVerified:
		return EmailVerifiedV1{AccountID: e.Account, At: e.At}, nil
	case accounts.EmailChanged:
		return EmailChangedV1{AccountID: e.Account, At: e.At}, nil
	case accounts.SessionReuseDetected:
		return SessionReuseDetectedV1{AccountID: e.Account, SessionID: e.Session, At: e.At}, nil
	case accounts.IdentityLinked:
		return IdentityLinkedV1{AccountID: e.Account, IdentityID: e.Identity, Provider: e.Provider, At: e.At}, nil
	case accounts.IdentityUnlinked:
		return IdentityUnlinkedV1{AccountID: e.Account, IdentityID: e.Identity, Provider: e.Provider, At: e.At}, nil
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
	case media.MediumDescribed:
		return MediumDescribedV1{MediaID: e.Medium, OwnerID: e.Owner, FormerAlt: e.FormerAlt, At: e.At}, nil
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
