package contract

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// former is a version of a post, with everything in it.
func (w *stage) former(post ident.PostID, version int64) content.Former {
	return content.Former{
		Post: post, Version: version, ReplacedAt: w.clock.Add(time.Duration(version) * time.Minute),
		Fields: content.Fields{
			Caption: "바다 \"words\"", CaptionLocked: content.CaptionHidden, Tags: []string{"바다", "sea"}, Category: "nature",
			Terms: content.Terms{Visibility: content.Subscribers, Price: 7}, Media: w.media(post),
		},
		Alts: []string{"a \"sea\""},
	}
}

// versions reads the former versions of a post, in pages of a size.
func (w *stage) versions(post ident.PostID, size int) (all []int64) {
	w.t.Helper()
	for page := (store.Page{Limit: size}); ; {
		list, err := w.Edits.List(w.t.Context(), post, page)
		w.must(err)
		for _, e := range list.Items {
			all = append(all, e.Version)
		}
		if page.After = list.Next; page.After.IsZero() {
			return all
		}
		if len(list.Items) != size || len(all) > 2*content.MaxEdits {
			w.t.Fatalf("a page of %d has %d items", size, len(list.Items))
		}
	}
}

func formerVersions(t *testing.T, w *stage) {
	post, other := w.post(w.hana, nil), w.post(w.hana, nil)
	if got := w.versions(post, 10); got != nil {
		t.Errorf("%v", got)
	}
	w.must(w.Edits.Append(t.Context(), w.former(post, 3)))
	bare := content.Former{Post: other, Version: 3, ReplacedAt: w.clock}
	w.must(w.Edits.Append(t.Context(), bare))
	f := w.former(post, 3)
	for id, want := range map[ident.PostID]store.PostEdit{
		post: {
			Version: 3, ReplacedAt: f.ReplacedAt, Caption: f.Caption, CaptionLocked: f.CaptionLocked, Tags: f.Tags, Category: f.Category,
			Visibility: f.Terms.Visibility, PriceCoins: f.Terms.Price, Media: []store.FormerMedium{{ID: f.Media[0], Alt: f.Alts[0]}},
		},
		other: {Version: 3, ReplacedAt: w.clock, Tags: []string{}, Media: []store.FormerMedium{}},
	} {
		list, err := w.Edits.List(t.Context(), id, store.Page{Limit: 10})
		w.must(err)
		if diff := cmp.Diff([]*store.PostEdit{&want}, list.Items); diff != "" {
			t.Error(diff)
		}
	}
	if err := w.Edits.Append(t.Context(), w.former(post, 3)); err == nil {
		t.Error("a version is kept once")
	}
	broken, fourth := errors.New("changed my mind"), w.former(post, 4)
	if err := w.db.Do(t.Context(), func(ctx context.Context) error {
		w.must(w.Edits.Append(ctx, fourth))
		return broken
	}); !errors.Is(err, broken) {
		t.Error(err)
	}

	want := []int64{3}
	for version := int64(5); version < 5+2*content.MaxEdits; version += 2 { // numbers are passed over
		w.must(w.Edits.Append(t.Context(), w.former(post, version)))
		if want = append(want, version); len(want) > content.MaxEdits {
			want = slices.Delete(want, 1, 2) // the first stays
		}
	}
	slices.Reverse(want)
	for _, size := range []int{1, 33, 100, 101} {
		if got := w.versions(post, size); !slices.Equal(got, want) {
			t.Errorf("pages of %d: got %v, want %v", size, got, want)
		}
	}
	if got := w.versions(other, 10); !slices.Equal(got, []int64{3}) {
		t.Errorf("of another post: %v", got)
	}
}

func forgottenVersions(t *testing.T, w *stage) {
	var posts []ident.PostID
	for range 3 {
		posts = append(posts, w.post(w.hana, nil))
	}
	posts = append(posts, w.post(w.bora, nil))
	for _, post := range posts {
		w.must(w.Edits.Append(t.Context(), w.former(post, 2)))
		w.must(w.Edits.Append(t.Context(), w.former(post, 3)))
	}
	for _, want := range []int64{2, 1, 0} {
		if n, err := w.Edits.Forget(t.Context(), w.hana, 2); err != nil || n != want {
			t.Errorf("%d, %v", n, err)
		}
	}
	for _, post := range posts[:3] {
		if got := w.versions(post, 10); got != nil {
			t.Errorf("%v", got)
		}
	}
	if got := w.versions(posts[3], 10); len(got) != 2 {
		t.Errorf("of somebody else: %v", got)
	}
	w.exec(`DELETE FROM posts WHERE id = $1`, posts[3])
	if got := w.versions(posts[3], 10); got != nil {
		t.Errorf("the post is gone, and has %v", got)
	}
}

func crowdedMedia(t *testing.T, w *stage) {
	medium, other := w.medium(w.hana), w.medium(w.hana)
	both := []ident.MediaID{medium, other}
	with := func(media ...ident.MediaID) func(*content.Fields) {
		return func(f *content.Fields) { f.Media = media }
	}
	shown := w.post(w.hana, with(medium))
	draft, scheduled, gone := w.draft(w.hana, with(both...)), w.draft(w.hana, with(medium)), w.draft(w.hana, with(medium))
	w.must(scheduled.Schedule(w.hana, w.clock.Add(time.Hour), w.clock))
	w.must(gone.Delete(w.hana, w.clock))
	for _, p := range []*content.Post{draft, scheduled, gone} {
		w.must(w.Posts.Insert(t.Context(), p))
	}
	for name, c := range map[string]struct {
		media []ident.MediaID
		limit int
		aside ident.PostID
		want  ident.MediaID
	}{
		"three posts that are not deleted":     {both, 3, gone.ID(), medium},
		"fewer than four":                      {both, 4, gone.ID(), ident.MediaID{}},
		"the one that is asked for is not one": {both, 3, shown, ident.MediaID{}},
		"another medium":                       {both[1:], 2, shown, ident.MediaID{}},
		"another medium, in one post":          {both[1:], 1, shown, other},
		"no medium":                            {nil, 1, shown, ident.MediaID{}},
	} {
		if got, err := w.Posts.Crowded(t.Context(), c.media, c.limit, c.aside); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if ids, err := w.Posts.Showing(t.Context(), medium); err != nil || !slices.Equal(ids, []ident.PostID{shown}) {
		t.Errorf("%v, %v", ids, err)
	}
	if got, err := w.Posts.Get(t.Context(), gone.ID()); err != nil || got.Record().State != content.Deleted {
		t.Error("a deleted post is there to be read:", err)
	}
	if _, err := w.Posts.Get(t.Context(), ident.New[ident.PostID](w.ids)); !errors.Is(err, content.ErrNotFound) {
		t.Error(err)
	}
}
