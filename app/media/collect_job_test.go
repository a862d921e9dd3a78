package media_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/store"
)

// look does the check if one is planned, and tells whether one was.
func (a *attic) look(c *media.Collector) (bool, error) {
	a.t.Helper()
	l, ok := a.claim(media.KindCheck)
	if !ok {
		return false, nil
	}
	return true, c.Worker().Run(a.t.Context(), l)
}

func (a *attic) checked() time.Time {
	a.t.Helper()
	last, err := a.stock.LastCheck(a.t.Context())
	a.must(err)
	return last.At
}

func TestCheckingByItself(t *testing.T) {
	t.Run("many processes plan one check, and the next one when its time has come", func(t *testing.T) {
		attics(t, func(_ *testing.T, a *attic) {
			a.attached()
			c := a.collector(a.plain())
			for range 3 {
				a.must(c.Plan(a.t.Context()))
			}
			for i, want := range []bool{true, false} {
				if did, err := a.look(c); did != want || err != nil {
					a.t.Errorf("%d: %t, %v", i, did, err)
				}
			}
			first := a.checked()
			if first.IsZero() {
				a.t.Error("nothing was checked")
			}
			a.clock.pass(23 * time.Hour)
			a.must(c.Plan(a.t.Context()))
			if did, _ := a.look(c); did {
				a.t.Error("too early")
			}
			a.clock.pass(2 * time.Hour)
			a.must(c.Plan(a.t.Context()))
			if did, err := a.look(c); !did || err != nil || !a.checked().After(first) {
				a.t.Errorf("%t, %v", did, err)
			}
		})
	})
	t.Run("a check that was planned while one ran is not made", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.attached()
		c := a.collector(a.plain())
		a.must(c.Plan(t.Context()))
		l, _ := a.claim(media.KindCheck)
		a.must(c.Plan(t.Context()))
		a.must(c.Worker().Run(t.Context(), l))
		first := a.checked()
		a.clock.pass(time.Minute)
		if did, err := a.look(c); !did || err != nil || !a.checked().Equal(first) {
			t.Errorf("%t, %v, %s after %s", did, err, a.checked(), first)
		}
		if a.queued(media.KindCheck) != 0 {
			t.Error("the job is not done")
		}
	})
	t.Run("an operator who wants none has none", func(t *testing.T) {
		a := newAttic(newStudio(t))
		c := a.collector(a.plain())
		c.Every = 0
		a.must(c.Plan(t.Context()))
		if a.queued(media.KindCheck) != 0 {
			t.Error("one is planned")
		}
	})
	t.Run("a storage that fails has it tried again", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.attached()
		broken := steady(a.blobs)
		broken.lists = 0
		c := a.collector(outfit{a.db, broken})
		a.must(c.Plan(t.Context()))
		l, _ := a.claim(media.KindCheck)
		a.is(c.Worker().Run(t.Context(), l), broken.cause)
		if a.queued(media.KindCheck) != 1 || !a.checked().IsZero() {
			t.Error("the job is done")
		}
		a.must(c.Worker().GiveUp(t.Context(), l, broken.cause))
		a.must(c.Plan(t.Context()))
		if did, err := a.look(a.collector(a.plain())); !did || err != nil || a.checked().IsZero() {
			t.Errorf("%t, %v", did, err)
		}
	})
	t.Run("what does not belong together is said, and looked at again the next time", func(t *testing.T) {
		a := newAttic(newStudio(t))
		lost := a.record(a.attached()).Original
		c := a.collector(a.elsewhere())
		a.must(c.Plan(t.Context()))
		if did, err := a.look(c); !did || err != nil {
			t.Errorf("%t, %v", did, err)
		}
		if said := a.said.String(); !strings.Contains(said, "count=3") || strings.Count(said, lost) != 1 || !strings.Contains(said, media.ErrMixedUp.Error()) {
			t.Error(said)
		}
		last, err := a.stock.LastCheck(t.Context())
		a.must(err)
		a.found(&media.Report{StorageCheck: last}, map[string][2]int64{store.MissingObjects: {3, 0}})
	})
}

// latch has something happen, once, after the media that nothing was made of
// were listed, and before any of them is taken away.
type latch struct {
	store.Stock
	taking func() bool // whether the list is that of who takes away
	listed func()
	once   sync.Once
}

func (l *latch) Unattached(ctx context.Context, state rules.State, since time.Time, after ident.MediaID, limit int) ([]store.Unattached, error) {
	page, err := l.Stock.Unattached(ctx, state, since, after, limit)
	if len(page) > 0 && l.taking() {
		l.once.Do(l.listed)
	}
	return page, err
}

// TestAttachedInTheSameMoment holds the collector to never taking a medium away
// that somebody makes something of, in whatever order they come.
func TestAttachedInTheSameMoment(t *testing.T) {
	t.Run("one that is attached after it was listed stays", func(t *testing.T) {
		attics(t, func(_ *testing.T, a *attic) {
			id := a.ready().MediaID
			a.clock.pass(unattachedRest + time.Hour)
			c, lists := a.collector(a.plain()), 0
			c.Stock = &latch{
				Stock: a.stock, taking: func() bool { lists++; return lists == 2 }, // the first one counts
				listed: func() { a.attach(id) },
			}
			r, err := c.Collect(a.t.Context(), media.Collect{})
			a.must(err)
			a.found(r, map[string][2]int64{store.UnattachedMedia: {1, 0}})
			a.drain(a.plain())
			if a.queued(media.KindDiscard) != 0 || len(a.objects()) != 3 || !a.record(id).DeletedAt.IsZero() {
				a.t.Error("it was taken away")
			}
		})
	})
	t.Run("one that is being attached is waited for", func(t *testing.T) {
		attics(t, func(_ *testing.T, a *attic) {
			id := a.ready().MediaID
			a.clock.pass(unattachedRest + time.Hour)
			c, lists := a.collector(a.plain()), 0
			var attaching sync.WaitGroup
			var attached error
			c.Stock = &latch{
				Stock: a.stock, taking: func() bool { lists++; return lists == 2 },
				listed: func() {
					locked := make(chan struct{})
					attaching.Go(func() {
						attached = a.db.Do(a.t.Context(), func(ctx context.Context) error {
							_, err := (&media.Catalog{Store: a.media}).Media(ctx, a.owner, []ident.MediaID{id})
							close(locked)
							time.Sleep(20 * time.Millisecond) // the collector comes meanwhile, or later: it must not matter
							return err
						})
					})
					<-locked
				},
			}
			r, err := c.Collect(a.t.Context(), media.Collect{})
			a.must(err)
			attaching.Wait()
			a.must(attached)
			a.found(r, map[string][2]int64{store.UnattachedMedia: {1, 0}})
			if !a.record(id).DeletedAt.IsZero() {
				a.t.Error("it was taken away")
			}
		})
	})
	t.Run("of those who come at once each has it whole or not at all", func(t *testing.T) {
		attics(t, func(_ *testing.T, a *attic) {
			var ids []ident.MediaID
			for range 20 {
				ids = append(ids, a.ready().MediaID)
			}
			a.clock.pass(unattachedRest + time.Hour)
			refused := make([]error, len(ids))
			var all sync.WaitGroup
			all.Go(func() {
				if _, err := a.collector(a.plain()).Collect(a.t.Context(), media.Collect{}); err != nil {
					a.t.Error(err)
				}
			})
			for i, id := range ids {
				all.Go(func() {
					refused[i] = a.db.Do(a.t.Context(), func(ctx context.Context) error {
						_, err := (&media.Catalog{Store: a.media}).Media(ctx, a.owner, []ident.MediaID{id})
						return err
					})
				})
			}
			all.Wait()
			a.drain(a.plain())
			for i, id := range ids {
				switch r := a.record(id); {
				case refused[i] == nil && (!r.DeletedAt.IsZero() || !r.Attached):
					a.t.Errorf("%s was attached, and is gone", id)
				case refused[i] != nil && (!errors.Is(refused[i], access.ErrNoMedium) || r.DeletedAt.IsZero()):
					a.t.Errorf("%s was refused with %v, and is there", id, refused[i])
				}
			}
			a.whole()
			if n := a.count(`SELECT count(*) FROM media WHERE deleted_at IS NULL`); int(n)*3 != len(a.objects()) {
				a.t.Errorf("%d media are left, and %d objects", n, len(a.objects()))
			}
		})
	})
}
