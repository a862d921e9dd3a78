package content_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/content"
	rules "github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/test/pgtest"
)

// captions are what a post once said, the newest first.
func (d *desk) captions(by content.Viewer, id ident.PostID) ([]string, error) {
	history := &content.History{Posts: d.posts.Posts, Edits: d.posts.Edits}
	list, err := history.Of(d.t.Context(), by, id, store.Page{Limit: 100})
	captions := []string{}
	for _, e := range list.Items {
		captions = append(captions, e.Caption)
	}
	return captions, err
}

func (d *desk) writes(id ident.PostID, caption string) error {
	return d.edit(id, content.Edit{Caption: &caption})
}

func TestEditHistory(t *testing.T) {
	own, guard := content.Viewer{Account: author}, content.Viewer{Account: fan, Moderator: true}
	t.Run("what a published post said is kept, what a draft said is not", func(t *testing.T) {
		d := newDesk(t)
		no, id := false, d.create(true, nil, d.medium(true))
		d.must(d.writes(id, "first"))
		d.must(d.edit(id, content.Edit{Draft: &no}))
		for _, caption := range []string{"second", "second", "third"} {
			d.must(d.writes(id, caption))
		}
		for _, by := range []content.Viewer{own, guard} {
			if got, err := d.captions(by, id); err != nil || !slices.Equal(got, []string{"second", "first"}) {
				t.Errorf("%q, %v", got, err)
			}
		}
		for _, by := range []content.Viewer{{}, {Account: fan}} {
			if _, err := d.captions(by, id); !errors.Is(err, rules.ErrNotFound) {
				t.Error(err)
			}
		}
		d.must(d.posts.Delete(t.Context(), author, id, nil))
		if got, err := d.captions(guard, id); err != nil || len(got) != 2 {
			t.Errorf("moderators read on when it is deleted: %q, %v", got, err)
		}
	})
	t.Run("an edit that fails keeps nothing", func(t *testing.T) {
		d := newDesk(t)
		id := d.create(false, nil, d.medium(true))
		caption, yes := "other words", true
		if err := d.edit(id, content.Edit{Caption: &caption, Draft: &yes}); !errors.Is(err, rules.ErrPublished) {
			t.Error(err)
		}
		if got, err := d.captions(own, id); err != nil || len(got) != 0 {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("it goes with an author who is gone for good, also that of deleted posts", func(t *testing.T) {
		d := newDesk(t)
		posts := []ident.PostID{d.create(false, nil, d.medium(true)), d.create(false, nil, d.medium(true))}
		for _, id := range posts {
			d.must(d.writes(id, "other words"))
		}
		d.must(d.posts.Delete(t.Context(), author, posts[0], nil))
		d.must(d.queue.Enqueue(t.Context(), jobs.Job{Kind: content.LeaveJob, Subject: author, Owner: author}))
		d.leave()
		for _, id := range posts {
			if got, err := d.captions(guard, id); err != nil || len(got) != 0 {
				t.Errorf("%q, %v", got, err)
			}
		}
	})
	t.Run("other words for a medium are an edit of each published post that shows it", func(t *testing.T) {
		d := newDesk(t)
		medium := d.medium(true)
		shown, draft, other := d.create(false, nil, medium), d.create(true, nil, medium), d.create(false, nil, d.medium(true))
		for _, h := range (&content.Counters{Posts: d.posts}).Handlers() {
			if h.Consumer == "content.keep-described" {
				payload := fmt.Appendf(nil, `{"media_id":%q,"owner_id":%q,"former_alt":"a lake","at":"2026-03-01T12:30:00Z"}`, medium, author)
				d.must(h.Handle(t.Context(), event.Envelope{Payload: payload}))
			}
		}
		for id, want := range map[ident.PostID]int{shown: 1, draft: 0, other: 0} {
			list, err := d.posts.Edits.List(t.Context(), id, store.Page{Limit: 10})
			if err != nil || len(list.Items) != want {
				t.Fatalf("%+v, %v", list.Items, err)
			}
			if want == 1 && (list.Items[0].Media[0] != store.FormerMedium{ID: medium, Alt: "a lake"}) {
				t.Errorf("%+v", list.Items[0])
			}
		}
	})
}

// TestEditRaces: every version that anybody can have seen is kept, once, and of
// those who change the same copy one wins.
func TestEditRaces(t *testing.T) {
	for name, open := range map[string]func(*testing.T) sqldb.DB{
		"sqlite": memoryDB, "postgres": func(t *testing.T) sqldb.DB { return pgtest.Open(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := deskOn(t, open(t))
			id := d.create(false, nil, d.medium(true))
			said := []string{"words"}
			for round := range 10 {
				post, err := d.posts.Posts.Get(t.Context(), id)
				d.must(err)
				version := post.Record().Version
				var mu sync.Mutex
				var all sync.WaitGroup
				var won []string
				for i := range 8 {
					all.Go(func() {
						caption := fmt.Sprintf("round %d, %d", round, i)
						err := d.edit(id, content.Edit{Versions: []int64{1, version}, Caption: &caption})
						mu.Lock()
						defer mu.Unlock()
						if err == nil {
							won = append(won, caption)
						} else if !errors.Is(err, rules.ErrStale) {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if len(won) != 1 {
					t.Fatalf("round %d: %q won", round, won)
				}
				said = append(said, won...)
			}
			got, err := d.captions(content.Viewer{Account: author}, id)
			d.must(err)
			slices.Reverse(got)
			if !slices.Equal(got, said[:len(said)-1]) {
				t.Errorf("%q, want %q", got, said)
			}
		})
	}
}

func TestCrowdedMedia(t *testing.T) {
	d := newDesk(t)
	medium, spare := d.medium(true), d.medium(true)
	var posts []ident.PostID
	for range rules.MaxPostsOfMedium {
		posts = append(posts, d.create(true, nil, medium))
	}
	another := func() error {
		_, err := d.posts.Create(t.Context(), author, content.New{Fields: rules.Fields{Media: []ident.MediaID{spare, medium}}, Draft: true})
		return err
	}
	t.Run("a medium is in a hundred posts at most", func(t *testing.T) {
		if err := another(); !errors.Is(err, rules.ErrCrowded) {
			t.Error(err)
		}
	})
	t.Run("also when it is put into one that is there", func(t *testing.T) {
		id := d.create(true, nil, spare)
		if err := d.edit(id, content.Edit{Media: &[]ident.MediaID{spare, medium}}); !errors.Is(err, rules.ErrCrowded) {
			t.Error(err)
		}
	})
	t.Run("those that show it are changed and published as ever", func(t *testing.T) {
		no := false
		d.must(d.edit(posts[0], content.Edit{Media: &[]ident.MediaID{medium, spare}, Draft: &no}))
		d.must(d.writes(posts[0], "other words"))
	})
	t.Run("a post that is deleted makes room", func(t *testing.T) {
		d.must(d.posts.Delete(t.Context(), author, posts[0], nil))
		d.must(another())
		if err := another(); !errors.Is(err, rules.ErrCrowded) {
			t.Error(err)
		}
	})
}

// TestCrowdingRaces: those who take the last room at once do not all get it.
func TestCrowdingRaces(t *testing.T) {
	db := pgtest.Open(t)
	d := deskOn(t, db)
	medium := ident.New[ident.MediaID](ids)
	for range rules.MaxPostsOfMedium - 1 {
		d.media[medium] = true
		d.create(true, nil, medium)
	}
	_, err := db.Exec(t.Context(), `INSERT INTO media (id, owner, purpose, state, stage, progress, attempt, error_code, retryable, original, size,
			sha256, kind, content_type, width, height, duration_ms, blurhash, dominant, alt, created_at, updated_at)
		VALUES ($1, $2, 'post', 'ready', '', 0, 1, '', FALSE, '', 1, '', '', '', 0, 0, 0, '', '', '', $3, $3)`, medium, author, d.now())
	d.must(err)
	a := &album{kept: sqlstore.NewMedia(db), locked: make(chan struct{})}
	a.ready.Store(true)
	d.posts.Media = a
	var mu sync.Mutex
	var all sync.WaitGroup
	won := 0
	for range 10 {
		all.Go(func() {
			_, err := d.posts.Create(t.Context(), author, content.New{Fields: rules.Fields{Media: []ident.MediaID{medium}}})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, rules.ErrCrowded) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won != 1 {
		t.Errorf("%d posts got the last room", won)
	}
}
