package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/store"
)

// ContentStores are the stores of posts and of who follows whom.
type ContentStores struct {
	Posts         store.Posts
	Feeds         store.Feeds
	Counters      store.PostCounters
	Subscriptions store.Subscriptions
	Inboxes       store.Inboxes
}

// Content is what the stores of posts, subscriptions and inboxes promise.
func Content(t *testing.T, open func(t *testing.T) sqldb.DB, over func(db sqldb.DB) ContentStores) {
	world := func(t *testing.T) *stage { return newStage(t, open(t), over) }
	t.Run("a post comes back as it was stored", func(t *testing.T) { roundTripPost(t, world(t)) })
	t.Run("a page is the same while posts arrive, and no post is missed or doubled", func(t *testing.T) { stablePages(t, world(t)) })
	t.Run("filters narrow the main page", func(t *testing.T) { filters(t, world(t)) })
	t.Run("what is not published is nobody else's to see", func(t *testing.T) { unpublished(t, world(t)) })
	t.Run("the posts that an author still has are listed, drafts included", func(t *testing.T) { remaining(t, world(t)) })
	t.Run("a view says what the viewer has to do with the post", func(t *testing.T) { relations(t, world(t)) })
	t.Run("a page of any length takes the same number of queries", func(t *testing.T) { queryCount(t, world(t)) })
	t.Run("deliveries reach every subscriber once, in batches", func(t *testing.T) { deliveries(t, world(t)) })
	t.Run("an inbox holds what was delivered and what is merged, in one order", func(t *testing.T) { mergedInbox(t, world(t)) })
	t.Run("leaving empties the inbox, also of what a late delivery writes", func(t *testing.T) { lateDelivery(t, world(t)) })
	t.Run("who follows whom is listed newest first", func(t *testing.T) { followLists(t, world(t)) })
	t.Run("a library keeps deleted posts", func(t *testing.T) { libraryKeeps(t, world(t)) })
}

// stage is a database with people in it.
type stage struct {
	ContentStores
	t     *testing.T
	db    sqldb.DB
	over  func(db sqldb.DB) ContentStores
	ids   *ident.Source
	clock time.Time

	hana, bora, fan ident.AccountID
}

func newStage(t *testing.T, db sqldb.DB, over func(db sqldb.DB) ContentStores) *stage {
	t.Helper()
	w := &stage{ContentStores: over(db), t: t, db: db, over: over, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.ids = newIDs(func() time.Time { return w.clock })
	w.hana, w.bora, w.fan = w.account("hana"), w.account("bora"), w.account("fan")
	return w
}

func (w *stage) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *stage) exec(query string, args ...any) {
	w.t.Helper()
	_, err := w.db.Exec(w.t.Context(), query, args...)
	w.must(err)
}

func (w *stage) account(handle string) ident.AccountID {
	w.t.Helper()
	id := ident.New[ident.AccountID](w.ids)
	w.exec(`INSERT INTO accounts (id, email, email_key, handle, display_name, bio, password_hash, role, version, created_at)
		VALUES ($1, $2, $2, $3, $3, '', '', 'member', 1, $4)`, id, handle+"@example.com", handle, w.clock)
	w.exec(`INSERT INTO account_counts (account, posts, subscribers, subscriptions) VALUES ($1, 0, 0, 0)`, id)
	return id
}

// medium stores a ready picture with one rendition and a preview.
func (w *stage) medium(owner ident.AccountID) ident.MediaID {
	w.t.Helper()
	id := ident.New[ident.MediaID](w.ids)
	w.exec(`INSERT INTO media (id, owner, purpose, state, stage, progress, attempt, error_code, retryable, original, size, sha256, kind,
			content_type, width, height, duration_ms, blurhash, dominant, alt, created_at, updated_at)
		VALUES ($1, $2, 'post', 'ready', '', 100, 1, '', $3, 'originals/x', 1, '', 'photo', 'image/jpeg', 640, 480, 0, 'L', '#aabbcc', 'a sea', $4, $4)`,
		id, owner, false, w.clock)
	for i, name := range []string{"w320", "preview"} {
		w.exec(`INSERT INTO renditions (media, name, position, preview, key, content_type, width, height, size)
			VALUES ($1, $2, $3, $4, $5, 'image/jpeg', 320, 240, 10)`, id, name, i, name == "preview", "renditions/"+id.String()+"/"+name+".jpg")
	}
	return id
}

// post stores a published post, a second after the one before.
func (w *stage) post(author ident.AccountID, change func(*content.Fields)) ident.PostID {
	w.t.Helper()
	w.clock = w.clock.Add(time.Second)
	return w.publish(w.draft(author, change), author, false)
}

func (w *stage) draft(author ident.AccountID, change func(*content.Fields)) *content.Post {
	w.t.Helper()
	f := content.Fields{Caption: "words", Media: []ident.MediaID{w.medium(author)}}
	if change != nil {
		change(&f)
	}
	post, err := content.NewPost(ident.New[ident.PostID](w.ids), author, f, []string{"nature", "city"}, w.clock)
	w.must(err)
	return post
}

func (w *stage) publish(post *content.Post, author ident.AccountID, merged bool) ident.PostID {
	w.t.Helper()
	var ready []content.Medium
	for _, id := range post.Media() {
		ready = append(ready, content.Medium{ID: id, Ready: true})
	}
	w.must(post.Publish(author, ready, merged, w.clock))
	w.must(w.Posts.Insert(w.t.Context(), post))
	return post.ID()
}

func (w *stage) subscribe(subscriber, creator ident.AccountID, from time.Time) {
	w.t.Helper()
	fresh, err := w.Subscriptions.Insert(w.t.Context(), subscriptions.Subscription{Subscriber: subscriber, Creator: creator, Since: w.clock, InboxFrom: from})
	w.must(err)
	if !fresh {
		w.t.Fatal("the subscription is new")
	}
}

func (w *stage) own(buyer ident.AccountID, post ident.PostID, seller ident.AccountID) {
	w.t.Helper()
	journal, purchase := ident.New[ident.JournalID](w.ids), ident.New[ident.PurchaseID](w.ids)
	w.exec(`INSERT INTO journals (id, kind, reference, owner, subject, at) VALUES ($1, 'purchase', $2, $3, $4, $5)`,
		journal, "purchase:"+purchase.String(), buyer, post, w.clock)
	w.exec(`INSERT INTO purchases (id, buyer, post, seller, coins, paid, bonus, journal, at) VALUES ($1, $2, $3, $4, 5, 5, 0, $5, $6)`,
		purchase, buyer, post, seller, journal, w.clock)
}

// media are the first media of posts.
func (w *stage) media(posts ...ident.PostID) []ident.MediaID {
	w.t.Helper()
	var media []ident.MediaID
	for _, post := range posts {
		id, err := sqldb.One(w.t.Context(), w.db, sqldb.Scalar[ident.MediaID], `SELECT media FROM post_media WHERE post = $1 AND position = 0`, post)
		w.must(err)
		media = append(media, id)
	}
	return media
}

// walk reads a list to its end, in pages of a size.
func walk(w *stage, size int, read func(store.Page) (store.List[*store.Post], error)) []ident.PostID {
	w.t.Helper()
	var all []ident.PostID
	page := store.Page{Limit: size}
	for range 1000 {
		list, err := read(page)
		w.must(err)
		if len(list.Items) > size {
			w.t.Fatalf("a page of %d has %d items", size, len(list.Items))
		}
		for _, post := range list.Items {
			all = append(all, post.ID)
		}
		if list.Next.IsZero() {
			return all
		}
		page.After = list.Next
	}
	w.t.Fatal("the list does not end")
	return nil
}

func (w *stage) newest(viewer ident.AccountID, f store.Filter) func(store.Page) (store.List[*store.Post], error) {
	return func(p store.Page) (store.List[*store.Post], error) {
		return w.Feeds.Newest(w.t.Context(), viewer, f, p)
	}
}

func (w *stage) inbox(account ident.AccountID) func(store.Page) (store.List[*store.Post], error) {
	return func(p store.Page) (store.List[*store.Post], error) { return w.Feeds.Inbox(w.t.Context(), account, p) }
}

func same(t *testing.T, got, want []ident.PostID) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got %d posts %v\nwant %d %v", len(got), got, len(want), want)
	}
}

func newestFirst(posts []ident.PostID) []ident.PostID {
	turned := slices.Clone(posts)
	slices.Reverse(turned)
	return turned
}

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
	waiting := w.draft(w.hana, nil)
	w.must(waiting.Publish(w.hana, nil, false, w.clock))
	w.must(w.Posts.Insert(t.Context(), waiting))
	shown := w.post(w.hana, nil)

	for _, viewer := range []ident.AccountID{{}, w.fan} {
		for _, id := range []ident.PostID{draft.ID(), waiting.ID()} {
			if _, err := w.Feeds.Post(t.Context(), viewer, id); !errors.Is(err, content.ErrNotFound) {
				t.Errorf("viewer %s: %v", viewer, err)
			}
		}
		same(t, walk(w, 10, w.newest(viewer, store.Filter{})), []ident.PostID{shown})
	}
	own := func(state content.State) []ident.PostID {
		return walk(w, 1, func(p store.Page) (store.List[*store.Post], error) { return w.Feeds.Own(t.Context(), w.hana, state, p) })
	}
	same(t, own(""), []ident.PostID{shown, waiting.ID(), draft.ID()})
	same(t, own(content.Draft), []ident.PostID{draft.ID()})
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
		f.Tags, f.Terms.Price = []string{"b", "a"}, 5
		f.Media = append(f.Media, w.medium(w.hana))
	})
	w.own(w.fan, post, w.hana)
	w.subscribe(w.bora, w.hana, w.clock)
	w.must(w.Counters.CountSale(t.Context(), post))
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

func deliveries(t *testing.T, w *stage) {
	var fans []ident.AccountID
	for i := range 7 {
		fans = append(fans, w.account(fmt.Sprintf("fan%d", i)))
		w.subscribe(fans[i], w.hana, w.clock)
	}
	late := w.account("late")
	w.subscribe(late, w.hana, w.clock.Add(time.Hour))
	post := w.post(w.hana, nil)
	delivery := store.Delivery{Post: post, Author: w.hana, PublishedAt: w.clock}
	for range 2 { // twice over, as after a crash
		var after ident.AccountID
		batches := 0
		for {
			next, err := w.Inboxes.Deliver(t.Context(), delivery, after, 3)
			w.must(err)
			if batches++; next.IsZero() {
				break
			}
			if next.Compare(after) <= 0 || batches > 10 {
				t.Fatalf("from %s to %s", after, next)
			}
			after = next
		}
		if batches != 3 {
			t.Errorf("8 subscribers by 3 take 3 batches, not %d", batches)
		}
	}
	for _, fan := range fans {
		same(t, walk(w, 10, w.inbox(fan)), []ident.PostID{post})
	}
	same(t, walk(w, 10, w.inbox(late)), nil)
	same(t, walk(w, 10, w.inbox(w.bora)), nil)

	for _, want := range []int64{4, 3, 0} {
		n, err := w.Inboxes.Withdraw(t.Context(), post, 4)
		w.must(err)
		if n != want {
			t.Errorf("withdrew %d, want %d", n, want)
		}
	}
}

func mergedInbox(t *testing.T, w *stage) {
	before := w.publish(w.draft(w.bora, nil), w.bora, true)
	w.clock = w.clock.Add(time.Second)
	w.subscribe(w.fan, w.hana, w.clock)
	w.subscribe(w.fan, w.bora, w.clock)
	var want []ident.PostID
	for i := range 6 {
		w.clock = w.clock.Add(time.Second)
		if i%2 == 0 {
			want = append(want, w.publish(w.draft(w.bora, nil), w.bora, true))
			continue
		}
		post := w.post(w.hana, nil)
		_, err := w.Inboxes.Deliver(t.Context(), store.Delivery{Post: post, Author: w.hana, PublishedAt: w.clock}, ident.AccountID{}, 100)
		w.must(err)
		want = append(want, post)
	}
	for _, size := range []int{1, 2, 5, 100} {
		same(t, walk(w, size, w.inbox(w.fan)), newestFirst(want))
	}
	if slices.Contains(walk(w, 10, w.inbox(w.fan)), before) {
		t.Error("what was published before the inbox begins is not in it")
	}
}

func lateDelivery(t *testing.T, w *stage) {
	w.subscribe(w.fan, w.hana, w.clock)
	first := w.post(w.hana, nil)
	w.must(w.Inboxes.Fill(t.Context(), w.fan, w.hana, w.clock))
	same(t, walk(w, 10, w.inbox(w.fan)), []ident.PostID{first})

	existed, err := w.Subscriptions.Delete(t.Context(), w.fan, w.hana)
	w.must(err)
	w.must(w.Inboxes.Clear(t.Context(), w.fan, w.hana))
	if !existed {
		t.Error("there was a subscription")
	}
	w.must(w.Inboxes.Fill(t.Context(), w.fan, w.hana, w.clock)) // a delivery that had read the subscription before
	same(t, walk(w, 10, w.inbox(w.fan)), nil)
	if existed, err := w.Subscriptions.Delete(t.Context(), w.fan, w.hana); err != nil || existed {
		t.Errorf("there is none any more: %v, %v", existed, err)
	}
}

func followLists(t *testing.T, w *stage) {
	w.subscribe(w.fan, w.hana, w.clock)
	w.clock = w.clock.Add(time.Second)
	w.subscribe(w.bora, w.hana, w.clock)
	w.must(w.Subscriptions.Adjust(t.Context(), w.fan, w.hana, 1))
	w.must(w.Subscriptions.Adjust(t.Context(), w.bora, w.hana, 1))
	if n, err := w.Subscriptions.Count(t.Context(), w.hana); err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
	if fresh, err := w.Subscriptions.Insert(t.Context(), subscriptions.Subscription{Subscriber: w.fan, Creator: w.hana, Since: w.clock, InboxFrom: w.clock}); err != nil || fresh {
		t.Errorf("subscribing again changes nothing: %v, %v", fresh, err)
	}
	var handles []string
	page := store.Page{Limit: 1}
	for range 2 {
		list, err := w.Subscriptions.Subscribers(t.Context(), w.hana, page)
		w.must(err)
		handles = append(handles, list.Items[0].Account.Handle)
		page.After = list.Next
	}
	if !slices.Equal(handles, []string{"bora", "fan"}) || !page.After.IsZero() {
		t.Errorf("%v, then %v", handles, page.After)
	}
	list, err := w.Subscriptions.Creators(t.Context(), w.fan, store.Page{Limit: 5})
	if err != nil || len(list.Items) != 1 || list.Items[0].Account.Handle != "hana" {
		t.Errorf("%+v, %v", list, err)
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
