package content_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/app/content"
	rules "github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

var ids = ident.NewSource(time.Now, rand.Reader)

// shelf is a store that always answers the same post.
type shelf struct {
	store.Feeds
	post store.Post
}

func (s shelf) copy() *store.Post {
	p := s.post
	p.Media = append([]store.PostMedium(nil), p.Media...)
	return &p
}

func (s shelf) Post(context.Context, ident.AccountID, ident.PostID) (*store.Post, error) {
	return s.copy(), nil
}

func (s shelf) list() (store.List[*store.Post], error) {
	return store.List[*store.Post]{Items: []*store.Post{s.copy()}}, nil
}

func (s shelf) Newest(context.Context, ident.AccountID, store.Filter, store.Page) (store.List[*store.Post], error) {
	return s.list()
}

func (s shelf) Own(context.Context, ident.AccountID, rules.State, store.Page) (store.List[*store.Post], error) {
	return s.list()
}

func (s shelf) Inbox(context.Context, ident.AccountID, store.Page) (store.List[*store.Post], error) {
	return s.list()
}

func (s shelf) Library(context.Context, ident.AccountID, store.Page) (store.List[*store.LibraryItem], error) {
	return store.List[*store.LibraryItem]{Items: []*store.LibraryItem{{Post: s.copy()}}}, nil
}

// plainLinks names the viewer in the link.
type plainLinks struct{}

func (plainLinks) URL(key string, viewer ident.AccountID) (string, time.Time) {
	return "/media/" + key + "?vid=" + viewer.String(), time.Time{}
}

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
	return &content.Feed{Feeds: shelf{post: p}, Links: plainLinks{}}
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
				want := fmt.Sprintf("/media/paid-key?vid=%s", holder)
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
