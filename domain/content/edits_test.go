package content_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// described are the media of a published post, with words.
func described() []content.Medium {
	return []content.Medium{{ID: picture, Ready: true, Alt: "a sea"}, {ID: film, Ready: true, Video: true, Alt: "waves"}}
}

func published(t *testing.T) *content.Post {
	t.Helper()
	post := draft(t, func(f *content.Fields) { f.Category, f.Terms.Price = "nature", 5 })
	if err := post.Publish(author, described(), false, now); err != nil {
		t.Fatal(err)
	}
	return post
}

func TestFormerVersions(t *testing.T) {
	for name, change := range map[string]func(*content.Fields){
		"caption":                  func(f *content.Fields) { f.Caption = "other words" },
		"who may read the caption": func(f *content.Fields) { f.CaptionLocked = content.CaptionHidden },
		"tags":                     func(f *content.Fields) { f.Tags = []string{"sky", "sea"} },
		"category":                 func(f *content.Fields) { f.Category = "" },
		"visibility":               func(f *content.Fields) { f.Terms.Visibility = content.Subscribers },
		"price":                    func(f *content.Fields) { f.Terms.Price = money.Coins(6) },
	} {
		t.Run("another "+name+" leaves the version that it replaces", func(t *testing.T) {
			post := published(t)
			before := post.Record()
			f := before.Fields
			change(&f)
			if err := post.Edit(author, f, categories, now.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			want := []content.Former{{
				Post: before.ID, Version: before.Version, Fields: before.Fields, Alts: []string{"a sea", "waves"}, ReplacedAt: now.Add(time.Hour),
			}}
			if diff := cmp.Diff(want, post.Former(described())); diff != "" {
				t.Error(diff)
			}
			if got := post.Former(described()); got != nil {
				t.Errorf("it is told once: %+v", got)
			}
			if r := post.Record(); r.Version <= before.Version || !r.EditedAt.Equal(now.Add(time.Hour)) {
				t.Errorf("%+v", r)
			}
		})
	}
	t.Run("what is written again as it is leaves nothing, and is no edit", func(t *testing.T) {
		post := published(t)
		before := post.Record()
		f := before.Fields
		f.Tags = []string{"#SEA", "sea"}
		if err := post.Edit(author, f, categories, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if r := post.Record(); r.Version != before.Version || !r.EditedAt.IsZero() || post.Former(described()) != nil {
			t.Errorf("%+v", r)
		}
	})
	t.Run("what nobody has seen leaves nothing", func(t *testing.T) {
		waiting := draft(t, nil)
		_ = waiting.Publish(author, media(true, false), false, now)
		for state, post := range map[content.State]*content.Post{
			content.Draft: draft(t, nil), content.Scheduled: scheduled(t, time.Hour), content.Processing: waiting,
		} {
			before := post.Record()
			f := before.Fields
			f.Caption = "other words"
			if err := post.Edit(author, f, categories, now); err != nil || before.State != state {
				t.Fatal(before.State, err)
			}
			post.Redescribed(picture, "a lake", described(), now)
			if r := post.Record(); post.Former(nil) != nil || !r.EditedAt.IsZero() || r.Version == before.Version {
				t.Errorf("%s: %+v", state, r)
			}
		}
	})
	t.Run("an edit that is refused leaves nothing", func(t *testing.T) {
		post := published(t)
		f := post.Record().Fields
		f.Terms.Price = -1
		if err := post.Edit(author, f, categories, now); err == nil || post.Former(nil) != nil {
			t.Error(err)
		}
	})
	t.Run("other words for a medium leave the former ones", func(t *testing.T) {
		post := published(t)
		before := post.Record()
		post.Redescribed(film, "surf", described(), now.Add(time.Minute))
		former := post.Former(described())
		if len(former) != 1 || !cmp.Equal(former[0].Alts, []string{"a sea", "surf"}) || !cmp.Equal(former[0].Fields, before.Fields) {
			t.Errorf("%+v", former)
		}
		if r := post.Record(); r.Version <= before.Version || !r.EditedAt.Equal(now.Add(time.Minute)) {
			t.Errorf("%+v", r)
		}
		post.Redescribed(ident.New[ident.MediaID](ids), "another's", described(), now)
		if post.Former(nil) != nil {
			t.Error("it shows no such medium")
		}
		post.Redescribed(picture, "a lake", described(), now)
		if r := post.Record(); !r.EditedAt.Equal(now.Add(time.Minute)) {
			t.Error("hearing of it late does not turn the time back:", r.EditedAt)
		}
	})
}

func TestWhoReadsFormerVersions(t *testing.T) {
	viewers := map[string]content.Viewer{
		"its author": {Account: author}, "a moderator": {Account: stranger, Moderator: true}, "anybody": {},
		"a buyer": {Account: stranger, Bought: true, Subscribed: true},
	}
	gone, never := published(t), draft(t, nil)
	for _, post := range []*content.Post{gone, never} {
		if err := post.Delete(author, now); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		post *content.Post
		read []string
	}{
		"a published post":                 {published(t), []string{"its author", "a moderator"}},
		"a draft":                          {draft(t, nil), []string{"its author"}},
		"a scheduled post":                 {scheduled(t, time.Hour), []string{"its author"}},
		"a deleted post":                   {gone, []string{"a moderator"}},
		"a draft that was deleted as such": {never, nil},
	} {
		for who, viewer := range viewers {
			err := c.post.History(viewer)
			want := false
			for _, reader := range c.read {
				want = want || reader == who
			}
			if (err == nil) != want || err != nil && !errors.Is(err, content.ErrNotFound) {
				t.Errorf("%s, of %s: %v", who, name, err)
			}
		}
	}
}
