package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/ports/store"
)

func roundTripPost(t *testing.T, w *stage) {
	post := w.draft(w.hana, func(f *content.Fields) {
		f.Media = append(f.Media, w.medium(w.hana))
		f.Tags = []string{"바다", "sea"}
		f.Category = "nature"
		f.CaptionLocked = content.CaptionHidden
		f.Terms = content.Terms{Visibility: content.Subscribers, Price: 7}
	})
	w.must(w.Posts.Insert(t.Context(), post))
	locked := func() *content.Post {
		var got *content.Post
		w.must(w.db.Do(t.Context(), func(ctx context.Context) (err error) { got, err = w.Posts.Lock(ctx, post.ID()); return err }))
		return got
	}
	if got := locked().Record(); fmt.Sprint(got) != fmt.Sprint(post.Record()) {
		t.Fatalf("got  %v\nwant %v", got, post.Record())
	}
	w.must(post.Schedule(w.hana, w.clock.Add(90*time.Minute+time.Microsecond), w.clock))
	f := post.Record().Fields
	f.Tags, f.Media, f.Caption = []string{"sky"}, f.Media[:1], "others"
	w.must(post.Edit(w.hana, f, []string{"nature"}, w.clock))
	w.must(w.Posts.Save(t.Context(), post))
	if got := locked().Record(); fmt.Sprint(got) != fmt.Sprint(post.Record()) {
		t.Fatalf("got  %v\nwant %v", got, post.Record())
	}
	if _, err := w.Posts.Lock(t.Context(), ident.New[ident.PostID](w.ids)); !errors.Is(err, content.ErrNotFound) {
		t.Error(err)
	}
	if _, _, err := w.Posts.Terms(t.Context(), post.ID()); !errors.Is(err, content.ErrNotFound) {
		t.Error("a draft has no terms to speak of:", err)
	}
}

func stablePages(t *testing.T, w *stage) {
	var posts []ident.PostID
	for range 5 {
		posts = append(posts, w.post(w.hana, nil))
		w.clock = w.clock.Add(-time.Second) // two in the same instant
		posts = append(posts, w.post(w.bora, nil))
	}
	page, err := w.Feeds.Newest(t.Context(), ident.AccountID{}, store.Filter{}, store.Page{Limit: 4})
	w.must(err)
	w.post(w.hana, nil) // arrives while somebody is reading
	var got []ident.PostID
	for _, p := range page.Items {
		got = append(got, p.ID)
	}
	rest, err := w.Feeds.Newest(t.Context(), ident.AccountID{}, store.Filter{}, store.Page{Limit: 100, After: page.Next})
	w.must(err)
	for _, p := range rest.Items {
		got = append(got, p.ID)
	}
	same(t, got, newestFirst(posts))
}

func filters(t *testing.T, w *stage) {
	sea := w.post(w.hana, func(f *content.Fields) { f.Tags, f.Category = []string{"sea"}, "nature" })
	paid := w.post(w.bora, func(f *content.Fields) { f.Tags, f.Terms.Price = []string{"sea", "sky"}, 9 })
	city := w.post(w.hana, func(f *content.Fields) { f.Category = "city" })
	w.must(w.Posts.Insert(t.Context(), w.draft(w.hana, func(f *content.Fields) { f.Tags = []string{"sea"} })))

	for name, c := range map[string]struct {
		filter store.Filter
		want   []ident.PostID
	}{
		"none":         {store.Filter{}, []ident.PostID{city, paid, sea}},
		"tag":          {store.Filter{Tag: "sea"}, []ident.PostID{paid, sea}},
		"tag and paid": {store.Filter{Tag: "sea", Price: "paid"}, []ident.PostID{paid}},
		"category":     {store.Filter{Category: "city"}, []ident.PostID{city}},
		"author":       {store.Filter{Author: w.hana}, []ident.PostID{city, sea}},
		"free":         {store.Filter{Price: "free"}, []ident.PostID{city, sea}},
		"photo":        {store.Filter{Kind: content.Photo, Author: w.bora}, []ident.PostID{paid}},
		"video":        {store.Filter{Kind: content.Video}, nil},
		"no such tag":  {store.Filter{Tag: "moon"}, nil},
	} {
		t.Run(name, func(t *testing.T) { same(t, walk(w, 1, w.newest(w.fan, c.filter)), c.want) })
	}
}

func unpublished(t *testing.T, w *stage) {
	draft := w.draft(w.hana, nil)
	w.must(w.Posts.Insert(t.Context(), draft))
	scheduled := w.draft(w.hana, func(f *content.Fields) { f.Tags = []string{"sea"} })
	w.must(scheduled.Schedule(w.hana, w.clock.Add(time.Hour), w.clock))
	w.must(w.Posts.Insert(t.Context(), scheduled))
	waiting := w.draft(w.hana, nil)
	w.must(waiting.Publish(w.hana, nil, false, w.clock))
	w.must(w.Posts.Insert(t.Context(), waiting))
	shown := w.post(w.hana, nil)

	for _, viewer := range []ident.AccountID{{}, w.fan} {
		for _, id := range []ident.PostID{draft.ID(), scheduled.ID(), waiting.ID()} {
			if _, err := w.Feeds.Post(t.Context(), viewer, id); !errors.Is(err, content.ErrNotFound) {
				t.Errorf("viewer %s: %v", viewer, err)
			}
		}
		same(t, walk(w, 10, w.newest(viewer, store.Filter{})), []ident.PostID{shown})
		same(t, walk(w, 10, w.newest(viewer, store.Filter{Tag: "sea"})), nil)
	}
	own := func(state content.State) []ident.PostID {
		return walk(w, 1, func(p store.Page) (store.List[*store.Post], error) { return w.Feeds.Own(t.Context(), w.hana, state, p) })
	}
	same(t, own(""), []ident.PostID{shown, waiting.ID(), scheduled.ID(), draft.ID()})
	same(t, own(content.Draft), []ident.PostID{draft.ID()})
	same(t, own(content.Scheduled), []ident.PostID{scheduled.ID()})
	if got, err := w.Feeds.Post(t.Context(), w.hana, scheduled.ID()); err != nil || got.PublishAt == nil || !got.PublishAt.Equal(w.clock.Add(time.Hour-time.Second)) {
		t.Errorf("%+v, %v", got, err) // a second has gone by with shown
	}
	if _, _, err := w.Posts.Terms(t.Context(), scheduled.ID()); !errors.Is(err, content.ErrNotFound) {
		t.Error("a scheduled post is not sold:", err)
	}
	if shows, err := w.Posts.Shows(t.Context(), scheduled.Media()[0]); err != nil || !shows {
		t.Error("a scheduled post keeps its media:", err)
	}
	if ids, err := w.Posts.Waiting(t.Context(), waiting.Media()[0]); err != nil || !slices.Equal(ids, []ident.PostID{waiting.ID()}) {
		t.Errorf("%v, %v", ids, err)
	}
	w.exec(`UPDATE accounts SET deleted_at = $2 WHERE id = $1`, w.hana, w.clock)
	same(t, walk(w, 10, w.newest(w.fan, store.Filter{})), nil)
	if _, err := w.Feeds.Post(t.Context(), w.fan, shown); !errors.Is(err, content.ErrNotFound) {
		t.Error("the posts of an account that is being deleted are away:", err)
	}
}

func remaining(t *testing.T, w *stage) {
	first, second := w.post(w.hana, nil), w.draft(w.hana, nil)
	w.must(w.Posts.Insert(t.Context(), second))
	w.post(w.bora, nil)
	for _, want := range [][]ident.PostID{{first, second.ID()}, {second.ID()}, nil} {
		got, err := w.Posts.Remaining(t.Context(), w.hana, 10)
		w.must(err)
		same(t, got, want)
		if len(got) > 0 {
			w.exec(`UPDATE posts SET state = 'deleted' WHERE id = $1`, got[0])
		}
	}
}

func relations(t *testing.T, w *stage) {
	post := w.post(w.hana, func(f *content.Fields) {
		f.Tags, f.Terms = []string{"b", "a"}, content.Terms{Visibility: content.Subscribers, Price: 5}
		f.Media = append(f.Media, w.medium(w.hana))
	})
	w.own(w.fan, post, w.hana)
	w.subscribe(w.bora, w.hana, w.clock)
	w.must(w.Counters.CountSales(t.Context(), map[ident.PostID]int64{post: 1}))
	for viewer, want := range map[ident.AccountID][2]bool{w.fan: {true, false}, w.bora: {false, true}, {}: {false, false}} {
		got, err := w.Feeds.Post(t.Context(), viewer, post)
		w.must(err)
		if got.Purchased != want[0] || got.Subscribed != want[1] {
			t.Errorf("viewer %s: purchased %v, subscribed %v", viewer, got.Purchased, got.Subscribed)
		}
		if got.Author.Handle != "hana" || got.PriceCoins != money.Coins(5) || *got.Counts.Sales != 1 || !slices.Equal(got.Tags, []string{"b", "a"}) {
			t.Errorf("%+v", got)
		}
		if len(got.Media) != 2 || len(got.Media[0].Renditions) != 2 || got.Media[0].Renditions[0].Name != "w320" || !got.Media[0].Renditions[1].Preview {
			t.Errorf("media %+v", got.Media)
		}
		if got.Media[0].Placeholder.Dominant != "#aabbcc" || got.Media[0].Alt != "a sea" || got.PublishedAt == nil || !got.PublishedAt.Equal(w.clock) {
			t.Errorf("%+v", got)
		}
	}
}

// keptViews reads lists again and again: what is kept of them must not outlive
// a change.
func keptViews(t *testing.T, w *stage) {
	post := w.post(w.hana, nil)
	first := func() *store.Post {
		list, err := w.Feeds.Newest(t.Context(), w.fan, store.Filter{}, store.Page{Limit: 1})
		w.must(err)
		if len(list.Items) == 0 {
			return &store.Post{}
		}
		return list.Items[0]
	}
	was := first()
	if again := first(); again == was || again.Shared == nil || again.Shared != was.Shared {
		t.Error("two who read the same post are not handed copies of one view")
	}
	w.exec(`UPDATE posts SET price_coins = 9, visibility = 'subscribers', version = version + 1 WHERE id = $1`, post)
	if got := first(); got.PriceCoins != 9 || got.Visibility != content.Subscribers || got.Subscribed || got.Shared == was.Shared {
		t.Errorf("a new price shows as %d, %s", got.PriceCoins, got.Visibility)
	}
	w.exec(`UPDATE accounts SET display_name = 'Bori', version = version + 1 WHERE id = $1`, w.hana)
	if got := first(); got.Author.DisplayName != "Bori" {
		t.Errorf("a new name shows as %s", got.Author.DisplayName)
	}
	w.own(w.fan, post, w.hana)
	w.subscribe(w.fan, w.hana, w.clock)
	if got := first(); !got.Purchased || !got.Subscribed {
		t.Error("what was just bought does not show")
	}
	w.must(w.Counters.CountSales(t.Context(), map[ident.PostID]int64{post: 1}))
	mine, err := w.Feeds.Own(t.Context(), w.hana, "", store.Page{Limit: 1})
	w.must(err)
	if *mine.Items[0].Counts.Sales != 1 {
		t.Error("authors see old counts")
	}
	w.exec(`UPDATE posts SET state = 'deleted' WHERE id = $1`, post)
	if got := first(); got.ID == post {
		t.Error("a deleted post shows")
	}
}

func queryCount(t *testing.T, w *stage) {
	counting := &countedDB{DB: w.db}
	feeds := w.over(counting).Feeds
	for range 40 {
		post := w.post(w.hana, func(f *content.Fields) { f.Tags = []string{"sea"} })
		w.own(w.fan, post, w.hana)
	}
	for name, read := range map[string]func(int) error{
		"newest": func(n int) error {
			_, err := feeds.Newest(t.Context(), w.fan, store.Filter{}, store.Page{Limit: n})
			return err
		},
		"library": func(n int) error { _, err := feeds.Library(t.Context(), w.fan, store.Page{Limit: n}); return err },
	} {
		counting.trips = 0
		w.must(read(1))
		one := counting.trips
		counting.trips = 0
		w.must(read(40))
		if counting.trips != one || one == 0 {
			t.Errorf("%s: %d round trips for one post, %d for forty", name, one, counting.trips)
		}
	}
}

func libraryKeeps(t *testing.T, w *stage) {
	var bought []ident.PostID
	for range 3 {
		post := w.post(w.hana, func(f *content.Fields) { f.Terms.Price = 5 })
		w.own(w.fan, post, w.hana)
		bought = append(bought, post)
	}
	w.exec(`UPDATE posts SET state = 'deleted', deleted_at = $2 WHERE id = $1`, bought[1], w.clock)
	var got []ident.PostID
	page := store.Page{Limit: 2}
	for {
		list, err := w.Feeds.Library(t.Context(), w.fan, page)
		w.must(err)
		for _, item := range list.Items {
			if item.Post == nil || item.Post.ID != item.Purchase.PostID || !item.Post.Purchased || item.Purchase.Seller != "hana" {
				t.Fatalf("%+v", item)
			}
			got = append(got, item.Post.ID)
		}
		if list.Next.IsZero() {
			break
		}
		page.After = list.Next
	}
	same(t, got, newestFirst(bought))
	free := w.post(w.hana, nil)
	media := w.media(free, bought[1])
	w.exec(`UPDATE posts SET state = 'deleted', deleted_at = $2 WHERE id = $1`, free, w.clock)
	for i, want := range []bool{false, true} {
		if shows, err := w.Posts.Shows(t.Context(), media[i]); err != nil || shows != want {
			t.Errorf("medium %d is in use: %v, %v", i, shows, err)
		}
	}
	if _, err := w.Feeds.Post(t.Context(), w.fan, bought[1]); err != nil {
		t.Error("the buyer still reads it:", err)
	}
	if _, err := w.Feeds.Post(t.Context(), w.bora, bought[1]); !errors.Is(err, content.ErrNotFound) {
		t.Error("others do not:", err)
	}
}
