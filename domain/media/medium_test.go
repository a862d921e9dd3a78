package media_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
)

var (
	start    = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	owner    = ident.AccountID{1}
	stranger = ident.AccountID{2}
	mediumID = ident.MediaID{3}
)

func received(t *testing.T) *media.Medium {
	t.Helper()
	m := media.NewMedium(mediumID, owner, media.ForPost, 100, start)
	must(t, m.Receive(start))
	return m
}

func processing(t *testing.T) *media.Medium {
	t.Helper()
	m := received(t)
	if !m.Begin(start) {
		t.Fatal("it did not begin")
	}
	must(t, m.Inspected(media.Facts{Kind: "photo"}, start))
	return m
}

func failed(t *testing.T, retryable bool) *media.Medium {
	t.Helper()
	m := processing(t)
	if !m.Fail(media.Failure{Code: "media.corrupt", Retryable: retryable}, start) {
		t.Fatal("it did not fail")
	}
	return m
}

func ready(t *testing.T) *media.Medium {
	t.Helper()
	m := processing(t)
	must(t, m.Finish(media.Product{Facts: media.Facts{Kind: "photo"}, Renditions: []media.Rendition{{Name: "w320"}}}, start))
	return m
}

func TestProcessing(t *testing.T) {
	t.Run("a file is received, inspected, processed and ready", func(t *testing.T) {
		m := media.NewMedium(mediumID, owner, media.ForPost, 100, start)
		states := []media.State{m.Record().State}
		step := func(err error) {
			t.Helper()
			must(t, err)
			states = append(states, m.Record().State)
		}
		step(m.Receive(start))
		if !m.Begin(start) {
			t.Fatal("it did not begin")
		}
		step(nil)
		facts := media.Facts{Kind: "photo", ContentType: "image/png", Width: 4, Height: 3}
		step(m.Inspected(facts, start))
		product := media.Product{SHA256: "ab", Facts: facts, Renditions: []media.Rendition{{Name: "w320"}}}
		later := start.Add(time.Hour)
		step(m.Finish(product, later))
		if want := []media.State{media.Receiving, media.Received, media.Inspecting, media.Processing, media.Ready}; !slices.Equal(states, want) {
			t.Errorf("it went through %v", states)
		}
		r := m.Record()
		if diff := cmp.Diff(product, r.Product); diff != "" {
			t.Error(diff)
		}
		if r.Progress != 100 || r.Stage != "" || r.Attempt != 1 {
			t.Errorf("ready at %d %%, stage %q, attempt %d", r.Progress, r.Stage, r.Attempt)
		}
		if diff := cmp.Diff([]any{media.MediumReady{Medium: mediumID, Owner: owner, Kind: "photo", At: later}}, m.Events()); diff != "" {
			t.Error(diff)
		}
		if len(m.Events()) != 0 {
			t.Error("events happen twice")
		}
	})
	t.Run("an attempt that was interrupted begins again", func(t *testing.T) {
		m := processing(t)
		if !m.Begin(start) || m.Record().State != media.Inspecting || m.Record().Attempt != 2 {
			t.Errorf("%+v", m.Record())
		}
	})
	t.Run("nothing is processed that has not come, is through, or is gone", func(t *testing.T) {
		gone := received(t)
		must(t, gone.Delete(owner, false, start))
		for name, m := range map[string]*media.Medium{
			"receiving": media.NewMedium(mediumID, owner, media.ForPost, 100, start),
			"ready":     ready(t),
			"failed":    failed(t, true),
			"deleted":   gone,
		} {
			before := m.Record().State
			m.Events()
			if m.Begin(start) || m.Fail(media.Failure{Code: "x"}, start) {
				t.Errorf("%s: it was processed", name)
			}
			for what, err := range map[string]error{
				"inspected": m.Inspected(media.Facts{}, start), "finished": m.Finish(media.Product{}, start),
			} {
				if !errors.Is(err, media.ErrState) {
					t.Errorf("%s: %s: %v", name, what, err)
				}
			}
			if m.Record().State != before || len(m.Events()) != 0 {
				t.Errorf("%s: it turned %s", name, m.Record().State)
			}
		}
	})
	t.Run("a file is received once", func(t *testing.T) {
		for _, m := range []*media.Medium{received(t), ready(t), failed(t, true)} {
			if err := m.Receive(start); !errors.Is(err, media.ErrState) {
				t.Errorf("%s: %v", m.Record().State, err)
			}
		}
	})
	t.Run("an attempt cannot be finished before the file was looked at", func(t *testing.T) {
		m := received(t)
		m.Begin(start)
		if err := m.Finish(media.Product{}, start); !errors.Is(err, media.ErrState) {
			t.Error(err)
		}
	})
	t.Run("a failure says why, and happens", func(t *testing.T) {
		for _, m := range []*media.Medium{received(t), processing(t)} {
			f := media.Failure{Code: "media.corrupt"}
			if !m.Fail(f, start) {
				t.Fatal("it did not")
			}
			if r := m.Record(); r.State != media.Failed || r.Failure != f || r.Progress != 0 || r.Stage != "" {
				t.Errorf("%+v", r)
			}
			if diff := cmp.Diff([]any{media.MediumFailed{Medium: mediumID, Owner: owner, Failure: f, At: start}}, m.Events()); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestOwners(t *testing.T) {
	t.Run("what failed for a passing reason is tried again, and counts on", func(t *testing.T) {
		m := failed(t, true)
		must(t, m.Retry(owner, start))
		if r := m.Record(); r.State != media.Received || r.Failure != (media.Failure{}) {
			t.Errorf("%+v", r)
		}
		if !m.Begin(start) || m.Record().Attempt != 2 {
			t.Errorf("attempt %d", m.Record().Attempt)
		}
	})
	t.Run("nothing else is", func(t *testing.T) {
		for _, m := range []*media.Medium{received(t), processing(t), ready(t), failed(t, false)} {
			if err := m.Retry(owner, start); !errors.Is(err, media.ErrNotRetryable) {
				t.Errorf("%s: %v", m.Record().State, err)
			}
		}
	})
	t.Run("a stranger does not know of it, and neither does anybody once it is gone", func(t *testing.T) {
		gone := ready(t)
		must(t, gone.Delete(owner, false, start))
		for actor, m := range map[ident.AccountID]*media.Medium{stranger: failed(t, true), owner: gone} {
			for what, err := range map[string]error{
				"retry": m.Retry(actor, start), "describe": m.Describe(actor, nil, "x", start), "delete": m.Delete(actor, true, start),
			} {
				if !errors.Is(err, media.ErrNotFound) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if m.FitsPost(actor) {
				t.Error("it may be shown")
			}
		}
	})
	t.Run("what is shown stays", func(t *testing.T) {
		m := ready(t)
		if err := m.Delete(owner, true, start); !errors.Is(err, media.ErrInUse) || m.Deleted() {
			t.Error(err)
		}
		must(t, m.Delete(owner, false, start))
		if !m.Deleted() || len(m.Record().Renditions) != 0 {
			t.Errorf("%+v", m.Record())
		}
	})
	t.Run("what is on its way may go into a post, what failed for good may not", func(t *testing.T) {
		for _, m := range []*media.Medium{
			media.NewMedium(mediumID, owner, media.ForPost, 1, start), received(t), processing(t), ready(t), failed(t, true),
		} {
			if !m.FitsPost(owner) {
				t.Errorf("%s: it may not", m.Record().State)
			}
			if m.FitsAvatar(owner) {
				t.Errorf("%s: it may be an avatar", m.Record().State)
			}
		}
		if failed(t, false).FitsPost(owner) {
			t.Error("it may")
		}
	})
	t.Run("an avatar is one once it is ready, and is nobody else's, and no post's", func(t *testing.T) {
		m := media.NewMedium(mediumID, owner, media.ForAvatar, 1, start)
		must(t, m.Receive(start))
		m.Begin(start)
		must(t, m.Inspected(media.Facts{}, start))
		if m.FitsAvatar(owner) {
			t.Error("it may be one before")
		}
		must(t, m.Finish(media.Product{}, start))
		if !m.FitsAvatar(owner) || m.FitsAvatar(stranger) || m.FitsPost(owner) {
			t.Error("it is not what it was sent for")
		}
		must(t, m.Delete(owner, false, start))
		if m.FitsAvatar(owner) {
			t.Error("it may be one when it is gone")
		}
	})
	t.Run("a description is one line of 500 characters", func(t *testing.T) {
		m := ready(t)
		must(t, m.Describe(owner, nil, "  바다 ", start))
		if m.Record().Alt != "바다" {
			t.Errorf("it is %q", m.Record().Alt)
		}
		must(t, m.Describe(owner, nil, strings.Repeat("é", 500), start))
		for _, alt := range []string{strings.Repeat("é", 501), "a\nb", "a\x00b", "\xff"} {
			if err := m.Describe(owner, nil, alt, start); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%.10q: %v", alt, err)
			}
		}
	})
	t.Run("every change makes another version, also within one tick of the clock", func(t *testing.T) {
		m := ready(t)
		read := m.Version()
		must(t, m.Describe(owner, []int64{read}, "first", start))
		if err := m.Describe(owner, []int64{read}, "second", start); !errors.Is(err, media.ErrStale) || m.Record().Alt != "first" {
			t.Errorf("%v, alt %q", err, m.Record().Alt)
		}
		if m.Version() <= read {
			t.Errorf("version %d after %d", m.Version(), read)
		}
	})
}

func TestKeys(t *testing.T) {
	t.Run("a rendition is named by its bytes, an original by its medium alone", func(t *testing.T) {
		a, b := media.RenditionKey(mediumID, "w320", "jpg", []byte("a")), media.RenditionKey(mediumID, "w320", "jpg", []byte("b"))
		if want := "renditions/" + mediumID.String() + "/w320-ca978112ca1bbdca.jpg"; a != want {
			t.Errorf("got %s, want %s", a, want)
		}
		if a == b || a != media.RenditionKey(mediumID, "w320", "jpg", []byte("a")) {
			t.Error("the key does not follow the bytes")
		}
		if !media.Deliverable(a) || media.Deliverable(media.OriginalKey(mediumID)) {
			t.Error("renditions are delivered, originals are not")
		}
		if !strings.HasPrefix(a, media.RenditionFolder(mediumID)) {
			t.Error("the folder does not hold it")
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
