package content_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/content"
	rules "github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// desk is the use cases of posts over a database in memory, with media and
// subscribers as the test says.
type desk struct {
	t       *testing.T
	db      sqldb.DB
	posts   *content.Posts
	catalog *content.Catalog
	queue   *sqlstore.Jobs
	media   readiness
	crowd   crowd

	mu    sync.Mutex // guards the clock
	clock time.Time
}

func (d *desk) now() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.clock }

func (d *desk) pass(by time.Duration) { d.mu.Lock(); defer d.mu.Unlock(); d.clock = d.clock.Add(by) }

// readiness tells which media there are, and whether they are ready.
type readiness map[ident.MediaID]bool

func (r readiness) Media(_ context.Context, _ ident.AccountID, ids []ident.MediaID) ([]access.Medium, error) {
	var media []access.Medium
	for _, id := range ids {
		ready, there := r[id]
		if !there {
			return nil, access.ErrNoMedium
		}
		state := "processing"
		if ready {
			state = "ready"
		}
		media = append(media, access.Medium{PostMedium: store.PostMedium{ID: id, State: state}})
	}
	return media, nil
}

// crowd are those who subscribe.
type crowd struct {
	subscribers []ident.AccountID
	large       bool
}

func (c *crowd) Subscribes(_ context.Context, account, _ ident.AccountID) (bool, error) {
	return slices.Contains(c.subscribers, account), nil
}

func (c *crowd) Author(context.Context, ident.AccountID) tx.Soon[access.Author] {
	return func() (access.Author, error) { return access.Author{Large: c.large}, nil }
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return deskOn(t, memoryDB(t))
}

func memoryDB(t *testing.T) sqldb.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

func deskOn(t *testing.T, db sqldb.DB) *desk {
	t.Helper()
	d := &desk{t: t, db: db, media: readiness{}, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	now := d.now
	store := sqlstore.NewPosts(db)
	d.queue = sqlstore.NewJobs(db, ids, now)
	d.catalog = &content.Catalog{Posts: store, Audience: &d.crowd}
	d.posts = &content.Posts{
		Tx: db, Posts: store, Edits: sqlstore.NewEdits(db), Media: d.media, Audience: &d.crowd, Outbox: sqlstore.NewOutbox(db, ids, now), Queue: d.queue, IDs: ids, Now: now,
		Categories: []string{"nature"},
	}
	_, err := db.Exec(t.Context(), `INSERT INTO accounts (id, email, email_key, handle, display_name, bio, password_hash, role, version, created_at)
		VALUES ($1, 'a', 'a', 'author', 'Author', '', '', 'member', 1, $2)`, author, d.clock)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// medium makes a medium known.
func (d *desk) medium(ready bool) ident.MediaID {
	id := ident.New[ident.MediaID](ids)
	d.media[id] = ready
	return id
}

func (d *desk) create(draft bool, change func(*rules.Fields), media ...ident.MediaID) ident.PostID {
	d.t.Helper()
	f := rules.Fields{Caption: "words", Media: media}
	if change != nil {
		change(&f)
	}
	post, err := d.posts.Create(d.t.Context(), author, content.New{Fields: f, Draft: draft})
	if err != nil {
		d.t.Fatal(err)
	}
	return post.ID
}

func (d *desk) state(id ident.PostID) rules.State {
	d.t.Helper()
	state, err := sqldb.One(d.t.Context(), d.db, sqldb.Scalar[rules.State], `SELECT state FROM posts WHERE id = $1`, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return state
}

// topics are the events that were written down.
func (d *desk) topics() []string {
	d.t.Helper()
	topics, err := sqldb.List(d.t.Context(), d.db, sqldb.Scalar[string], `SELECT topic FROM outbox ORDER BY id`)
	if err != nil {
		d.t.Fatal(err)
	}
	return topics
}

func TestPublishing(t *testing.T) {
	t.Run("a post waits for its media, and is published once when the last is ready", func(t *testing.T) {
		d := newDesk(t)
		first, second := d.medium(false), d.medium(false)
		id := d.create(false, nil, first, second)
		d.media[first] = true
		for range 2 {
			if err := d.posts.Settle(t.Context(), first); err != nil {
				t.Fatal(err)
			}
		}
		if d.state(id) != rules.Processing || len(d.topics()) != 0 {
			t.Fatalf("%s, %v", d.state(id), d.topics())
		}
		d.media[second] = true
		for range 2 {
			if err := d.posts.Settle(t.Context(), second); err != nil {
				t.Fatal(err)
			}
		}
		if d.state(id) != rules.Published || !slices.Equal(d.topics(), []string{"content.post.published.v1"}) {
			t.Fatalf("%s, %v", d.state(id), d.topics())
		}
	})
	t.Run("a post whose event was lost is published by the chore, one that waits is left alone", func(t *testing.T) {
		d := newDesk(t)
		lost, waits := d.medium(false), d.medium(false)
		overdue, waiting := d.create(false, nil, lost), d.create(false, nil, waits)
		d.media[lost] = true
		for id, state := range map[ident.MediaID]string{lost: "ready", waits: "processing"} {
			_, err := d.db.Exec(t.Context(), `INSERT INTO media (id, owner, purpose, state, stage, progress, attempt, error_code, retryable, original, size,
					sha256, kind, content_type, width, height, duration_ms, blurhash, dominant, alt, created_at, updated_at)
				VALUES ($1, $2, 'post', $3, '', 0, 1, '', $4, '', 1, '', '', '', 0, 0, 0, '', '', '', $5, $5)`, id, author, state, false, d.clock)
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := d.posts.SettleOverdue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d.state(overdue) != rules.Published || d.state(waiting) != rules.Processing {
			t.Errorf("%s, %s", d.state(overdue), d.state(waiting))
		}
	})
	t.Run("a post with a medium that has failed goes on waiting", func(t *testing.T) {
		d := newDesk(t)
		good, bad := d.medium(false), d.medium(false)
		id := d.create(false, nil, good, bad)
		delete(d.media, bad)
		d.media[good] = true
		if err := d.posts.Settle(t.Context(), good); err != nil || d.state(id) != rules.Processing {
			t.Errorf("%s, %v", d.state(id), err)
		}
	})
	t.Run("media that are not the author's are refused, and nothing is kept", func(t *testing.T) {
		d := newDesk(t)
		_, err := d.posts.Create(t.Context(), author, content.New{Fields: rules.Fields{Media: []ident.MediaID{ident.New[ident.MediaID](ids)}}})
		if !errors.Is(err, access.ErrNoMedium) {
			t.Error(err)
		}
		if remaining, err := d.posts.Posts.Remaining(t.Context(), author, 1); err != nil || len(remaining) != 0 {
			t.Errorf("%v, %v", remaining, err)
		}
	})
	t.Run("the posts of somebody with a crowd are marked to be merged", func(t *testing.T) {
		d := newDesk(t)
		d.crowd.large = true
		id := d.create(false, nil, d.medium(true))
		merged, err := sqldb.One(t.Context(), d.db, sqldb.Scalar[bool], `SELECT merged FROM posts WHERE id = $1`, id)
		if err != nil || !merged {
			t.Errorf("%v, %v", merged, err)
		}
	})
}

func TestEditing(t *testing.T) {
	caption, published, draft := "other words", false, true
	t.Run("what is left out stays, and a draft is published by saying so", func(t *testing.T) {
		d := newDesk(t)
		id := d.create(true, func(f *rules.Fields) { f.Tags = []string{"sea"} }, d.medium(true))
		if err := d.posts.Edit(t.Context(), author, content.Edit{Post: id, Caption: &caption, Draft: &published}); err != nil {
			t.Fatal(err)
		}
		tag, err := sqldb.One(t.Context(), d.db, sqldb.Scalar[string], `SELECT tag FROM post_tags WHERE post = $1`, id)
		if err != nil || tag != "sea" || d.state(id) != rules.Published {
			t.Errorf("%s, %s, %v", tag, d.state(id), err)
		}
		if err := d.posts.Edit(t.Context(), author, content.Edit{Post: id, Draft: &draft}); !errors.Is(err, rules.ErrPublished) {
			t.Error("a published post is no draft again:", err)
		}
	})
	t.Run("a change of an old copy is refused, and tells a stranger nothing", func(t *testing.T) {
		d := newDesk(t)
		id := d.create(true, nil)
		if err := d.posts.Edit(t.Context(), author, content.Edit{Post: id, Versions: []int64{1}, Caption: &caption}); err != nil {
			t.Fatal(err)
		}
		if err := d.posts.Edit(t.Context(), author, content.Edit{Post: id, Versions: []int64{1}, Caption: &caption}); !errors.Is(err, rules.ErrStale) {
			t.Error(err)
		}
		if err := d.posts.Edit(t.Context(), fan, content.Edit{Post: id, Versions: []int64{1}, Caption: &caption}); !errors.Is(err, rules.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestOffers(t *testing.T) {
	terms := func(v rules.Visibility, price money.Coins) func(*rules.Fields) {
		return func(f *rules.Fields) { f.Terms = rules.Terms{Visibility: v, Price: price} }
	}
	t.Run("a subscribers' post is offered to subscribers only", func(t *testing.T) {
		d := newDesk(t)
		id := d.create(false, terms(rules.Subscribers, 5), d.medium(true))
		if _, err := d.catalog.Offer(t.Context(), fan, id); !errors.Is(err, content.ErrSubscribersOnly) || fault.KindOf(err) != fault.Forbidden {
			t.Error(err)
		}
		d.crowd.subscribers = append(d.crowd.subscribers, fan)
		offer, err := d.catalog.Offer(t.Context(), fan, id)
		if err != nil || offer != (access.Offer{Post: id, Seller: author, Handle: "author", Price: 5}) {
			t.Errorf("%+v, %v", offer, err)
		}
	})
	t.Run("a draft is offered to nobody", func(t *testing.T) {
		d := newDesk(t)
		id := d.create(true, terms(rules.Public, 5), d.medium(true))
		if _, err := d.catalog.Offer(t.Context(), fan, id); !errors.Is(err, rules.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestLeaving(t *testing.T) {
	d := newDesk(t)
	shown, draft := d.create(false, nil, d.medium(true)), d.create(true, nil)
	leaving := &content.Leaving{Posts: d.posts, Queue: d.queue}
	job := jobs.Job{Kind: content.LeaveJob, Subject: author, Owner: author}
	if err := d.queue.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	lease, ok, err := d.queue.Claim(t.Context(), []string{content.LeaveJob}, time.Minute)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := leaving.Worker().Run(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	t.Run("every post of who left is deleted, drafts included", func(t *testing.T) {
		if d.state(shown) != rules.Deleted || d.state(draft) != rules.Deleted {
			t.Errorf("%s, %s", d.state(shown), d.state(draft))
		}
	})
	t.Run("the job is done", func(t *testing.T) {
		if _, ok, err := d.queue.Claim(t.Context(), []string{content.LeaveJob}, time.Minute); ok || err != nil {
			t.Error(ok, err)
		}
	})
}
