package content

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/store"
)

// Catalog answers what other modules ask about posts.
type Catalog struct {
	Posts    store.Posts
	Audience access.Audience
}

// ErrSubscribersOnly is what somebody hears who would buy a subscribers' post
// without being one.
var ErrSubscribersOnly = fault.New(fault.Forbidden, "content.subscribers-only", "this post is for subscribers: subscribe first")

var (
	_ access.Offers      = (*Catalog)(nil)
	_ access.RecentPosts = (*Catalog)(nil)
	_ access.MediaUse    = (*Catalog)(nil)
)

// Offer implements access.Offers.
func (s *Catalog) Offer(ctx context.Context, buyer ident.AccountID, id ident.PostID) (access.Offer, error) {
	author, terms, err := s.Posts.Terms(ctx, id)
	if err != nil {
		return access.Offer{}, err
	}
	if terms.Visibility == content.Subscribers && buyer != author.ID {
		subscribed, err := s.Audience.Subscribes(ctx, buyer, author.ID)
		if err != nil {
			return access.Offer{}, err
		}
		if terms.Price > 0 && !terms.Sells(content.Viewer{Account: buyer, Subscribed: subscribed}) {
			return access.Offer{}, ErrSubscribersOnly
		}
	}
	return access.Offer{Post: id, Seller: author.ID, Handle: author.Handle, Price: terms.Price}, nil
}

// RecentPosts implements access.RecentPosts.
func (s *Catalog) RecentPosts(ctx context.Context, author ident.AccountID, limit int) ([]time.Time, error) {
	return s.Posts.Recent(ctx, author, limit)
}

// InUse implements access.MediaUse.
func (s *Catalog) InUse(ctx context.Context, id ident.MediaID) (bool, error) {
	return s.Posts.Shows(ctx, id)
}
