package media_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	processors "github.com/sajin-sns/sajin/ports/media"
	"github.com/sajin-sns/sajin/ports/store"
)

// lumber is what is in an attic that is to stay there.
type lumber struct {
	objects []string
	uploads []blob.Upload
	usage   rules.Usage
}

// fill puts one of everything into the attic, and lets the dust settle.
func (a *attic) fill() (kept lumber) {
	a.t.Helper()
	shown := a.attached()
	a.put("originals/readme.txt") // somebody else's
	a.put("elsewhere/index.html")
	kept.objects, kept.usage = a.objects(), a.usage()

	a.create() // and nobody goes on with it
	a.strayUpload(shown)
	a.strayUpload(ident.New[ident.MediaID](a.ids))
	a.stray()
	a.put(rules.RenditionKey(shown, "w320", "jpg", []byte("of an earlier attempt")))
	a.ready() // and nothing is made of it
	a.processor.inspects = processors.ErrUnsupported
	a.received()
	a.drain(a.plain())
	a.processor.inspects = nil
	deleted := a.ready().MediaID
	a.must(a.keeping().Delete(a.t.Context(), a.owner, deleted))
	_, err := a.db.Exec(a.t.Context(), `DELETE FROM jobs`) // somebody restored half a backup
	a.must(err)
	a.clock.pass(unattachedRest + time.Hour)

	before := a.objects()
	young := a.ready() // and something may still be made of it
	for _, key := range a.objects() {
		if id, _ := rules.MediumOf(key); id == young.MediaID {
			kept.objects = append(kept.objects, key)
		}
	}
	if len(a.objects()) != len(before)+3 {
		a.t.Fatal("a medium has other objects than it had")
	}
	open := a.create()
	u, err := a.uploads.Get(a.t.Context(), open.ID)
	a.must(err)
	kept.uploads = []blob.Upload{{Key: u.Record().Key, Ref: u.Record().Ref}}
	kept.usage.Open = 1
	kept.usage.Bytes *= 2 // the young one
	kept.usage.Bytes += int64(len(file))
	return kept
}

func (a *attic) left(kept lumber) {
	a.t.Helper()
	if diff := cmp.Diff(slices.Sorted(slices.Values(kept.objects)), a.objects()); diff != "" {
		a.t.Errorf("objects:\n%s", diff)
	}
	if diff := cmp.Diff(kept.uploads, a.open()); diff != "" {
		a.t.Errorf("uploads:\n%s", diff)
	}
	if diff := cmp.Diff(kept.usage, a.usage()); diff != "" {
		a.t.Errorf("usage:\n%s", diff)
	}
	a.whole()
}

var everyKind = map[string][2]int64{
	store.OverdueUploads: {1, 1}, store.UnnamedUploads: {2, 2}, store.UnattachedMedia: {2, 2}, store.StrayObjects: {5, 5}, store.UnknownObjects: {1, 0},
}

func TestCollect(t *testing.T) {
	t.Run("what is left over goes, and nothing else", func(t *testing.T) {
		attics(t, func(_ *testing.T, a *attic) {
			kept := a.fill()
			r := a.collect(media.Collect{})
			a.found(r, everyKind)
			for _, f := range r.Findings {
				if f.Kind != store.MissingObjects && f.Bytes == 0 {
					a.t.Errorf("%+v has no bytes", f)
				}
			}
			a.drain(a.plain())
			a.left(kept)
			a.found(a.collect(media.Collect{}), map[string][2]int64{store.UnknownObjects: {1, 0}})
			a.left(kept)
		})
	})
	t.Run("a dry run counts the same and changes nothing", func(t *testing.T) {
		attics(t, func(_ *testing.T, a *attic) {
			a.fill()
			before := a.inventory()
			dry := a.collect(media.Collect{DryRun: true})
			a.unchanged(before, a.inventory())
			wet := a.collect(media.Collect{})
			for i, f := range dry.Findings {
				if f.Removed != 0 || f.Found != wet.Findings[i].Found || f.Bytes != wet.Findings[i].Bytes {
					a.t.Errorf("%+v, then %+v", f, wet.Findings[i])
				}
			}
		})
	})
	t.Run("what is found is kept for everybody to see", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.fill()
		r := a.collect(media.Collect{})
		last, err := a.stock.LastCheck(t.Context())
		a.must(err)
		got := &media.Report{StorageCheck: last}
		a.found(got, everyKind)
		if !last.At.Equal(r.At.Truncate(time.Microsecond)) {
			t.Errorf("%s, not %s", last.At, r.At)
		}
	})
	t.Run("what is younger is left", func(t *testing.T) {
		attics(t, func(_ *testing.T, a *attic) {
			a.attached()
			a.strayUpload(ident.New[ident.MediaID](a.ids))
			a.stray()
			a.clock.pass(orphanRest - time.Hour)
			a.found(a.collect(media.Collect{}), map[string][2]int64{})
			a.found(a.collect(media.Collect{Older: orphanRest - 2*time.Hour, DryRun: true}),
				map[string][2]int64{store.UnnamedUploads: {1, 0}, store.StrayObjects: {1, 0}})
			a.clock.pass(2 * time.Hour)
			a.found(a.collect(media.Collect{}), map[string][2]int64{store.UnnamedUploads: {1, 1}, store.StrayObjects: {1, 1}})
		})
	})
	t.Run("nobody may ask for what is still in the making", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.attached()
		a.stray()
		a.clock.pass(time.Hour)
		before := a.inventory()
		if _, err := a.collector(a.plain()).Collect(t.Context(), media.Collect{Older: media.LeastRest - time.Second}); err == nil {
			t.Error("it is done")
		}
		a.unchanged(before, a.inventory())
	})
	t.Run("media that rest less than they may stay, ready ones and failed ones each by their own time", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.attached()
		ready := a.ready().MediaID
		a.processor.inspects = processors.ErrUnsupported
		failed := a.received().MediaID
		a.drain(a.plain())
		a.clock.pass(72 * time.Hour)
		collect := func(rest media.Rest) {
			t.Helper()
			c := a.collector(a.plain())
			rest.Orphans = orphanRest
			c.Rest = rest
			_, err := c.Collect(t.Context(), media.Collect{})
			a.must(err)
		}
		gone := func(id ident.MediaID) bool { return !a.record(id).DeletedAt.IsZero() }
		collect(media.Rest{Unattached: 73 * time.Hour, Failed: 73 * time.Hour})
		if gone(ready) || gone(failed) {
			t.Error("too early")
		}
		collect(media.Rest{Unattached: 73 * time.Hour, Failed: 71 * time.Hour})
		if gone(ready) || !gone(failed) {
			t.Error("it is not the failed one that goes")
		}
		collect(media.Rest{Unattached: 71 * time.Hour, Failed: 73 * time.Hour})
		if !gone(ready) {
			t.Error("the ready one stays")
		}
	})
	t.Run("what may still be processed keeps what was made of it", func(t *testing.T) {
		a := newAttic(newStudio(t))
		id := a.received().MediaID
		half := rules.RenditionKey(id, "w320", "jpg", []byte("of an attempt that died"))
		a.put(half)
		a.clock.pass(unattachedRest + time.Hour)
		a.found(a.collect(media.Collect{}), map[string][2]int64{})
		a.drain(a.plain())
		a.found(a.collect(media.Collect{DryRun: true}), map[string][2]int64{store.StrayObjects: {1, 0}})
	})
	t.Run("an upload that has ended is not open for ever in the blob store", func(t *testing.T) {
		for _, state := range []rules.UploadState{rules.UploadCompleted, rules.UploadAborted, rules.UploadExpired} {
			a := newAttic(newStudio(t))
			a.attached()
			a.create()
			_, err := a.db.Exec(t.Context(), `UPDATE uploads SET state = $1 WHERE state = 'open'`, state)
			a.must(err)
			a.clock.pass(orphanRest + time.Hour)
			a.found(a.collect(media.Collect{}), map[string][2]int64{store.UnnamedUploads: {1, 1}})
		}
	})
	t.Run("an upload that was begun twice keeps the one that it knows of", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.attached()
		a.limits.TTL = 100 * time.Hour
		ticket := a.create()
		known := a.open()
		a.strayUpload(ticket.MediaID)
		a.clock.pass(orphanRest + time.Hour)
		a.found(a.collect(media.Collect{}), map[string][2]int64{store.UnnamedUploads: {1, 1}})
		if diff := cmp.Diff(known, a.open()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an upload of a key that no medium has is somebody else's", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.attached()
		_, err := a.blobs.StartUpload(t.Context(), "backups/2026.tar", "")
		a.must(err)
		a.clock.pass(orphanRest + time.Hour)
		a.found(a.collect(media.Collect{}), map[string][2]int64{})
	})
	t.Run("no more goes than was counted, whatever happens to the database meanwhile", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.stray()
		a.clock.pass(orphanRest + time.Hour)
		for range 3 {
			a.attached()
		}
		c, lists := a.collector(a.plain()), 0
		c.Blobs = &listing{Store: a.blobs, before: func() {
			if lists++; lists == 3 { // the first one of those that remove
				_, err := a.db.Exec(t.Context(), `DELETE FROM renditions`)
				a.must(err)
			}
		}}
		r, err := c.Collect(t.Context(), media.Collect{})
		a.must(err)
		a.found(r, map[string][2]int64{store.StrayObjects: {1, 1}})
		if n := len(a.objects()); n != 9 {
			t.Errorf("%d objects are left", n)
		}
	})
	t.Run("a medium that was taken off a post, or whose post is gone, is its owner's to delete", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.attached() // nothing shows it
		a.clock.pass(365 * 24 * time.Hour)
		a.found(a.collect(media.Collect{}), map[string][2]int64{})
	})
	t.Run("a medium that is shown stays, even if nobody has noted that it is", func(t *testing.T) {
		a := newAttic(newStudio(t))
		id := a.ready().MediaID
		a.use[id] = true
		a.clock.pass(unattachedRest + time.Hour)
		a.found(a.collect(media.Collect{}), map[string][2]int64{store.UnattachedMedia: {1, 0}})
		a.whole()
	})
}

func TestMissingObjects(t *testing.T) {
	t.Run("rows without an object are an alarm, and are never touched", func(t *testing.T) {
		attics(t, func(_ *testing.T, a *attic) {
			for range 3 {
				a.attached()
			}
			hurt := a.record(a.attached())
			for _, key := range []string{hurt.Original, hurt.Renditions[0].Key} {
				a.must(a.blobs.Delete(a.t.Context(), key))
			}
			a.stray()
			a.clock.pass(unattachedRest)
			before := a.inventory()
			r := a.collect(media.Collect{})
			a.found(r, map[string][2]int64{store.MissingObjects: {2, 0}, store.StrayObjects: {1, 1}})
			if diff := cmp.Diff([]string{hurt.Original, hurt.Renditions[0].Key}, r.Missing); diff != "" {
				a.t.Error(diff)
			}
			if f := r.Finding(store.MissingObjects); f.Bytes != hurt.Size+hurt.Renditions[0].Size {
				a.t.Errorf("%+v", f)
			}
			if diff := cmp.Diff(before.but("storage_checks").Rows, a.inventory().but("storage_checks").Rows); diff != "" {
				a.t.Error(diff)
			}
		})
	})
	t.Run("a medium that is deleted while objects are listed misses nothing", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.attached()
		gone := a.attached()
		a.clock.pass(time.Hour)
		c := a.collector(outfit{a.db, &slowList{a.blobs}})
		var once sync.Once
		c.Stock = &paged{Stock: a.stock, after: func() {
			once.Do(func() {
				a.must(a.keeping().Delete(t.Context(), a.owner, gone))
				a.drain(a.plain())
			})
		}}
		r, err := c.Collect(t.Context(), media.Collect{DryRun: true})
		a.must(err)
		a.found(r, map[string][2]int64{})
	})
	t.Run("an object that comes while objects are listed is not missing", func(t *testing.T) {
		a := newAttic(newStudio(t))
		a.attached()
		late := a.record(a.attached()).Original
		a.must(a.blobs.Delete(t.Context(), late))
		c := a.collector(a.plain())
		c.Stock = &paged{Stock: a.stock, after: func() { a.put(late) }}
		r, err := c.Collect(t.Context(), media.Collect{DryRun: true})
		a.must(err)
		a.found(r, map[string][2]int64{})
	})
}

func TestMixedUp(t *testing.T) {
	mixedUp := func(a *attic, o outfit, in media.Collect) *media.Report {
		a.t.Helper()
		r, err := a.collector(o).Collect(a.t.Context(), in)
		if !errors.Is(err, media.ErrMixedUp) {
			a.t.Errorf("got %v", err)
		}
		return r
	}
	t.Run("with another bucket no row is touched, not even by force", func(t *testing.T) {
		attics(t, func(_ *testing.T, a *attic) {
			a.fill()
			before := a.inventory().but("storage_checks")
			for _, in := range []media.Collect{{}, {DryRun: true}} {
				r := mixedUp(a, a.elsewhere(), in)
				if r.Finding(store.MissingObjects).Found == 0 {
					a.t.Error("nothing is missing")
				}
				a.unchanged(before, a.inventory().but("storage_checks"))
			}
			r, err := a.collector(a.elsewhere()).Collect(a.t.Context(), media.Collect{Force: true})
			a.must(err)
			if r.Finding(store.UnattachedMedia).Removed+r.Finding(store.OverdueUploads).Removed != 0 {
				a.t.Errorf("%+v", r.Findings)
			}
			a.unchanged(before, a.inventory().but("storage_checks"))
		})
	})
	t.Run("with an empty database nothing is removed, unless by force", func(t *testing.T) {
		full, empty := newAttic(newStudio(t)), newAttic(newStudio(t))
		full.fill()
		empty.blobs = full.blobs
		empty.clock.at = full.clock.at
		before := empty.inventory().but("storage_checks")
		mixedUp(empty, empty.plain(), media.Collect{})
		empty.unchanged(before, empty.inventory().but("storage_checks"))
		r := empty.collect(media.Collect{Force: true})
		if n := r.Finding(store.StrayObjects); n.Removed != n.Found || n.Removed == 0 {
			t.Errorf("%+v", n)
		}
	})
	t.Run("with an empty database not even a single object is removed", func(t *testing.T) {
		for _, leave := range []func(a *attic){
			func(a *attic) { a.stray() },
			func(a *attic) { a.strayUpload(ident.New[ident.MediaID](a.ids)) },
		} {
			a := newAttic(newStudio(t))
			leave(a)
			a.clock.pass(orphanRest + time.Hour)
			before := a.inventory().but("storage_checks")
			mixedUp(a, a.plain(), media.Collect{})
			a.unchanged(before, a.inventory().but("storage_checks"))
		}
	})
	t.Run("with a database that knows few of many objects nothing is removed, unless by force", func(t *testing.T) {
		for what, leave := range map[string]func(a *attic){
			store.StrayObjects:   func(a *attic) { a.stray() },
			store.UnnamedUploads: func(a *attic) { a.strayUpload(ident.New[ident.MediaID](a.ids)) },
		} {
			a := newAttic(newStudio(t))
			a.attached()
			for range 11 {
				leave(a)
			}
			a.clock.pass(unattachedRest + time.Hour)
			before := a.inventory().but("storage_checks")
			mixedUp(a, a.plain(), media.Collect{})
			a.unchanged(before, a.inventory().but("storage_checks"))
			a.found(a.collect(media.Collect{Force: true}), map[string][2]int64{what: {11, 11}})
		}
	})
}
