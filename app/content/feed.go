package content

import (
	"context"
	"slices"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/store"
)

// Feed reads posts. Every list and every single post goes through Show, which
// alone decides what a viewer gets.
type Feed struct {
	Feeds store.Feeds
	Links link.Media
	Now   func() time.Time
}

// Viewer is who reads.
type Viewer struct {
	Account   ident.AccountID // zero: nobody is signed in
	Moderator bool
}

// Post reads one post; content.ErrNotFound if it is not for the viewer to know of.
func (s *Feed) Post(ctx context.Context, by Viewer, id ident.PostID) (*store.Post, error) {
	post, err := s.Feeds.Post(ctx, by.Account, id)
	if err != nil {
		return nil, err
	}
	return s.Show(by, post), nil
}

// Newest lists published posts, the newest first.
func (s *Feed) Newest(ctx context.Context, by Viewer, f store.Filter, page store.Page) (store.List[*store.Post], error) {
	if f.Tag != "" {
		tag, err := content.Tag(f.Tag)
		if err != nil {
			return store.List[*store.Post]{}, err
		}
		f.Tag = tag
	}
	return s.shown(by)(s.Feeds.Newest(ctx, by.Account, f, page))
}

// Own lists the actor's posts, in one state or in any.
func (s *Feed) Own(ctx context.Context, by Viewer, state content.State, page store.Page) (store.List[*store.Post], error) {
	return s.shown(by)(s.Feeds.Own(ctx, by.Account, state, page))
}

// Inbox lists the posts of the creators that the actor subscribes to.
func (s *Feed) Inbox(ctx context.Context, by Viewer, page store.Page) (store.List[*store.Post], error) {
	return s.shown(by)(s.Feeds.Inbox(ctx, by.Account, page))
}

// Library lists what the actor bought.
func (s *Feed) Library(ctx context.Context, by Viewer, page store.Page) (store.List[*store.LibraryItem], error) {
	list, err := s.Feeds.Library(ctx, by.Account, page)
	for _, item := range list.Items {
		item.Post = s.Show(by, item.Post)
		item.Purchase.ReceiptURL = "/v1/wallet/receipts/" + item.Purchase.ID.String()
	}
	return list, err
}

func (s *Feed) shown(by Viewer) func(store.List[*store.Post], error) (store.List[*store.Post], error) {
	return func(list store.List[*store.Post], err error) (store.List[*store.Post], error) {
		for i, post := range list.Items {
			list.Items[i] = s.Show(by, post)
		}
		return list, err
	}
}

// Show makes a post as it is stored into what the viewer may see of it. What
// everybody gets to see alike, open or locked, is made once and kept with the
// post.
func (s *Feed) Show(by Viewer, p *store.Post) *store.Post {
	terms := content.Terms{Visibility: p.Visibility, Price: p.PriceCoins}
	own := !by.Account.IsZero() && by.Account == p.Author.ID
	locked := !terms.Opens(p.Author.ID, content.Viewer{
		Account: by.Account, Subscribed: p.Subscribed, Bought: p.Purchased, Moderator: by.Moderator,
	})
	everybody := terms.OpenToAll() && p.State == content.Published
	if p.Shared == nil || own || p.Purchased || !locked && !everybody {
		return s.shownTo(by, p, own, locked, everybody)
	}
	kept := &p.Shared.Open
	if locked {
		kept = &p.Shared.Locked
	}
	now := s.Now()
	if shown := kept.Load(); shown != nil && now.Before(shown.Until) {
		return shown.Post
	}
	shown := &store.Shown{Until: s.Links.Until()}
	shown.Post = s.shownTo(Viewer{}, p, false, locked, everybody)
	shown.Post.Encoded = &shown.Encoded
	kept.Store(shown)
	return shown.Post
}

// shownTo leaves out what stays closed, and signs the rest: a rendition has no
// URL before. It changes nothing of p, which others may be reading.
func (s *Feed) shownTo(by Viewer, p *store.Post, own, locked, everybody bool) *store.Post {
	shown := *p
	shown.Locked = locked
	if locked && p.CaptionLocked == content.CaptionHidden {
		shown.Caption = ""
	}
	if !own {
		shown.Counts.Sales = nil
	}
	if p.Author.AvatarKey != "" {
		shown.Author.AvatarURL, _ = s.Links.URL(p.Author.AvatarKey, ident.AccountID{})
	}
	shown.Media = slices.Clone(p.Media)
	for i := range shown.Media {
		m := &shown.Media[i]
		m.Renditions = s.open(by, m.Renditions, locked, everybody)
		if locked {
			m.Alt = ""
		}
	}
	return &shown
}

// open signs the renditions that the viewer may fetch. What everybody may see
// is signed for everybody, so that browsers and proxies can keep it.
func (s *Feed) open(by Viewer, all []store.Rendition, locked, everybody bool) []store.Rendition {
	kept := make([]store.Rendition, 0, len(all))
	for _, r := range all {
		if locked && !r.Preview {
			continue
		}
		viewer := by.Account
		if everybody || locked {
			viewer = ident.AccountID{}
		}
		r.URL, r.ExpiresAt = s.Links.URL(r.Key, viewer)
		kept = append(kept, r)
	}
	return kept
}
