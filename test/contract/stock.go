package contract

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/store"
)

// Stock is what the store of what is compared with the blob store promises.
func Stock(t *testing.T, open func(t *testing.T) sqldb.DB, over func(db sqldb.DB) (MediaStores, store.Stock)) {
	for name, rule := range map[string]func(k *stockroom){
		"holdings come in pages, in the order of ids":      (*stockroom).pages,
		"a holding is what its medium has":                 (*stockroom).holdings,
		"what nothing was made of is listed once it rests": (*stockroom).unattached,
		"overdue uploads are counted":                      (*stockroom).overdue,
		"the last check is the one that is kept":           (*stockroom).checks,
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			k := &stockroom{}
			k.MediaStores, k.stock = over(db)
			k.t, k.db, k.now = t, db, time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC)
			k.ids = newIDs(func() time.Time { return k.now })
			k.owner, k.other = ident.New[ident.AccountID](k.ids), ident.New[ident.AccountID](k.ids)
			rule(k)
		})
	}
}

// stockroom is a darkroom whose shelves are counted.
type stockroom struct {
	darkroom
	stock store.Stock
}

func (k *stockroom) medium(size int64) ident.MediaID {
	k.t.Helper()
	_, medium := k.send(size)
	return medium.Record().ID
}

func (k *stockroom) fail(id ident.MediaID, f media.Failure) media.Record {
	k.t.Helper()
	k.change(id, func(x *media.Medium) error { return x.Receive(k.now) })
	return k.change(id, func(x *media.Medium) error { x.Fail(f, k.now); return nil })
}

func (k *stockroom) pages() {
	ctx := k.t.Context()
	var want []ident.MediaID
	for range 7 {
		want = append(want, k.medium(1))
	}
	k.finish(want[3])
	k.change(want[5], func(x *media.Medium) error { return x.Delete(k.owner, false, k.now) })
	var got []ident.MediaID
	for after := (ident.MediaID{}); ; {
		page, err := k.stock.Holdings(ctx, after, 3)
		k.must(err)
		if len(page) > 3 {
			k.t.Fatalf("a page of %d", len(page))
		}
		if len(page) == 0 {
			break
		}
		for _, h := range page {
			one, err := k.stock.Holding(ctx, h.ID)
			k.must(err)
			k.same(one, h)
			got = append(got, h.ID)
		}
		after = got[len(got)-1]
	}
	k.same(want, got)
	_, err := k.stock.Holding(ctx, ident.New[ident.MediaID](k.ids))
	k.is(err, media.ErrNotFound)
}

func (k *stockroom) holdings() {
	holding := func(id ident.MediaID) media.Holding {
		k.t.Helper()
		h, err := k.stock.Holding(k.t.Context(), id)
		k.must(err)
		return h
	}
	ready := k.finish(k.medium(1 << 33))
	var made []media.Object
	for _, r := range ready.Renditions {
		made = append(made, media.Object{Key: r.Key, Size: r.Size})
	}
	k.same(media.Holding{ID: ready.ID, State: media.Ready, Size: 1 << 33, Renditions: made, UpdatedAt: ready.UpdatedAt}, holding(ready.ID))
	failed := k.fail(k.medium(2), media.Failure{Code: "media.processing-failed", Retryable: true})
	k.same(media.Holding{ID: failed.ID, State: media.Failed, Retryable: true, Size: 2, UpdatedAt: failed.UpdatedAt}, holding(failed.ID))
	gone := k.change(ready.ID, func(x *media.Medium) error { return x.Delete(k.owner, false, k.now) })
	k.same(media.Holding{ID: gone.ID, State: media.Ready, Size: 1 << 33, UpdatedAt: gone.UpdatedAt, DeletedAt: gone.DeletedAt}, holding(gone.ID))
}

func (k *stockroom) unattached() {
	ctx := k.t.Context()
	list := func(state media.State, since time.Time) []store.Unattached {
		k.t.Helper()
		var all []store.Unattached
		for after := (ident.MediaID{}); ; after = all[len(all)-1].ID {
			page, err := k.stock.Unattached(ctx, state, since, after, 1)
			k.must(err)
			if len(page) == 0 {
				return all
			}
			all = append(all, page...)
		}
	}
	one, two, shown, gone, failed := k.medium(10), k.medium(20), k.medium(30), k.medium(40), k.medium(50)
	k.medium(60) // is still on its way
	var last time.Time
	for _, id := range []ident.MediaID{one, two, shown, gone} {
		last = k.finish(id).UpdatedAt
	}
	k.must(k.Media.Attach(ctx, []ident.MediaID{shown}))
	k.change(gone, func(x *media.Medium) error { return x.Delete(k.owner, false, k.now) })
	k.fail(failed, media.Failure{Code: "media.corrupt"})
	later := last.Add(time.Second)
	const made = 1234 + 99
	k.same([]store.Unattached{{ID: one, Bytes: 10 + made}, {ID: two, Bytes: 20 + made}}, list(media.Ready, later))
	k.same([]store.Unattached{{ID: failed, Bytes: 50}}, list(media.Failed, later))
	k.same([]store.Unattached(nil), list(media.Ready, k.record(one).UpdatedAt))

	k.now = later
	k.change(one, func(x *media.Medium) error { return x.Describe(k.owner, nil, "somebody still cares", k.now) })
	k.same([]store.Unattached{{ID: two, Bytes: 20 + made}}, list(media.Ready, later))
}

func (k *stockroom) overdue() {
	ctx := k.t.Context()
	first, _ := k.send(10)
	k.send(20)
	done, _ := k.send(40)
	k.must(k.db.Do(ctx, func(ctx context.Context) error {
		u, err := k.Uploads.Lock(ctx, done.Record().ID)
		if err != nil {
			return err
		}
		if _, err := u.Complete(); err != nil {
			return err
		}
		return k.Uploads.Save(ctx, u)
	}))
	for at, want := range map[time.Time][2]int64{first.Record().ExpiresAt.Add(-time.Microsecond): {0, 0}, first.Record().ExpiresAt: {2, 30}} {
		n, bytes, err := k.stock.Overdue(ctx, at)
		k.must(err)
		k.same(want, [2]int64{n, bytes})
	}
}

func (k *stockroom) checks() {
	ctx := k.t.Context()
	last := func() store.StorageCheck {
		k.t.Helper()
		check, err := k.stock.LastCheck(ctx)
		k.must(err)
		return check
	}
	k.same(store.StorageCheck{}, last())
	check := store.StorageCheck{At: k.now, Findings: []store.Finding{
		{Kind: store.StrayObjects, Found: 3, Bytes: 1 << 40, Removed: 2},
		{Kind: store.MissingObjects, Found: 1},
	}}
	inOrder := func() store.StorageCheck {
		c := store.StorageCheck{At: check.At, Findings: slices.Clone(check.Findings)}
		slices.Reverse(c.Findings)
		return c
	}
	k.must(k.stock.SaveCheck(ctx, check))
	k.same(inOrder(), last())
	check.At = check.At.Add(time.Hour)
	check.Findings[0] = store.Finding{Kind: store.StrayObjects}
	k.must(k.stock.SaveCheck(ctx, check))
	k.must(k.stock.SaveCheck(ctx, check))
	k.same(inOrder(), last())
}
