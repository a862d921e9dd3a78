package media_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/store"
)

// slowList lists objects as a bucket does: what is deleted meanwhile is not on
// the pages that come later.
type slowList struct{ blob.Store }

func (b *slowList) List(ctx context.Context, prefix string, yield func(blob.Info) bool) error {
	return b.Store.List(ctx, prefix, func(i blob.Info) bool {
		if _, err := b.Stat(ctx, i.Key); errors.Is(err, blob.ErrNotFound) {
			return true
		}
		return yield(i)
	})
}

// listing has something happen before objects are listed.
type listing struct {
	blob.Store
	before func()
}

func (b *listing) List(ctx context.Context, prefix string, yield func(blob.Info) bool) error {
	b.before()
	return b.Store.List(ctx, prefix, yield)
}

// paged has something happen after a page of media was read.
type paged struct {
	store.Stock
	after func()
	most  int
	pages int
}

func (p *paged) Holdings(ctx context.Context, after ident.MediaID, limit int) ([]rules.Holding, error) {
	page, err := p.Stock.Holdings(ctx, after, limit)
	p.pages++
	p.most = max(p.most, len(page))
	if p.after != nil {
		p.after()
	}
	return page, err
}

// falteringBlobs fails from the nth object, upload or removal on.
type falteringBlobs struct {
	blob.Store
	lists, uploads, removals int // what is still done; below zero: everything
	cause                    error
}

func steady(s blob.Store) *falteringBlobs {
	return &falteringBlobs{Store: s, lists: -1, uploads: -1, removals: -1, cause: errors.New("the line went dead")}
}

func over(left *int) bool {
	if *left == 0 {
		return true
	}
	*left--
	return false
}

func (b *falteringBlobs) List(ctx context.Context, prefix string, yield func(blob.Info) bool) error {
	dead := false
	err := b.Store.List(ctx, prefix, func(i blob.Info) bool {
		if dead = over(&b.lists); dead {
			return false
		}
		return yield(i)
	})
	if dead {
		return b.cause
	}
	return err
}

func (b *falteringBlobs) ListUploads(ctx context.Context, yield func(blob.Upload, time.Time) bool) error {
	dead := false
	err := b.Store.ListUploads(ctx, func(u blob.Upload, at time.Time) bool {
		if dead = over(&b.uploads); dead {
			return false
		}
		return yield(u, at)
	})
	if dead {
		return b.cause
	}
	return err
}

func (b *falteringBlobs) Delete(ctx context.Context, key string) error {
	if over(&b.removals) {
		return b.cause
	}
	return b.Store.Delete(ctx, key)
}

func (b *falteringBlobs) AbortUpload(ctx context.Context, u blob.Upload) error {
	if over(&b.removals) {
		return b.cause
	}
	return b.Store.AbortUpload(ctx, u)
}

func TestCollectingFromAStoreThatFails(t *testing.T) {
	t.Run("in the middle of a list, nothing is removed, and the next run goes on", func(t *testing.T) {
		for name, fail := range map[string]func(b *falteringBlobs){
			"the first object": func(b *falteringBlobs) { b.lists = 0 },
			"a later object":   func(b *falteringBlobs) { b.lists = 7 },
			"an open upload":   func(b *falteringBlobs) { b.uploads = 1 },
		} {
			t.Run(name, func(t *testing.T) {
				a := newAttic(newStudio(t))
				kept := a.fill()
				before := a.inventory()
				broken := steady(a.blobs)
				fail(broken)
				_, err := a.collector(outfit{a.db, broken}).Collect(t.Context(), media.Collect{})
				a.is(err, broken.cause)
				a.unchanged(before, a.inventory())
				a.found(a.collect(media.Collect{}), everyKind)
				a.drain(a.plain())
				a.left(kept)
			})
		}
	})
	t.Run("in the middle of removing, nothing more is removed, and the next run goes on", func(t *testing.T) {
		for done := range 7 { // two uploads and five objects
			a := newAttic(newStudio(t))
			kept := a.fill()
			before := a.inventory()
			broken := steady(a.blobs)
			broken.removals = done
			r, err := a.collector(outfit{a.db, broken}).Collect(t.Context(), media.Collect{})
			a.is(err, broken.cause)
			if n := r.Finding(store.StrayObjects).Removed + r.Finding(store.UnnamedUploads).Removed; n != int64(done) {
				t.Errorf("%d removed, and %d are reported", done, n)
			}
			after := a.inventory()
			if n := len(before.Objects) + len(before.Uploads) - len(after.Objects) - len(after.Uploads); n != done {
				t.Errorf("%d were to be removed before it failed, and %d are gone", done, n)
			}
			after.Objects, after.Uploads = before.Objects, before.Uploads
			a.unchanged(before, after)
			a.collect(media.Collect{})
			a.drain(a.plain())
			a.left(kept)
		}
	})
	t.Run("in the middle of a walk that removes, it ends there", func(t *testing.T) {
		a := newAttic(newStudio(t))
		kept := a.fill()
		broken := steady(a.blobs)
		broken.lists = len(a.objects()) - 1 + 2 // all but the one elsewhere, and two once more
		_, err := a.collector(outfit{a.db, broken}).Collect(t.Context(), media.Collect{})
		a.is(err, broken.cause)
		a.collect(media.Collect{})
		a.drain(a.plain())
		a.left(kept)
	})
	t.Run("while a medium is looked for once more, it is not missing", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.must(a.blobs.Delete(t.Context(), a.record(a.attached()).Original))
		r, err := a.collector(outfit{a.db, &blindBlobs{a.blobs}}).Collect(t.Context(), media.Collect{})
		a.is(err, errBlind)
		a.found(r, map[string][2]int64{})
	})
}

var errBlind = errors.New("nothing can be seen")

type blindBlobs struct{ blob.Store }

func (blindBlobs) Stat(context.Context, string) (blob.Info, error) { return blob.Info{}, errBlind }

func TestACollectorThatDies(t *testing.T) {
	t.Run("anywhere is followed by another one, and all is as if it had lived", func(t *testing.T) {
		everywhere(t, func(t *testing.T, at int) *death {
			a := newAttic(newStudio(t))
			kept := a.fill()
			o, d := a.mortal(at)
			if _, err := a.collector(o).Collect(t.Context(), media.Collect{}); (err == nil) == d.dead {
				t.Errorf("dead: %t, and it answers %v", d.dead, err)
			}
			a.whole()
			a.collect(media.Collect{})
			a.drain(a.plain())
			a.left(kept)
			return d
		})
	})
}

func TestCollectingInPages(t *testing.T) {
	const many = 1203 // several pages
	a := newAttic(newStudio(t))
	var ids []ident.MediaID
	a.must(a.db.Do(t.Context(), func(ctx context.Context) error {
		ids = nil
		for range many {
			id := ident.New[ident.MediaID](a.ids)
			m := rules.NewMedium(id, a.owner, rules.ForPost, 9, a.clock.now())
			if err := errors.Join(m.Receive(a.clock.now()), a.media.Insert(ctx, m)); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	}))
	for i, id := range ids {
		if i%100 != 7 {
			a.put(rules.OriginalKey(id))
		}
		if i%100 == 50 {
			a.stray() // sorts behind all of them
			before := id
			before[15]-- // sorts right before this one
			a.put(rules.OriginalKey(before))
		}
	}
	a.clock.pass(orphanRest + time.Hour)
	stock := &paged{Stock: a.stock}
	c := a.collector(a.plain())
	c.Stock = stock
	r, err := c.Collect(t.Context(), media.Collect{})
	a.must(err)
	a.found(r, map[string][2]int64{store.MissingObjects: {12, 0}, store.StrayObjects: {24, 24}})
	if stock.most > 500 || stock.pages < 4*3 {
		t.Errorf("%d pages of up to %d", stock.pages, stock.most)
	}
	if n := len(a.objects()); n != many-12 {
		t.Errorf("%d objects are left", n)
	}
}
