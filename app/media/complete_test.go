package media_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/fault"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/test/pgtest"
)

func TestCompleting(t *testing.T) {
	t.Run("what is missing is named, and may still come", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		s.part(ticket, 2)
		_, err := s.taking(s.plain()).Complete(t.Context(), s.owner, ticket.ID)
		s.is(err, rules.ErrUploadIncomplete)
		f, _ := errors.AsType[*fault.Error](err)
		if diff := cmp.Diff(map[string]any{"missing": []int{1, 3}}, f.Details); diff != "" {
			t.Error(diff)
		}
		s.part(ticket, 1)
		s.part(ticket, 3)
		got, err := s.taking(s.plain()).Complete(t.Context(), s.owner, ticket.ID)
		s.must(err)
		if diff := cmp.Diff(&media.Completed{MediaID: ticket.MediaID, State: rules.Received}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("completing again answers how the medium stands by now", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.ready()
		s.clock.pass(48 * time.Hour)
		got, err := s.taking(s.plain()).Complete(t.Context(), s.owner, ticket.ID)
		s.must(err)
		if got.State != rules.Ready || s.queued(media.KindProcess) != 0 {
			t.Errorf("%+v, %d jobs", got, s.queued(media.KindProcess))
		}
	})
	t.Run("many at once make one medium and one job", func(t *testing.T) {
		for name, s := range map[string]*studio{"sqlite": newStudio(t), "postgres": newStudioOn(t, pgtest.Open(t))} {
			ticket := s.create()
			s.send(ticket)
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					got, err := s.taking(s.plain()).Complete(t.Context(), s.owner, ticket.ID)
					if err != nil || got.MediaID != ticket.MediaID {
						t.Errorf("%s: %v %v", name, got, err)
					}
				})
			}
			wg.Wait()
			if n := s.queued(media.KindProcess); n != 1 {
				t.Errorf("%s: %d jobs", name, n)
			}
			if runs := s.drain(s.plain()); runs != 1 || s.events("media.medium.ready.v1") != 1 || s.count(`SELECT count(*) FROM media`) != 1 {
				t.Errorf("%s: %d runs, %d events", name, runs, s.events("media.medium.ready.v1"))
			}
		}
	})
	t.Run("a process that dies anywhere in it leaves it to be done again", func(t *testing.T) {
		everywhere(t, func(t *testing.T, at int) *death {
			s := newStudio(t)
			ticket := s.create()
			s.send(ticket)
			o, d := s.mortal(at)
			_, err := s.taking(o).Complete(t.Context(), s.owner, ticket.ID)
			if (err == nil) == d.dead {
				t.Errorf("dead: %t, and it answers %v", d.dead, err)
			}
			status, err := s.taking(s.plain()).Status(t.Context(), s.owner, ticket.ID)
			s.must(err)
			for _, p := range status.Parts {
				if !p.Received {
					t.Errorf("part %d is asked for again", p.Number)
				}
			}
			got, err := s.taking(s.plain()).Complete(t.Context(), s.owner, ticket.ID)
			s.must(err)
			if got.State != rules.Received || s.queued(media.KindProcess) != 1 {
				t.Errorf("it is %s, with %d jobs", got.State, s.queued(media.KindProcess))
			}
			s.whole()
			return d
		})
	})
	t.Run("a part that is sent again meanwhile has to be completed again", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		s.send(ticket)
		broken := &brokenBlobs{Store: s.blobs, complete: blob.ErrIncomplete}
		_, err := s.taking(outfit{s.db, broken}).Complete(t.Context(), s.owner, ticket.ID)
		s.is(err, rules.ErrUploadIncomplete)
	})
	t.Run("a storage that does not answer is told from one that lost the upload", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		s.send(ticket)
		for broken, want := range map[*brokenBlobs]error{
			{Store: s.blobs, list: errors.New("refused")}:     media.ErrStorage,
			{Store: s.blobs, complete: blob.ErrFull}:          media.ErrStorageFull,
			{Store: s.blobs, complete: errors.New("refused")}: media.ErrStorage,
			{Store: s.blobs, complete: blob.ErrNotFound}:      rules.ErrUploadGone,
		} {
			_, err := s.taking(outfit{s.db, broken}).Complete(t.Context(), s.owner, ticket.ID)
			s.is(err, want)
		}
		if r := s.record(ticket.MediaID); r.State != rules.Receiving {
			t.Errorf("it is %s", r.State)
		}
	})
	t.Run("a file that is put together while its upload is aborted does not stay", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		s.send(ticket)
		slow := &slowBlobs{Store: s.blobs, after: func() {
			s.must(s.taking(s.plain()).Abort(t.Context(), s.owner, ticket.ID))
			s.drain(s.plain())
			s.must(s.blobs.Put(t.Context(), rules.OriginalKey(ticket.MediaID), emptyBody{}, 0, "")) // as if it came only now
		}}
		_, err := s.taking(outfit{s.db, slow}).Complete(t.Context(), s.owner, ticket.ID)
		s.is(err, rules.ErrUploadGone)
		s.drain(s.plain())
		if left := s.objects(); len(left) != 0 || s.usage() != (rules.Usage{}) {
			t.Errorf("left: %v, %+v", left, s.usage())
		}
	})
}

func TestEnding(t *testing.T) {
	t.Run("aborting removes what came, frees what it took, and may be done again", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		s.part(ticket, 1)
		uploads := s.taking(s.plain())
		for range 2 {
			s.must(uploads.Abort(t.Context(), s.owner, ticket.ID))
		}
		s.drain(s.plain())
		if u := s.usage(); u != (rules.Usage{}) {
			t.Errorf("%+v is used", u)
		}
		u, err := s.uploads.Get(t.Context(), ticket.ID)
		s.must(err)
		r := u.Record()
		if _, err := s.blobs.ListParts(t.Context(), blob.Upload{Key: r.Key, Ref: r.Ref}); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("the parts are still there: %v", err)
		}
		_, err = s.keeping().Get(t.Context(), s.owner, ticket.MediaID)
		s.is(err, rules.ErrNotFound)
	})
	t.Run("a complete upload is not aborted", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.received()
		s.is(s.taking(s.plain()).Abort(t.Context(), s.owner, ticket.ID), rules.ErrUploadCompleted)
	})
	t.Run("uploads expire when their time is over, however many, and complete ones do not", func(t *testing.T) {
		s := newStudio(t)
		s.limits.MaxOpen, s.limits.Quota = 1000, 0
		kept := s.received()
		for range 120 {
			s.part(s.create(), 1)
		}
		s.clock.pass(30 * time.Minute)
		young := s.create()
		s.clock.pass(30 * time.Minute)
		s.must(s.taking(s.plain()).ExpireUploads(t.Context()))
		s.must(s.taking(s.plain()).ExpireUploads(t.Context()))
		if u := s.usage(); u.Open != 1 || u.Bytes != int64(2*len(file)) {
			t.Errorf("%+v is used", u)
		}
		if n := s.count(`SELECT count(*) FROM uploads WHERE state = 'expired'`); n != 120 {
			t.Errorf("%d expired", n)
		}
		s.drain(s.plain())
		if r := s.record(kept.MediaID); r.State != rules.Ready {
			t.Errorf("the complete one is %s", r.State)
		}
		s.part(young, 2)
	})
	t.Run("a process that dies while it sweeps leaves nothing half done", func(t *testing.T) {
		everywhere(t, func(t *testing.T, at int) *death {
			s := newStudio(t)
			s.part(s.create(), 1)
			s.part(s.create(), 1)
			s.clock.pass(time.Hour)
			o, d := s.mortal(at)
			if err := s.taking(o).ExpireUploads(t.Context()); (err == nil) == d.dead {
				t.Errorf("dead: %t, and it answers %v", d.dead, err)
			}
			s.must(s.taking(s.plain()).ExpireUploads(t.Context()))
			if n := s.queued(media.KindDiscard); n != 2 {
				t.Errorf("%d are thrown away", n)
			}
			s.drain(s.plain())
			if u := s.usage(); u != (rules.Usage{}) {
				t.Errorf("%+v is used", u)
			}
			return d
		})
	})
}

// slowBlobs has something happen while it answers that an upload is complete.
type slowBlobs struct {
	blob.Store
	after func()
}

func (b *slowBlobs) CompleteUpload(ctx context.Context, u blob.Upload, parts []blob.Part) (blob.Info, error) {
	info, err := b.Store.CompleteUpload(ctx, u, parts)
	b.after()
	return info, err
}
