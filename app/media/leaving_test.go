package media_test

import (
	"testing"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
)

func TestLeaving(t *testing.T) {
	s := newStudio(t)
	kept, gone, sending := s.ready(), s.ready(), s.create()
	s.use[kept.MediaID] = true // somebody bought it
	leaving := &media.Leaving{Media: s.keeping()}
	s.must(s.jobs.Enqueue(t.Context(), jobs.Job{Kind: media.KindLeave, Subject: s.owner, Owner: s.owner}))
	lease, ok := s.claim(media.KindLeave)
	if !ok {
		t.Fatal("there is no job")
	}
	s.must(leaving.Worker().Run(t.Context(), lease))
	s.drain(s.plain())

	t.Run("what nobody bought is taken away with its bytes, what is still being sent too", func(t *testing.T) {
		for _, id := range []ident.MediaID{gone.MediaID, sending.MediaID} {
			if s.record(id).DeletedAt.IsZero() {
				t.Errorf("%s is still there", id)
			}
		}
		if n := len(s.objects()); n != 3 {
			t.Errorf("%d objects are left of one original and its two renditions: %v", n, s.objects())
		}
	})
	t.Run("what fans bought stays", func(t *testing.T) {
		if !s.record(kept.MediaID).DeletedAt.IsZero() {
			t.Error("it was taken away")
		}
	})
	t.Run("the job is done", func(t *testing.T) {
		if s.queued(media.KindLeave) != 0 {
			t.Error("it is not")
		}
	})
}
