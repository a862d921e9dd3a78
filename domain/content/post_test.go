package content_test

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

var (
	now        = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ids        = ident.NewSource(func() time.Time { return now }, rand.Reader)
	author     = ident.New[ident.AccountID](ids)
	stranger   = ident.New[ident.AccountID](ids)
	picture    = ident.New[ident.MediaID](ids)
	film       = ident.New[ident.MediaID](ids)
	categories = []string{"nature"}
)

func draft(t *testing.T, change func(*content.Fields)) *content.Post {
	t.Helper()
	f := content.Fields{Caption: "hello", Tags: []string{"Sea"}, Media: []ident.MediaID{picture, film}}
	if change != nil {
		change(&f)
	}
	post, err := content.NewPost(ident.New[ident.PostID](ids), author, f, categories, now)
	if err != nil {
		t.Fatal(err)
	}
	return post
}

func media(ready ...bool) []content.Medium {
	return []content.Medium{{ID: picture, Ready: ready[0]}, {ID: film, Ready: ready[1], Video: true}}
}

func TestPublishing(t *testing.T) {
	t.Run("a post whose media are ready is visible at once", func(t *testing.T) {
		post := draft(t, nil)
		if err := post.Publish(author, media(true, true), false, now); err != nil {
			t.Fatal(err)
		}
		r := post.Record()
		if r.State != content.Published || !r.PublishedAt.Equal(now) || r.Kind != content.Video {
			t.Errorf("%+v", r)
		}
		if events := post.Events(); len(events) != 1 || events[0].(content.PostPublished).Post != post.ID() {
			t.Errorf("events %+v", events)
		}
		if events := post.Events(); len(events) != 0 {
			t.Error("events are drained once")
		}
	})
	t.Run("a post waits for the last of its media and then tells once", func(t *testing.T) {
		post := draft(t, nil)
		if err := post.Publish(author, media(true, false), false, now); err != nil {
			t.Fatal(err)
		}
		if post.Record().State != content.Processing || len(post.Events()) != 0 {
			t.Fatal("it must wait, silently")
		}
		if post.Settle(media(false, true), false, now) {
			t.Error("one of its media is not ready")
		}
		if !post.Settle(media(true, true), false, now.Add(time.Minute)) || len(post.Events()) != 1 {
			t.Error("it must become visible")
		}
		if post.Settle(media(true, true), false, now) || len(post.Events()) != 0 {
			t.Error("it must become visible once")
		}
	})
	t.Run("nobody publishes another's draft, and cannot tell that it is there", func(t *testing.T) {
		if err := draft(t, nil).Publish(stranger, media(true, true), false, now); !errors.Is(err, content.ErrNotFound) {
			t.Error(err)
		}
	})
	t.Run("a post is published once", func(t *testing.T) {
		post := draft(t, nil)
		_ = post.Publish(author, media(false, false), false, now)
		if err := post.Publish(author, media(true, true), false, now); !errors.Is(err, content.ErrPublished) {
			t.Error(err)
		}
	})
	t.Run("a draft may be without media, a published post may not", func(t *testing.T) {
		post := draft(t, func(f *content.Fields) { f.Media = nil })
		if err := post.Publish(author, nil, false, now); fault.KindOf(err) != fault.Invalid {
			t.Error(err)
		}
	})
}

func TestEditing(t *testing.T) {
	t.Run("the media of a published post are fixed, because fans may have bought them", func(t *testing.T) {
		post := draft(t, nil)
		_ = post.Publish(author, media(true, true), false, now)
		f := post.Record().Fields
		f.Media = []ident.MediaID{picture}
		if err := post.Edit(author, f, categories, now); fault.KindOf(err) != fault.Conflict {
			t.Error(err)
		}
		f.Media, f.Caption = post.Media(), "new words"
		if err := post.Edit(author, f, categories, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if r := post.Record(); r.Caption != "new words" || !r.EditedAt.Equal(now.Add(time.Hour)) {
			t.Errorf("%+v", r)
		}
	})
	t.Run("a deleted post is gone for its author, too", func(t *testing.T) {
		post := draft(t, nil)
		if err := post.Delete(author, now); err != nil {
			t.Fatal(err)
		}
		if err := post.Delete(author, now); !errors.Is(err, content.ErrNotFound) {
			t.Error(err)
		}
		if err := post.Edit(author, post.Record().Fields, categories, now); !errors.Is(err, content.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestFields(t *testing.T) {
	t.Run("tags lose their hash sign and case, and their doubles", func(t *testing.T) {
		post := draft(t, func(f *content.Fields) { f.Tags = []string{"#Sea", "sea", " 바다 ", "sea_side2"} })
		if got := post.Record().Tags; !slices.Equal(got, []string{"sea", "바다", "sea_side2"}) {
			t.Errorf("%q", got)
		}
	})
	many := make([]ident.MediaID, content.MaxMedia+1)
	tags := make([]string, content.MaxTags+1)
	for i := range many {
		many[i] = ident.New[ident.MediaID](ids)
		tags[i] = "t" + strings.Repeat("x", i)
	}
	for name, change := range map[string]func(*content.Fields){
		"caption":        func(f *content.Fields) { f.Caption = strings.Repeat("가", content.MaxCaption+1) },
		"tags":           func(f *content.Fields) { f.Tags = []string{"two words"} },
		"tags ":          func(f *content.Fields) { f.Tags = tags },
		"category":       func(f *content.Fields) { f.Category = "weapons" },
		"visibility":     func(f *content.Fields) { f.Terms.Visibility = "friends" },
		"caption_locked": func(f *content.Fields) { f.CaptionLocked = "maybe" },
		"price_coins":    func(f *content.Fields) { f.Terms.Price = -1 },
		"price_coins ":   func(f *content.Fields) { f.Terms.Price = money.MaxPrice + 1 },
		"media_ids":      func(f *content.Fields) { f.Media = many },
		"media_ids ":     func(f *content.Fields) { f.Media = []ident.MediaID{picture, picture} },
		"media_ids  ":    func(f *content.Fields) { f.Media, f.Terms.Price = nil, 5 },
	} {
		t.Run("a bad value is named: "+name, func(t *testing.T) {
			f := content.Fields{Media: []ident.MediaID{picture}}
			change(&f)
			_, err := content.NewPost(ident.New[ident.PostID](ids), author, f, categories, now)
			invalid, ok := errors.AsType[*fault.Error](err)
			if !ok || invalid.Kind != fault.Invalid || len(invalid.Fields) != 1 || invalid.Fields[0].Path != strings.TrimSpace(name) {
				t.Errorf("%+v", err)
			}
		})
	}
	t.Run("all bad values are named at once", func(t *testing.T) {
		_, err := content.NewPost(ident.New[ident.PostID](ids), author,
			content.Fields{Caption: "\x00", Category: "weapons", Terms: content.Terms{Price: -1}}, categories, now)
		if invalid, ok := errors.AsType[*fault.Error](err); !ok || len(invalid.Fields) != 3 {
			t.Errorf("%+v", err)
		}
	})
}

func TestWhoOpensAPost(t *testing.T) {
	anonymous := content.Viewer{}
	member := content.Viewer{Account: stranger}
	subscriber := content.Viewer{Account: stranger, Subscribed: true}
	buyer := content.Viewer{Account: stranger, Bought: true}
	moderator := content.Viewer{Account: stranger, Moderator: true}
	self := content.Viewer{Account: author}
	everybody := []content.Viewer{anonymous, member, subscriber, buyer, moderator, self}

	for name, c := range map[string]struct {
		terms content.Terms
		opens []bool
	}{
		"a public free post opens to everybody":           {content.Terms{Visibility: content.Public}, []bool{true, true, true, true, true, true}},
		"a public paid post opens to who bought it":       {content.Terms{Visibility: content.Public, Price: 5}, []bool{false, false, false, true, true, true}},
		"a subscribers' post opens to subscribers":        {content.Terms{Visibility: content.Subscribers}, []bool{false, false, true, true, true, true}},
		"a subscribers' paid post opens to who bought it": {content.Terms{Visibility: content.Subscribers, Price: 5}, []bool{false, false, false, true, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, viewer := range everybody {
				if got := c.terms.Opens(author, viewer); got != c.opens[i] {
					t.Errorf("viewer %+v: opens %v", viewer, got)
				}
			}
		})
	}
	t.Run("an anonymous viewer is never taken for an author without an id", func(t *testing.T) {
		if (content.Terms{Price: 5}).Opens(ident.AccountID{}, anonymous) {
			t.Error("opened")
		}
	})
	t.Run("a subscribers' post is sold to subscribers only", func(t *testing.T) {
		terms := content.Terms{Visibility: content.Subscribers, Price: 5}
		if terms.Sells(member) || !terms.Sells(subscriber) {
			t.Error("sold wrongly")
		}
	})
}
