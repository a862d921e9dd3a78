package contract

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/store"
)

// MediaStores are the stores of media and of the uploads that they come by.
type MediaStores struct {
	Media   store.Media
	Uploads store.Uploads
}

// Media is what the stores of media and uploads promise.
func Media(t *testing.T, open func(t *testing.T) sqldb.DB, over func(db sqldb.DB) MediaStores) {
	for name, rule := range map[string]func(m *darkroom){
		"a medium comes back as it was stored, in every state":    (*darkroom).roundTrips,
		"an upload comes back as it was stored":                   (*darkroom).uploads,
		"what is not there is not found":                          (*darkroom).missing,
		"several are locked in the order of their ids":            (*darkroom).several,
		"a view is its owner's, and nobody's once it is gone":     (*darkroom).views,
		"progress is noted for the running attempt alone":         (*darkroom).progress,
		"renditions are replaced, and go with the medium":         (*darkroom).renditions,
		"usage is the sum of what is not deleted":                 (*darkroom).usage,
		"what was made of a file counts as long as it is there":   (*darkroom).renditionUsage,
		"of those who add to the usage each sees the ones before": (*darkroom).lockedUsage,
		"a lock holds what it read until the transaction ends":    (*darkroom).locks,
		"what was attached stays so, whatever is saved":           (*darkroom).attached,
		"overdue uploads are listed, the longest overdue first":   (*darkroom).overdue,
		"what a transaction that fails wrote is not there":        (*darkroom).rollsBack,
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			m := &darkroom{MediaStores: over(db), t: t, db: db, now: time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC)}
			m.ids = newIDs(func() time.Time { return m.now })
			m.owner, m.other = ident.New[ident.AccountID](m.ids), ident.New[ident.AccountID](m.ids)
			rule(m)
		})
	}
}

// darkroom is a database in which media come into being.
type darkroom struct {
	MediaStores
	t            *testing.T
	db           sqldb.DB
	ids          *ident.Source
	now          time.Time
	owner, other ident.AccountID
}

func (m *darkroom) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *darkroom) is(err, want error) {
	m.t.Helper()
	if !errors.Is(err, want) {
		m.t.Errorf("got %v, want %v", err, want)
	}
}

var mediaLimits = media.Limits{Types: []string{"image/png"}, MaxBytes: 1 << 40, PartSize: 8, MaxOpen: 5, TTL: time.Hour}

// send stores an upload and its medium.
func (m *darkroom) send(size int64) (*media.Upload, *media.Medium) {
	m.t.Helper()
	offer := media.Offer{Filename: "바다.png", ContentType: "image/png", Size: size, Purpose: media.ForAvatar}
	u, medium, err := media.NewUpload(ident.New[ident.UploadID](m.ids), ident.New[ident.MediaID](m.ids), m.owner, offer, mediaLimits, m.now)
	m.must(err)
	m.must(m.Media.Insert(m.t.Context(), medium))
	m.must(m.Uploads.Insert(m.t.Context(), u))
	return u, medium
}

// change locks, changes and saves a medium.
func (m *darkroom) change(id ident.MediaID, change func(*media.Medium) error) media.Record {
	m.t.Helper()
	var r media.Record
	m.must(m.db.Do(m.t.Context(), func(ctx context.Context) error {
		medium, err := m.Media.Lock(ctx, id)
		if err != nil {
			return err
		}
		if err := change(medium); err != nil {
			return err
		}
		r = medium.Record()
		return m.Media.Save(ctx, medium)
	}))
	return r
}

func (m *darkroom) record(id ident.MediaID) media.Record {
	m.t.Helper()
	medium, err := m.Media.Lock(m.t.Context(), id)
	m.must(err)
	return medium.Record()
}

func (m *darkroom) same(want, got any) {
	m.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		m.t.Error(diff)
	}
}

func mediaProduct(id ident.MediaID) media.Product {
	return media.Product{
		SHA256:      "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Facts:       media.Facts{Kind: "video", ContentType: "image/png", Width: 4000, Height: 3000, Duration: 12_345 * time.Millisecond},
		Placeholder: media.Placeholder{Blurhash: "LKO2?U%2Tw=w]~RBVZRi};RPxuwH", Dominant: "#a1b2c3"},
		Renditions: []media.Rendition{
			{Name: "w320", Key: media.RenditionKey(id, "w320", "jpg", []byte("a")), ContentType: "image/jpeg", Width: 320, Height: 240, Size: 1234},
			{Name: "preview", Preview: true, Key: media.RenditionKey(id, "preview", "jpg", []byte("b")), ContentType: "image/jpeg", Width: 32, Height: 24, Size: 99},
		},
	}
}

func (m *darkroom) begin(x *media.Medium) error {
	if !x.Begin(m.now) {
		return errors.New("it does not begin")
	}
	return nil
}

// finish takes a received medium to its end.
func (m *darkroom) finish(id ident.MediaID) media.Record {
	m.t.Helper()
	m.change(id, func(x *media.Medium) error { return x.Receive(m.now) })
	m.change(id, m.begin)
	m.change(id, func(x *media.Medium) error { return x.Inspected(mediaProduct(id).Facts, m.now) })
	return m.change(id, func(x *media.Medium) error { return x.Finish(mediaProduct(id), m.now) })
}

func (m *darkroom) roundTrips() {
	_, medium := m.send(1 << 33)
	id := medium.Record().ID
	m.same(medium.Record(), m.record(id))
	m.same(m.finish(id), m.record(id))
	m.same(m.change(id, func(x *media.Medium) error { return x.Describe(m.owner, nil, "파도", m.now) }), m.record(id))
	m.same(m.change(id, func(x *media.Medium) error { return x.Delete(m.owner, false, m.now) }), m.record(id))

	_, medium = m.send(8)
	id = medium.Record().ID
	m.change(id, func(x *media.Medium) error { return x.Receive(m.now) })
	m.same(m.change(id, func(x *media.Medium) error {
		x.Fail(media.Failure{Code: "media.corrupt", Retryable: true}, m.now)
		return nil
	}), m.record(id))
}

func (m *darkroom) uploads() {
	ctx := m.t.Context()
	u, medium := m.send(20)
	read := func() media.UploadRecord {
		m.t.Helper()
		got, err := m.Uploads.Get(ctx, u.Record().ID)
		m.must(err)
		return got.Record()
	}
	m.same(u.Record(), read())
	m.must(m.db.Do(ctx, func(ctx context.Context) error {
		locked, err := m.Uploads.Lock(ctx, u.Record().ID)
		if err != nil {
			return err
		}
		locked.Started("ref/가")
		if _, err := locked.Complete(); err != nil {
			return err
		}
		u = locked
		return m.Uploads.Save(ctx, locked)
	}))
	m.same(u.Record(), read())
	byMedium, err := m.Uploads.OfMedium(ctx, medium.Record().ID)
	m.must(err)
	m.same(u.Record(), byMedium.Record())
}

func (m *darkroom) missing() {
	ctx := m.t.Context()
	u, medium := m.send(1)
	nobody, nothing := ident.New[ident.UploadID](m.ids), ident.New[ident.MediaID](m.ids)
	_, err := m.Media.Lock(ctx, nothing)
	m.is(err, media.ErrNotFound)
	_, err = m.Media.View(ctx, m.owner, nothing)
	m.is(err, media.ErrNotFound)
	_, err = m.Uploads.Get(ctx, nobody)
	m.is(err, media.ErrUploadNotFound)
	_, err = m.Uploads.Lock(ctx, nobody)
	m.is(err, media.ErrUploadNotFound)
	_, err = m.Uploads.OfMedium(ctx, nothing)
	m.is(err, media.ErrUploadNotFound)

	other, r := medium.Record(), u.Record()
	other.ID, r.ID = nothing, nobody
	m.is(m.Media.Save(ctx, media.RestoreMedium(other)), media.ErrNotFound)
	m.is(m.Uploads.Save(ctx, media.RestoreUpload(r)), media.ErrUploadNotFound)
	m.must(m.Media.Progress(ctx, nothing, 1, "x", 1))
}

func (m *darkroom) several() {
	ctx := m.t.Context()
	var ids []ident.MediaID
	for range 3 {
		_, medium := m.send(1)
		ids = append(ids, medium.Record().ID)
	}
	m.finish(ids[1])
	all, err := m.Media.LockAll(ctx, []ident.MediaID{ids[2], ident.New[ident.MediaID](m.ids), ids[0], ids[1]})
	m.must(err)
	if len(all) != 3 {
		m.t.Fatalf("%d are there", len(all))
	}
	for i, got := range all {
		m.same(m.record(ids[i]), got.Record())
	}
	none, err := m.Media.LockAll(ctx, nil)
	m.must(err)
	if len(none) != 0 {
		m.t.Errorf("%d are there", len(none))
	}
}

func (m *darkroom) views() {
	ctx := m.t.Context()
	_, medium := m.send(1)
	id := medium.Record().ID
	view, err := m.Media.View(ctx, m.owner, id)
	m.must(err)
	m.same(&store.Medium{ID: id, State: media.Receiving, Renditions: []store.Rendition{}, Version: media.Version(m.now)}, view)

	r, p := m.finish(id), mediaProduct(id)
	want := &store.Medium{
		ID: id, State: media.Ready, Progress: 100, Attempt: 1, Kind: "video", Width: 4000, Height: 3000, DurationMS: 12_345,
		Placeholder: store.Placeholder{Blurhash: p.Blurhash, Dominant: p.Dominant},
		Renditions: []store.Rendition{
			{Name: "w320", ContentType: "image/jpeg", Width: 320, Height: 240, Key: p.Renditions[0].Key},
			{Name: "preview", ContentType: "image/jpeg", Width: 32, Height: 24, Key: p.Renditions[1].Key, Preview: true},
		},
		Version: media.Version(r.UpdatedAt),
	}
	view, err = m.Media.View(ctx, m.owner, id)
	m.must(err)
	m.same(want, view)
	_, err = m.Media.View(ctx, m.other, id)
	m.is(err, media.ErrNotFound)
	_, err = m.Media.View(ctx, ident.AccountID{}, id)
	m.is(err, media.ErrNotFound)
	m.change(id, func(x *media.Medium) error { return x.Delete(m.owner, false, m.now) })
	_, err = m.Media.View(ctx, m.owner, id)
	m.is(err, media.ErrNotFound)

	_, medium = m.send(1)
	id = medium.Record().ID
	m.change(id, func(x *media.Medium) error { return x.Receive(m.now) })
	m.change(id, func(x *media.Medium) error { x.Fail(media.Failure{Code: "media.corrupt"}, m.now); return nil })
	view, err = m.Media.View(ctx, m.owner, id)
	m.must(err)
	m.same(&store.MediumError{Code: "media.corrupt"}, view.Error)
}

func (m *darkroom) progress() {
	ctx := m.t.Context()
	_, medium := m.send(1)
	id := medium.Record().ID
	note := func(attempt int, percent int) (string, int) {
		m.t.Helper()
		m.must(m.Media.Progress(ctx, id, attempt, "resizing", percent))
		r := m.record(id)
		return r.Stage, r.Progress
	}
	if stage, percent := note(0, 10); stage != "" || percent != 0 {
		m.t.Errorf("before it began: %s %d", stage, percent)
	}
	m.change(id, func(x *media.Medium) error { return x.Receive(m.now) })
	m.change(id, m.begin)
	before := m.record(id)
	if stage, percent := note(1, 42); stage != "resizing" || percent != 42 {
		m.t.Errorf("while it runs: %s %d", stage, percent)
	}
	if after := m.record(id); !after.UpdatedAt.Equal(before.UpdatedAt) {
		m.t.Error("progress made another version")
	}
	m.change(id, m.begin)
	if _, percent := note(1, 77); percent != 0 {
		m.t.Error("an attempt that was given up goes on")
	}
	m.change(id, func(x *media.Medium) error { return x.Inspected(media.Facts{}, m.now) })
	if _, percent := note(2, 60); percent != 60 {
		m.t.Error("the running attempt is not heard")
	}
	m.change(id, func(x *media.Medium) error { return x.Finish(mediaProduct(id), m.now) })
	if stage, percent := note(2, 90); stage != "" || percent != 100 {
		m.t.Errorf("when it is ready: %s %d", stage, percent)
	}
}

func (m *darkroom) renditions() {
	_, medium := m.send(1)
	id := medium.Record().ID
	m.finish(id)
	count := func() int64 {
		return dbInt(m.t, m.t.Context(), m.db, `SELECT count(*) FROM renditions WHERE media = $1`, id)
	}
	m.change(id, func(x *media.Medium) error { return x.Describe(m.owner, nil, "kept", m.now) })
	if n := count(); n != 2 {
		m.t.Errorf("%d renditions after another change", n)
	}
	m.change(id, func(x *media.Medium) error { return x.Delete(m.owner, false, m.now) })
	if n := count(); n != 0 {
		m.t.Errorf("%d renditions of a deleted medium", n)
	}
}

func (m *darkroom) attached() {
	ctx := m.t.Context()
	_, one := m.send(1)
	_, two := m.send(1)
	_, alone := m.send(1)
	a, b := one.Record().ID, two.Record().ID
	m.must(m.Media.Attach(ctx, nil))
	before := m.record(a)
	err := m.db.Do(ctx, func(ctx context.Context) error {
		locked, err := m.Media.Lock(ctx, a)
		if err != nil {
			return err
		}
		if err := m.Media.Attach(ctx, []ident.MediaID{a, b, ident.New[ident.MediaID](m.ids)}); err != nil {
			return err
		}
		return m.Media.Save(ctx, locked) // as it was before
	})
	m.must(err)
	before.Attached = true
	m.same(before, m.record(a)) // not another version either
	m.must(m.Media.Attach(ctx, []ident.MediaID{a}))
	if !m.record(b).Attached || m.record(alone.Record().ID).Attached {
		m.t.Error("others are attached")
	}
}

func (m *darkroom) usage() {
	ctx := m.t.Context()
	check := func(bytes int64, open int) {
		m.t.Helper()
		got, err := m.Uploads.Usage(ctx, m.owner, m.now)
		m.must(err)
		m.same(media.Usage{Bytes: bytes, Open: open}, got)
	}
	check(0, 0)
	first, medium := m.send(100)
	m.send(1 << 35)
	check(100+1<<35, 2)
	remove := func(x *media.Medium) error { x.Drop(m.now); return nil }
	m.change(medium.Record().ID, remove)
	check(1<<35, 2)
	m.change(medium.Record().ID, remove) // saving it once more takes nothing away
	check(1<<35, 2)
	m.must(m.db.Do(ctx, func(ctx context.Context) error {
		u, err := m.Uploads.Lock(ctx, first.Record().ID)
		if err != nil {
			return err
		}
		if _, err := u.Abort(); err != nil {
			return err
		}
		return m.Uploads.Save(ctx, u)
	}))
	check(1<<35, 1)
	m.now = m.now.Add(time.Hour) // the other one is overdue, and not open any more
	check(1<<35, 0)
	got, err := m.Uploads.Usage(ctx, m.other, m.now)
	m.must(err)
	m.same(media.Usage{}, got)
}

func (m *darkroom) renditionUsage() {
	check := func(bytes int64) {
		m.t.Helper()
		got, err := m.Uploads.Usage(m.t.Context(), m.owner, m.now)
		m.must(err)
		m.same(bytes, got.Bytes)
	}
	m.send(7)
	_, medium := m.send(100)
	id := medium.Record().ID
	m.finish(id)
	check(7 + 100 + 1234 + 99)
	m.change(id, func(x *media.Medium) error { return x.Describe(m.owner, nil, "the sea", m.now) }) // the same renditions
	check(7 + 100 + 1234 + 99)
	for range 2 {
		m.change(id, func(x *media.Medium) error { x.Drop(m.now); return nil })
		check(7)
	}
}

func (m *darkroom) lockedUsage() {
	const each, quota = 10, 45
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			err := m.db.Do(m.t.Context(), func(ctx context.Context) error {
				u, err := m.Uploads.LockUsage(ctx, m.owner, m.now)
				if err != nil || u.Bytes+each > quota {
					return err
				}
				return m.Media.Insert(ctx, media.NewMedium(ident.New[ident.MediaID](m.ids), m.owner, media.ForPost, each, m.now))
			})
			if err != nil {
				m.t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := m.Uploads.Usage(m.t.Context(), m.owner, m.now)
	m.must(err)
	if got.Bytes != 40 {
		m.t.Errorf("%d bytes went into %d", got.Bytes, quota)
	}
}

func (m *darkroom) locks() {
	_, medium := m.send(1)
	id := medium.Record().ID
	m.change(id, func(x *media.Medium) error { return x.Receive(m.now) })
	read, saved := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		<-read
		if err := m.db.Do(m.t.Context(), func(ctx context.Context) error {
			medium, err := m.Media.Lock(ctx, id)
			if err != nil {
				return err
			}
			return errors.Join(m.begin(medium), m.Media.Save(ctx, medium))
		}); err != nil {
			m.t.Error(err)
		}
		close(saved)
	})
	m.must(m.db.Do(m.t.Context(), func(ctx context.Context) error {
		if _, err := m.Media.LockAll(ctx, []ident.MediaID{id}); err != nil {
			return err
		}
		close(read)
		select {
		case <-saved:
			m.t.Error("it was changed under a lock")
		case <-time.After(100 * time.Millisecond):
		}
		return nil
	}))
	wg.Wait()
}

func (m *darkroom) overdue() {
	ctx := m.t.Context()
	var ids []ident.UploadID
	for range 3 {
		u, _ := m.send(1)
		ids = append(ids, u.Record().ID)
		m.now = m.now.Add(time.Minute)
	}
	at := m.now.Add(time.Hour - 2*time.Minute) // the second one is over at this very time
	due, err := m.Uploads.Overdue(ctx, at, 10)
	m.must(err)
	if !slices.Equal(due, ids[:2]) {
		m.t.Errorf("%d are overdue: %v of %v", len(due), due, ids)
	}
	due, err = m.Uploads.Overdue(ctx, at, 1)
	m.must(err)
	if !slices.Equal(due, ids[:1]) {
		m.t.Errorf("the first one is %v, not %v", due, ids[:1])
	}
	m.must(m.db.Do(ctx, func(ctx context.Context) error {
		u, err := m.Uploads.Lock(ctx, ids[0])
		if err != nil {
			return err
		}
		u.Expire(at)
		return m.Uploads.Save(ctx, u)
	}))
	due, err = m.Uploads.Overdue(ctx, at, 10)
	m.must(err)
	if !slices.Equal(due, ids[1:2]) {
		m.t.Errorf("an expired one is listed again: %v", due)
	}
}

func (m *darkroom) rollsBack() {
	ctx := m.t.Context()
	broken := errors.New("broken")
	id := ident.New[ident.MediaID](m.ids)
	m.is(m.db.Do(ctx, func(ctx context.Context) error {
		if _, err := m.Uploads.LockUsage(ctx, m.owner, m.now); err != nil {
			return err
		}
		if err := m.Media.Insert(ctx, media.NewMedium(id, m.owner, media.ForPost, 7, m.now)); err != nil {
			return err
		}
		return broken
	}), broken)
	_, err := m.Media.Lock(ctx, id)
	m.is(err, media.ErrNotFound)
	got, err := m.Uploads.Usage(ctx, m.owner, m.now)
	m.must(err)
	m.same(media.Usage{}, got)
}
