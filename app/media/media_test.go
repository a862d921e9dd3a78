package media_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// emptyBody has no bytes.
type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }

func TestOwnMedia(t *testing.T) {
	t.Run("renditions come with links for the owner alone", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.ready()
		view, err := s.keeping().Get(t.Context(), s.owner, ticket.MediaID)
		s.must(err)
		if len(view.Renditions) != 2 {
			t.Fatalf("%d renditions", len(view.Renditions))
		}
		for _, r := range view.Renditions {
			if url, expires := (links{}).URL(r.Key, s.owner); r.URL != url || !r.ExpiresAt.Equal(expires) {
				t.Errorf("%s until %s", r.URL, r.ExpiresAt)
			}
		}
	})
	t.Run("a stranger finds no medium", func(t *testing.T) {
		s := newStudio(t)
		id := s.ready().MediaID
		_, err := s.keeping().Get(t.Context(), s.stranger, id)
		s.is(err, rules.ErrNotFound)
		s.is(s.keeping().Describe(t.Context(), s.stranger, id, nil, "mine"), rules.ErrNotFound)
		s.is(s.keeping().Retry(t.Context(), s.stranger, id), rules.ErrNotFound)
		s.is(s.keeping().Delete(t.Context(), s.stranger, id), rules.ErrNotFound)
		s.is(s.keeping().Delete(t.Context(), s.owner, ident.New[ident.MediaID](s.ids)), rules.ErrNotFound)
		if r := s.record(id); r.Alt != "" || !r.DeletedAt.IsZero() {
			t.Errorf("%+v", r)
		}
	})
	t.Run("a description is kept, unless it was made on an old copy", func(t *testing.T) {
		s := newStudio(t)
		id := s.ready().MediaID
		read, err := s.keeping().Get(t.Context(), s.owner, id)
		s.must(err)
		s.must(s.keeping().Describe(t.Context(), s.owner, id, []int64{read.Version}, "a sea"))
		s.is(s.keeping().Describe(t.Context(), s.owner, id, []int64{read.Version}, "a lake"), rules.ErrStale)
		view, err := s.keeping().Get(t.Context(), s.owner, id)
		s.must(err)
		if view.Alt != "a sea" || len(view.Renditions) != 2 {
			t.Errorf("%+v", view)
		}
	})
	t.Run("what is shown is not deleted; what is not goes with its bytes", func(t *testing.T) {
		s := newStudio(t)
		id := s.ready().MediaID
		s.use[id] = true
		s.is(s.keeping().Delete(t.Context(), s.owner, id), rules.ErrInUse)
		s.whole()
		delete(s.use, id)
		s.must(s.keeping().Delete(t.Context(), s.owner, id))
		s.is(s.keeping().Delete(t.Context(), s.owner, id), rules.ErrNotFound)
		_, err := s.keeping().Get(t.Context(), s.owner, id)
		s.is(err, rules.ErrNotFound)
		s.drain(s.plain())
		if left := s.objects(); len(left) != 0 || s.usage() != (rules.Usage{}) {
			t.Errorf("left: %v, %+v", left, s.usage())
		}
	})
	t.Run("deleting a medium ends its upload", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		s.part(ticket, 1)
		s.must(s.keeping().Delete(t.Context(), s.owner, ticket.MediaID))
		_, err := s.taking(s.plain()).Status(t.Context(), s.owner, ticket.ID)
		s.is(err, rules.ErrUploadGone)
		if s.usage() != (rules.Usage{}) {
			t.Errorf("%+v is used", s.usage())
		}
	})
}

func TestCatalog(t *testing.T) {
	s := newStudio(t)
	catalog := &media.Catalog{Store: s.media}
	ready, waiting := s.ready().MediaID, s.create().MediaID
	t.Run("media are described in the order of the question", func(t *testing.T) {
		got, err := catalog.Media(t.Context(), s.owner, []ident.MediaID{waiting, ready})
		s.must(err)
		if len(got) != 2 || got[0].ID != waiting || got[0].Ready() || got[1].ID != ready || !got[1].Ready() || !got[0].Unused || !got[1].Unused {
			t.Errorf("%+v", got)
		}
		got, err = catalog.Media(t.Context(), s.owner, []ident.MediaID{ready})
		s.must(err)
		if len(got) != 1 || got[0].Unused {
			t.Errorf("it was asked for before: %+v", got)
		}
		got, err = catalog.Media(t.Context(), s.owner, nil)
		s.must(err)
		if len(got) != 0 {
			t.Errorf("%v", got)
		}
	})
	t.Run("what somebody asks for is attached from then on, if he gets it", func(t *testing.T) {
		one, two := s.ready().MediaID, s.ready().MediaID
		attached := func() []bool { return []bool{s.record(one).Attached, s.record(two).Attached} }
		_, err := catalog.Media(t.Context(), s.owner, []ident.MediaID{one, ident.New[ident.MediaID](s.ids)})
		s.is(err, access.ErrNoMedium)
		_, err = catalog.Media(t.Context(), s.stranger, []ident.MediaID{one})
		s.is(err, access.ErrNoMedium)
		err = s.db.Do(t.Context(), func(ctx context.Context) error {
			_, err := catalog.Media(ctx, s.owner, []ident.MediaID{one})
			return errors.Join(err, access.ErrNoMedium) // the post came to nothing
		})
		s.is(err, access.ErrNoMedium)
		if diff := cmp.Diff([]bool{false, false}, attached()); diff != "" {
			t.Error(diff)
		}
		for range 2 {
			_, err = catalog.Media(t.Context(), s.owner, []ident.MediaID{two})
			s.must(err)
		}
		if diff := cmp.Diff([]bool{false, true}, attached()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("films are told from pictures", func(t *testing.T) {
		_, err := s.db.Exec(t.Context(), `UPDATE media SET kind = 'video' WHERE id = $1`, ready)
		s.must(err)
		got, err := catalog.Media(t.Context(), s.owner, []ident.MediaID{ready})
		s.must(err)
		if !got[0].Video() {
			t.Errorf("%+v", got)
		}
	})
	t.Run("one that is missing, another's, deleted or failed for good spoils the answer", func(t *testing.T) {
		s.processor.inspects = errors.New("x")
		gone, failed := s.received().MediaID, s.received().MediaID
		s.must(s.keeping().Delete(t.Context(), s.owner, gone))
		_, err := s.db.Exec(t.Context(), `UPDATE media SET state = 'failed', error_code = 'x' WHERE id = $1`, failed)
		s.must(err)
		for name, id := range map[string]ident.MediaID{"missing": ident.New[ident.MediaID](s.ids), "deleted": gone, "failed": failed} {
			if _, err := catalog.Media(t.Context(), s.owner, []ident.MediaID{ready, id}); !errors.Is(err, access.ErrNoMedium) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err = catalog.Media(t.Context(), s.stranger, []ident.MediaID{ready})
		s.is(err, access.ErrNoMedium)
	})
	t.Run("an avatar is ready, its owner's, and was sent as one", func(t *testing.T) {
		s := newStudio(t)
		catalog := &media.Catalog{Store: s.media}
		offer := s.offer()
		offer.Purpose = rules.ForAvatar
		ticket, err := s.taking(s.plain()).Create(t.Context(), s.owner, offer)
		s.must(err)
		check := func(owner ident.AccountID, id ident.MediaID, want bool) {
			t.Helper()
			got, err := catalog.AvatarReady(t.Context(), owner, id)
			s.must(err)
			if got != want {
				t.Errorf("got %t", got)
			}
			if m, err := s.media.Lock(t.Context(), id); err == nil && m.Record().Attached != want && owner != s.stranger {
				t.Errorf("attached: %t", !want)
			}
		}
		check(s.owner, ticket.MediaID, false)
		s.send(ticket)
		_, err = s.taking(s.plain()).Complete(t.Context(), s.owner, ticket.ID)
		s.must(err)
		s.drain(s.plain())
		check(s.owner, ticket.MediaID, true)
		check(s.stranger, ticket.MediaID, false)
		check(s.owner, s.ready().MediaID, false)
		check(s.owner, ident.New[ident.MediaID](s.ids), false)
		_, err = catalog.Media(t.Context(), s.owner, []ident.MediaID{ticket.MediaID})
		s.is(err, access.ErrNoMedium)
	})
}

func TestDisposal(t *testing.T) {
	t.Run("a worker that dies is followed by another one", func(t *testing.T) {
		everywhere(t, func(t *testing.T, at int) *death {
			s := newStudio(t)
			s.must(s.keeping().Delete(t.Context(), s.owner, s.ready().MediaID))
			o, d := s.mortal(at)
			l, _ := s.claim(media.KindDiscard)
			if err := s.workers(o)[media.KindDiscard].Run(t.Context(), l); (err == nil) == d.dead {
				t.Errorf("dead: %t, and it answers %v", d.dead, err)
			}
			s.clock.pass(2 * lease)
			s.drain(s.plain())
			if left := s.objects(); len(left) != 0 || s.queued(media.KindDiscard) != 0 {
				t.Errorf("left: %v, %d jobs", left, s.queued(media.KindDiscard))
			}
			return d
		})
	})
	t.Run("what was taken away goes, however long the storage is down", func(t *testing.T) {
		s := newStudio(t)
		s.must(s.keeping().Delete(t.Context(), s.owner, s.ready().MediaID))
		broken := outfit{s.db, &brokenBlobs{Store: s.blobs, remove: blob.ErrFull}}
		for range 3 {
			s.drain(broken)
			if s.queued(media.KindDiscard) != 1 {
				t.Fatal("it was given up")
			}
			s.clock.pass(2 * time.Hour)
		}
		s.drain(s.plain())
		if left := s.objects(); len(left) != 0 || s.queued(media.KindDiscard) != 0 {
			t.Errorf("left: %v", left)
		}
	})
	t.Run("nothing is removed that was not deleted, and what never was is no trouble", func(t *testing.T) {
		s := newStudio(t)
		kept := s.ready()
		s.must(s.jobs.Enqueue(t.Context(), discardJob(s, kept.MediaID)))
		s.must(s.jobs.Enqueue(t.Context(), discardJob(s, ident.New[ident.MediaID](s.ids))))
		s.drain(s.plain())
		s.whole()
		if n := len(s.objects()); n != 3 || s.queued(media.KindDiscard) != 0 {
			t.Errorf("%d objects", n)
		}
	})
}

func discardJob(s *studio, id ident.MediaID) jobs.Job {
	return jobs.Job{Kind: media.KindDiscard, Subject: id, Owner: s.owner}
}
