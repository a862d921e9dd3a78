package content_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/app/content"
	rules "github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

var ids = ident.NewSource(time.Now, rand.Reader)

// shelf is a store that always answers the same post.
type shelf struct {
	store.Feeds
	post   store.Post
	viewer func(viewer ident.AccountID, p *store.Post) // what the post is for one viewer
}

func (s shelf) copy(viewer ident.AccountID) *store.Post {
	p := s.post
	if s.viewer != nil {
		s.viewer(viewer, &p)
	}
	return &p
}

func (s shelf) Post(_ context.Context, by ident.AccountID, _ ident.PostID) (*store.Post, error) {
	return s.copy(by), nil
}

func (s shelf) list(by ident.AccountID) (store.List[*store.Post], error) {
	return store.List[*store.Post]{Items: []*store.Post{s.copy(by)}}, nil
}

func (s shelf) Newest(_ context.Context, by ident.AccountID, _ store.Filter, _ store.Page) (store.List[*store.Post], error) {
	return s.list(by)
}

func (s shelf) Own(_ context.Context, by ident.AccountID, _ rules.State, _ store.Page) (store.List[*store.Post], error) {
	return s.list(by)
}

func (s shelf) Inbox(_ context.Context, by ident.AccountID, _ store.Page) (store.List[*store.Post], error) {
	return s.list(by)
}

func (s shelf) Library(_ context.Context, by ident.AccountID, _ store.Page) (store.List[*store.LibraryItem], error) {
	return store.List[*store.LibraryItem]{Items: []*store.LibraryItem{{Post: s.copy(by)}}}, nil
}

// plainLinks names the viewer in the link, and the minute.
type plainLinks struct{ clock *time.Time }

func (l plainLinks) URL(key string, viewer ident.AccountID) (string, time.Time) {
	return "/media/" + key + "?vid=" + viewer.String() + l.clock.Format("&exp=15:04"), time.Time{}
}

func (l plainLinks) Until() time.Time { return l.clock.Truncate(time.Minute).Add(time.Minute) }

var author, fan = ident.New[ident.AccountID](ids), ident.New[ident.AccountID](ids)

func onShelf(change func(*store.Post)) *content.Feed {
	sales := int64(3)
	p := store.Post{
		ID: ident.New[ident.PostID](ids), Author: store.Author{ID: author}, Caption: "secret words", CaptionLocked: rules.CaptionHidden,
		Visibility: rules.Public, PriceCoins: 5, State: rules.Published, Counts: store.PostCounts{Sales: &sales},
		Media: []store.PostMedium{{Alt: "what it shows", Renditions: []store.Rendition{{Name: "w320", Key: "paid-key"}, {Name: "preview", Key: "preview-key", Preview: true}}}},
	}
	if change != nil {
		change(&p)
	}
	p.Shared = &store.Shared{}
	return feedOf(shelf{post: p}, &noon)
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func feedOf(s shelf, clock *time.Time) *content.Feed {
	return &content.Feed{Feeds: s, Links: plainLinks{clock}, Now: func() time.Time { return *clock }}
}

// representations are all the ways in which a post is read.
func representations(t *testing.T, feed *content.Feed, by content.Viewer) map[string]*store.Post {
	t.Helper()
	all := map[string]*store.Post{}
	one, err := feed.Post(t.Context(), by, ident.PostID{})
	if err != nil {
		t.Fatal(err)
	}
	all["single"] = one
	for name, read := range map[string]func() (store.List[*store.Post], error){
		"main page": func() (store.List[*store.Post], error) {
			return feed.Newest(t.Context(), by, store.Filter{}, store.Page{})
		},
		"tag page": func() (store.List[*store.Post], error) {
			return feed.Newest(t.Context(), by, store.Filter{Tag: "sea"}, store.Page{})
		},
		"own":   func() (store.List[*store.Post], error) { return feed.Own(t.Context(), by, "", store.Page{}) },
		"inbox": func() (store.List[*store.Post], error) { return feed.Inbox(t.Context(), by, store.Page{}) },
	} {
		list, err := read()
		if err != nil {
			t.Fatal(err)
		}
		all[name] = list.Items[0]
	}
	library, err := feed.Library(t.Context(), by, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	all["library"] = library.Items[0].Post
	return all
}

func TestLockedPost(t *testing.T) {
	for name, by := range map[string]content.Viewer{"anonymous": {}, "a stranger": {Account: fan}} {
		for representation, post := range representations(t, onShelf(nil), by) {
			t.Run(name+" gets previews only: "+representation, func(t *testing.T) {
				body, err := json.Marshal(post)
				if err != nil {
					t.Fatal(err)
				}
				for _, secret := range []string{"paid-key", "secret words", "what it shows", `"sales"`} {
					if strings.Contains(string(body), secret) {
						t.Errorf("%q shows in %s", secret, body)
					}
				}
				if !post.Locked || len(post.Media[0].Renditions) != 1 || !strings.Contains(post.Media[0].Renditions[0].URL, "preview-key") {
					t.Errorf("%+v", post)
				}
			})
		}
	}
}

func TestOpenPost(t *testing.T) {
	for name, c := range map[string]struct {
		by     content.Viewer
		change func(*store.Post)
		bound  bool
	}{
		"who bought it, with links of his own":                    {content.Viewer{Account: fan}, func(p *store.Post) { p.Purchased = true }, true},
		"its author, with links of his own":                       {content.Viewer{Account: author}, nil, true},
		"a moderator, with links of his own":                      {content.Viewer{Account: fan, Moderator: true}, nil, true},
		"a subscriber of a subscribers' post":                     {content.Viewer{Account: fan}, func(p *store.Post) { p.PriceCoins, p.Visibility, p.Subscribed = 0, rules.Subscribers, true }, true},
		"everybody, a free public post, with links for everybody": {content.Viewer{Account: fan}, func(p *store.Post) { p.PriceCoins = 0 }, false},
		"an anonymous reader, a free public post":                 {content.Viewer{}, func(p *store.Post) { p.PriceCoins = 0 }, false},
		"its author, a free draft, with links of his own for now": {content.Viewer{Account: author}, func(p *store.Post) { p.PriceCoins, p.State = 0, rules.Draft }, true},
	} {
		for representation, post := range representations(t, onShelf(c.change), c.by) {
			t.Run(name+": "+representation, func(t *testing.T) {
				holder := ident.AccountID{}
				if c.bound {
					holder = c.by.Account
				}
				want := fmt.Sprintf("/media/paid-key?vid=%s&exp=12:00", holder)
				if post.Locked || len(post.Media[0].Renditions) != 2 || post.Media[0].Renditions[0].URL != want {
					t.Errorf("want %s in %+v", want, post.Media)
				}
				if post.Caption != "secret words" || (post.Counts.Sales != nil) != (c.by.Account == author) {
					t.Errorf("%+v", post)
				}
			})
		}
	}
}

// Posts that many are shown are made once. What one viewer was shown must never
// be what another one gets who may see more, or less.
func TestSharedPosts(t *testing.T) {
	buyer, subscriber := ident.New[ident.AccountID](ids), ident.New[ident.AccountID](ids)
	viewers := []content.Viewer{{}, {Account: fan}, {Account: author}, {Account: buyer}, {Account: subscriber}, {Account: fan, Moderator: true}}
	relation := func(viewer ident.AccountID, p *store.Post) {
		p.Purchased = viewer == buyer
		p.Subscribed = viewer == subscriber
	}
	for name, change := range map[string]func(*store.Post){
		"paid":                       nil,
		"free":                       func(p *store.Post) { p.PriceCoins = 0 },
		"for subscribers":            func(p *store.Post) { p.PriceCoins, p.Visibility = 0, rules.Subscribers },
		"paid, for subscribers":      func(p *store.Post) { p.Visibility = rules.Subscribers },
		"paid, with an open caption": func(p *store.Post) { p.CaptionLocked = rules.CaptionShown },
	} {
		t.Run("a post that is "+name+" is to each what it would be alone, whoever came before", func(t *testing.T) {
			clock := noon
			alone := onShelf(change).Feeds.(shelf)
			alone.viewer = relation
			together := feedOf(alone, &clock)
			for i := range 300 {
				alone.post.Shared = nil
				by := viewers[mathrand.IntN(len(viewers))]
				want, err := feedOf(alone, &clock).Newest(t.Context(), by, store.Filter{}, store.Page{})
				if err != nil {
					t.Fatal(err)
				}
				got, err := together.Newest(t.Context(), by, store.Filter{}, store.Page{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(text(t, want.Items[0]), text(t, got.Items[0])); diff != "" {
					t.Fatalf("to %+v, in round %d: %s", by, i, diff)
				}
				clock = clock.Add(7 * time.Second) // now and then, links are signed anew
			}
		})
	}
	t.Run("what everybody is shown is the same post, until its links are signed anew", func(t *testing.T) {
		clock := noon
		shared := onShelf(nil).Feeds.(shelf)
		feed := feedOf(shared, &clock)
		one := func(by content.Viewer) *store.Post {
			list, err := feed.Newest(t.Context(), by, store.Filter{}, store.Page{})
			if err != nil {
				t.Fatal(err)
			}
			return list.Items[0]
		}
		first := one(content.Viewer{})
		if first.Encoded == nil || one(content.Viewer{Account: fan}) != first {
			t.Error("it was made twice")
		}
		if one(content.Viewer{Account: author}).Encoded != nil {
			t.Error("what the author alone is shown could be kept for others")
		}
		clock = clock.Add(time.Minute)
		if one(content.Viewer{}) == first {
			t.Error("the links of a minute ago are handed out")
		}
	})
}

func text(t *testing.T, p *store.Post) string {
	t.Helper()
	encoded, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}
