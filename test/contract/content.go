package contract

import (
	"slices"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/store"
)

// ContentStores are the stores of posts and of who follows whom.
type ContentStores struct {
	Posts         store.Posts
	Edits         store.Edits
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
	t.Run("what is kept of posts does not outlive a change", func(t *testing.T) { keptViews(t, world(t)) })
	t.Run("the posts of those who have few subscribers reach them all at once", func(t *testing.T) { smallDeliveries(t, world(t)) })
	t.Run("deliveries reach every subscriber once, in batches", func(t *testing.T) { deliveries(t, world(t)) })
	t.Run("an inbox holds what was delivered and what is merged, in one order", func(t *testing.T) { mergedInbox(t, world(t)) })
	t.Run("leaving empties the inbox, also of what a late delivery writes", func(t *testing.T) { lateDelivery(t, world(t)) })
	t.Run("who follows whom is listed newest first", func(t *testing.T) { followLists(t, world(t)) })
	t.Run("a library keeps deleted posts", func(t *testing.T) { libraryKeeps(t, world(t)) })
	t.Run("who has left is in no inbox, and ends none", func(t *testing.T) { leftAuthors(t, world(t)) })
	t.Run("the terms of a post hold until the transaction ends", func(t *testing.T) { termsHold(t, world(t)) })
	t.Run("former versions are kept, newest first, up to a number", func(t *testing.T) { formerVersions(t, world(t)) })
	t.Run("former versions go with their author, or with the post", func(t *testing.T) { forgottenVersions(t, world(t)) })
	t.Run("a medium that too many posts show is told", func(t *testing.T) { crowdedMedia(t, world(t)) })
	t.Run("those who subscribe to each other are counted at once", func(t *testing.T) { mutualCounts(t, world(t)) })
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
