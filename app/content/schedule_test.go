package content_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/app/content"
	rules "github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/test/pgtest"
)

func (d *desk) scheduler() *content.Scheduler {
	return &content.Scheduler{Posts: d.posts, Authors: &accounts.Catalog{Accounts: sqlstore.NewAccounts(d.db)}}
}

// schedule writes a post for a time from now.
func (d *desk) schedule(in time.Duration, media ...ident.MediaID) ident.PostID {
	d.t.Helper()
	at := d.now().Add(in)
	post, err := d.posts.Create(d.t.Context(), author, content.New{Fields: rules.Fields{Caption: "words", Media: media}, PublishAt: &at})
	d.must(err)
	return post.ID
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// due does the jobs that are due, and tells how many there were.
func (d *desk) due() (n int) {
	d.t.Helper()
	for {
		l, ok, err := d.queue.Claim(d.t.Context(), []string{content.PublishJob}, time.Minute)
		d.must(err)
		if !ok {
			return n
		}
		d.must(d.scheduler().Worker().Run(d.t.Context(), l))
		n++
	}
}

func (d *desk) is(id ident.PostID, state rules.State, events int) {
	d.t.Helper()
	if d.state(id) != state || len(d.topics()) != events {
		d.t.Fatalf("the post is %s after %v", d.state(id), d.topics())
	}
}

func (d *desk) edit(id ident.PostID, change content.Edit) error {
	change.Post = id
	return d.posts.Edit(d.t.Context(), author, change)
}

func (d *desk) waiting() int64 {
	d.t.Helper()
	n, err := sqldb.One(d.t.Context(), d.db, sqldb.Scalar[int64], `SELECT count(*) FROM jobs WHERE kind = $1`, content.PublishJob)
	d.must(err)
	return n
}

func (d *desk) publishedAt(id ident.PostID) time.Time {
	d.t.Helper()
	at, err := sqldb.One(d.t.Context(), d.db, sqldb.Scalar[time.Time], `SELECT published_at FROM posts WHERE id = $1`, id)
	d.must(err)
	return at
}

func TestScheduledPosts(t *testing.T) {
	yes, no := true, false
	t.Run("a post is published once, when it is due", func(t *testing.T) {
		d := newDesk(t)
		id := d.schedule(time.Hour, d.medium(true))
		d.pass(time.Hour - time.Second)
		if d.due() != 0 {
			t.Error("it is not due")
		}
		d.is(id, rules.Scheduled, 0)
		d.pass(time.Second)
		d.due()
		d.is(id, rules.Published, 1)
		if d.due() != 0 || d.waiting() != 0 {
			t.Error("there is nothing more to do")
		}
	})
	t.Run("what was due while no server ran is published when one does, as of that moment", func(t *testing.T) {
		d := newDesk(t)
		id := d.schedule(time.Hour, d.medium(true))
		d.pass(50 * time.Hour)
		d.due()
		d.is(id, rules.Published, 1)
		if !d.publishedAt(id).Equal(d.now()) {
			t.Error("readers who have read past the planned moment would not see it:", d.publishedAt(id))
		}
	})
	t.Run("a post is moved to earlier, and to later", func(t *testing.T) {
		d := newDesk(t)
		start := d.now()
		id := d.schedule(5*time.Hour, d.medium(true))
		for _, in := range []time.Duration{time.Hour, 3 * time.Hour, 2 * time.Hour} {
			at := start.Add(in)
			d.must(d.edit(id, content.Edit{PublishAt: &at}))
		}
		d.pass(2*time.Hour - time.Second)
		d.due()
		d.is(id, rules.Scheduled, 0)
		d.pass(time.Second)
		d.due()
		d.is(id, rules.Published, 1)
		if d.waiting() != 0 {
			t.Error("there is nothing more to do")
		}
	})
	for name, undo := range map[string]struct {
		how   func(d *desk, id ident.PostID) error
		state rules.State
		told  int
	}{
		"made a draft again by taking the time away": {func(d *desk, id ident.PostID) error { return d.edit(id, content.Edit{Unschedule: true}) }, rules.Draft, 0},
		"made a draft again by calling it one":       {func(d *desk, id ident.PostID) error { return d.edit(id, content.Edit{Draft: &yes}) }, rules.Draft, 0},
		"deleted":                                    {func(d *desk, id ident.PostID) error { return d.posts.Delete(context.Background(), author, id, nil) }, rules.Deleted, 1},
		"published at once":                          {func(d *desk, id ident.PostID) error { return d.edit(id, content.Edit{Draft: &no}) }, rules.Published, 1},
	} {
		t.Run("nothing is left to come of a post that was "+name, func(t *testing.T) {
			d := newDesk(t)
			id := d.schedule(time.Hour, d.medium(true))
			d.must(undo.how(d, id))
			d.due()
			if d.waiting() != 0 {
				t.Error("the job is still there")
			}
			d.pass(2 * time.Hour)
			d.due()
			d.is(id, undo.state, undo.told)
		})
	}
	t.Run("a draft is scheduled, changed meanwhile, and published with what it says then", func(t *testing.T) {
		d := newDesk(t)
		id := d.create(true, nil)
		at, media, caption := d.now().Add(time.Hour), []ident.MediaID{d.medium(true)}, "in the end"
		if err := d.edit(id, content.Edit{PublishAt: &at}); err == nil {
			t.Error("it has no media")
		}
		d.must(d.edit(id, content.Edit{PublishAt: &at, Media: &media}))
		d.must(d.edit(id, content.Edit{Caption: &caption}))
		d.pass(time.Hour)
		d.due()
		d.is(id, rules.Published, 1)
		text, err := sqldb.One(t.Context(), d.db, sqldb.Scalar[string], `SELECT caption FROM posts WHERE id = $1`, id)
		if err != nil || text != caption {
			t.Error(text, err)
		}
	})
	t.Run("a post that is overdue may still be put off, as long as it was not published", func(t *testing.T) {
		d := newDesk(t)
		id := d.schedule(time.Hour, d.medium(true))
		d.pass(2 * time.Hour)
		at := d.now().Add(time.Hour)
		d.must(d.edit(id, content.Edit{PublishAt: &at}))
		d.due()
		d.is(id, rules.Scheduled, 0)
		d.pass(time.Hour)
		d.due()
		d.is(id, rules.Published, 1)
		for _, late := range []content.Edit{{PublishAt: &at}, {Unschedule: true}, {Draft: &yes}, {Draft: &no}} {
			if err := d.edit(id, late); !errors.Is(err, rules.ErrPublished) {
				t.Errorf("%+v: %v", late, err)
			}
		}
	})
	t.Run("a draft with a time contradicts itself", func(t *testing.T) {
		d := newDesk(t)
		at, medium := d.now().Add(time.Hour), d.medium(true)
		if _, err := d.posts.Create(t.Context(), author, content.New{Fields: rules.Fields{Media: []ident.MediaID{medium}}, Draft: true, PublishAt: &at}); err == nil {
			t.Error("created")
		}
		id := d.schedule(time.Hour, medium)
		for _, draft := range []*bool{&yes, &no} {
			if err := d.edit(id, content.Edit{PublishAt: &at, Draft: draft}); err == nil {
				t.Error("edited")
			}
		}
		d.must(d.edit(id, content.Edit{Unschedule: true, Draft: &no}))
		d.is(id, rules.Published, 1)
	})
	t.Run("a post whose media are not ready when it is due waits for them, and is published then", func(t *testing.T) {
		d := newDesk(t)
		medium := d.medium(false)
		id := d.schedule(time.Hour, medium)
		d.pass(time.Hour)
		d.due()
		d.is(id, rules.Processing, 0)
		d.media[medium] = true
		d.must(d.posts.Settle(t.Context(), medium))
		d.is(id, rules.Published, 1)
	})
	t.Run("a medium that becomes ready before the time changes nothing", func(t *testing.T) {
		d := newDesk(t)
		medium := d.medium(false)
		id := d.schedule(time.Hour, medium)
		d.media[medium] = true
		d.must(d.posts.Settle(t.Context(), medium))
		d.must(d.posts.SettleOverdue(t.Context()))
		d.is(id, rules.Scheduled, 0)
	})
	t.Run("a post with a medium that has failed waits in vain, as if it had been published by hand", func(t *testing.T) {
		d := newDesk(t)
		medium := d.medium(false)
		id := d.schedule(time.Hour, medium)
		delete(d.media, medium)
		d.pass(time.Hour)
		d.due()
		d.is(id, rules.Processing, 0)
		if d.waiting() != 0 {
			t.Error("the job has done what it can")
		}
	})
	t.Run("nobody schedules another's post, or hears of it", func(t *testing.T) {
		d := newDesk(t)
		id, at := d.schedule(time.Hour, d.medium(true)), d.now().Add(time.Minute)
		for _, change := range []content.Edit{{PublishAt: &at}, {Unschedule: true}, {Draft: &no}, {Versions: []int64{99}}} {
			change.Post = id
			if err := d.posts.Edit(t.Context(), fan, change); !errors.Is(err, rules.ErrNotFound) {
				t.Error(err)
			}
		}
	})
}

func TestScheduledPostsOfWhoLeaves(t *testing.T) {
	left := func(d *desk, at time.Time) {
		_, err := d.db.Exec(d.t.Context(), `UPDATE accounts SET deleted_at = $2 WHERE id = $1`, author, at)
		d.must(err)
	}
	t.Run("it waits while its author is away, and comes within the hour when he is back", func(t *testing.T) {
		d := newDesk(t)
		id := d.schedule(time.Hour, d.medium(true))
		left(d, d.now())
		for range 30 {
			d.pass(time.Hour)
			d.due()
		}
		d.is(id, rules.Scheduled, 0)
		left(d, time.Time{})
		d.pass(time.Hour)
		d.due()
		d.is(id, rules.Published, 1)
	})
	t.Run("it goes with an author who is gone for good", func(t *testing.T) {
		d := newDesk(t)
		id := d.schedule(24*time.Hour, d.medium(true))
		left(d, d.now())
		leaving := &content.Leaving{Posts: d.posts, Queue: d.queue}
		d.must(leaving.Handlers()[0].Handle(t.Context(), event.Envelope{Payload: fmt.Appendf(nil, `{"account_id":%q}`, author)}))
		d.leave()
		d.due()
		if d.state(id) != rules.Deleted || d.waiting() != 0 {
			t.Error(d.state(id), d.waiting())
		}
	})
}

// leave does the job of taking away the author's posts.
func (d *desk) leave() {
	d.t.Helper()
	l, ok, err := d.queue.Claim(d.t.Context(), []string{content.LeaveJob}, time.Minute)
	if err != nil || !ok {
		d.t.Fatal(ok, err)
	}
	d.must((&content.Leaving{Posts: d.posts, Queue: d.queue}).Worker().Run(d.t.Context(), l))
}

func TestScheduledPostsAndDyingWorkers(t *testing.T) {
	d := newDesk(t)
	id := d.schedule(time.Hour, d.medium(true))
	d.pass(time.Hour)
	claim := func() jobs.Lease {
		l, ok, err := d.queue.Claim(t.Context(), []string{content.PublishJob}, time.Minute)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		return l
	}
	run := d.scheduler().Worker().Run
	slow := claim() // is killed, or hangs, before it has published
	d.pass(time.Minute)
	fast := claim()
	t.Run("a worker that was overtaken publishes nothing", func(t *testing.T) {
		if err := run(t.Context(), slow); !errors.Is(err, jobs.ErrLeaseLost) {
			t.Error(err)
		}
		d.is(id, rules.Scheduled, 0)
	})
	t.Run("the one that took over publishes, once", func(t *testing.T) {
		d.must(run(t.Context(), fast))
		d.is(id, rules.Published, 1)
		if err := run(t.Context(), fast); !errors.Is(err, jobs.ErrLeaseLost) {
			t.Error(err)
		}
		d.is(id, rules.Published, 1)
	})
	t.Run("a job that comes too early, by a clock that is ahead, comes again", func(t *testing.T) {
		id := d.schedule(time.Hour, d.medium(true))
		ahead := sqlstore.NewJobs(d.db, ids, func() time.Time { return d.now().Add(time.Hour) })
		l, ok, err := ahead.Claim(t.Context(), []string{content.PublishJob}, time.Minute)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		d.must(run(t.Context(), l))
		d.is(id, rules.Scheduled, 1)
		d.pass(time.Hour)
		d.due()
		d.is(id, rules.Published, 2)
	})
	t.Run("a job that is given up is tried again", func(t *testing.T) {
		id := d.schedule(time.Hour, d.medium(true))
		d.pass(time.Hour)
		d.must(d.scheduler().Worker().GiveUp(t.Context(), claim(), errors.New("the database was away")))
		d.pass(10 * time.Minute)
		d.due()
		d.is(id, rules.Published, 3)
	})
}

// TestScheduleRaces has two processes publish what is due while the authors
// change their minds: every post is published once, at no time before the last
// one that its author was told of, and nothing is forgotten.
func TestScheduleRaces(t *testing.T) {
	for name, open := range map[string]func(*testing.T) sqldb.DB{
		"sqlite": memoryDB, "postgres": func(t *testing.T) sqldb.DB { return pgtest.Open(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := deskOn(t, open(t))
			for range 2 {
				d.process()
			}
			medium := d.medium(true)
			var authors sync.WaitGroup
			stop := make(chan struct{})
			go func() { // time goes by, with or without anybody
				for {
					select {
					case <-stop:
						return
					case <-time.After(2 * time.Millisecond):
						d.pass(10 * time.Second)
					}
				}
			}()
			fates := make([]fate, 24)
			for i := range fates {
				authors.Go(func() { fates[i] = d.waver(uint64(i), medium) })
			}
			authors.Wait()
			deadline := time.Now().Add(30 * time.Second)
			for d.waiting() > 0 && time.Now().Before(deadline) {
				time.Sleep(5 * time.Millisecond)
			}
			close(stop)
			published := 0
			for _, f := range fates {
				if state := d.state(f.post); state != f.state {
					t.Errorf("%s is %s, and should be %s", f.post, state, f.state)
				}
				if f.state != rules.Published {
					continue
				}
				published++
				if at := d.publishedAt(f.post); at.Before(f.at) {
					t.Errorf("published at %v, before %v", at, f.at)
				}
			}
			if told := len(d.topics()); told != published {
				t.Errorf("%d were published, %d times it was told", published, told)
			}
			if d.waiting() != 0 || published == 0 {
				t.Errorf("%d of %d posts are published, %d jobs are left", published, len(fates), d.waiting())
			}
		})
	}
}

// process is another one that works on the same database.
func (d *desk) process() {
	d.t.Helper()
	queue := sqlstore.NewJobs(d.db, ids, d.now)
	posts := *d.posts
	posts.Queue = queue
	pool, err := worker.New(queue, []jobs.Worker{(&content.Scheduler{Posts: &posts, Authors: d.scheduler().Authors}).Worker()}, worker.Options{
		Now: d.now, Poll: time.Millisecond, Lease: 1000 * time.Hour, // the clock runs wild
	})
	d.must(err)
	d.must(pool.Start(d.t.Context()))
	d.t.Cleanup(func() { _ = pool.Stop(context.WithoutCancel(d.t.Context())) })
}

// fate is what must have become of a post.
type fate struct {
	post  ident.PostID
	state rules.State
	at    time.Time // not before
}

// waver is an author who changes his mind until it is too late.
func (d *desk) waver(seed uint64, medium ident.MediaID) fate {
	random := rand.New(rand.NewPCG(seed, 11))
	soon := func() *time.Time {
		at := d.now().Add(time.Duration(1+random.IntN(300)) * time.Second).Truncate(time.Microsecond)
		return &at
	}
	at := d.now().Add(time.Hour).Truncate(time.Microsecond)
	post, err := d.posts.Create(context.Background(), author, content.New{Fields: rules.Fields{Media: []ident.MediaID{medium}}, PublishAt: &at})
	if err != nil {
		d.t.Error(err)
		return fate{}
	}
	id := post.ID
	f := fate{id, rules.Published, at}
	for range 12 {
		change, next := content.Edit{Post: id}, f
		switch random.IntN(4) {
		case 0:
			change.Unschedule, next.state = true, rules.Draft
		default:
			change.PublishAt = soon()
			next.state, next.at = rules.Published, *change.PublishAt
		}
		err := d.posts.Edit(context.Background(), author, change)
		if errors.Is(err, rules.ErrPublished) {
			return f
		}
		if err == nil {
			f = next
		} else if bad, ok := errors.AsType[*fault.Error](err); !ok || bad.Code != "content.publish-at" { // the clock may have overtaken it
			d.t.Error(err)
			return f
		}
		time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
	}
	return f
}
