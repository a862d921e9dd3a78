package content

import (
	"context"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/store"
)

// Feed reads posts. Every list and every single post goes through show, which
// alone decides what a viewer gets.
type Feed struct {
	Feeds store.Feeds
	Links link.Media
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
	s.show(by, post)
	return post, nil
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
		s.show(by, item.Post)
		item.Purchase.ReceiptURL = "/v1/wallet/receipts/" + item.Purchase.ID.String()
	}
	return list, err
}

func (s *Feed) shown(by Viewer) func(store.List[*store.Post], error) (store.List[*store.Post], error) {
	return func(list store.List[*store.Post], err error) (store.List[*store.Post], error) {
		for _, post := range list.Items {
			s.show(by, post)
		}
		return list, err
	}
}

// show makes a stored post into what the viewer may see of it: a rendition has
// no URL until it is signed here, and the ones that stay closed are left out.
func (s *Feed) show(by Viewer, p *store.Post) {
	terms := content.Terms{Visibility: p.Visibility, Price: p.PriceCoins}
	p.Locked = !terms.Opens(p.Author.ID, content.Viewer{
		Account: by.Account, Subscribed: p.Subscribed, Bought: p.Purchased, Moderator: by.Moderator,
	})
	own := !by.Account.IsZero() && by.Account == p.Author.ID
	if p.Locked && p.CaptionLocked == content.CaptionHidden {
		p.Caption = ""
	}
	if !own {
		p.Counts.Sales = nil
	}
	if p.Author.AvatarKey != "" {
		p.Author.AvatarURL, _ = s.Links.URL(p.Author.AvatarKey, ident.AccountID{})
	}
	everybody := terms.OpenToAll() && p.State == content.Published
	for i := range p.Media {
		p.Media[i].Renditions = s.open(by, p.Media[i].Renditions, p.Locked, everybody)
		if p.Locked {
			p.Media[i].Alt = ""
		}
	}
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
