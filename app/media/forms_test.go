package media_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
)

// counter is a store that takes forms.
type counter struct {
	blob.Store
	forms map[string]string // the types that forms were made for, by refs
	down  error
	ttl   time.Duration
}

func (c *counter) StartForm(ctx context.Context, key, contentType string, size int64) (blob.Upload, error) {
	if c.down != nil {
		return blob.Upload{}, c.down
	}
	u, err := c.StartUpload(ctx, key, contentType)
	c.forms[u.Ref] = contentType
	return u, err
}

func (c *counter) IsForm(u blob.Upload) bool { return c.forms[u.Ref] != "" }

func (c *counter) SignForm(ctx context.Context, u blob.Upload, ttl time.Duration) (blob.Form, error) {
	if _, err := c.ListParts(ctx, u); err != nil {
		return blob.Form{}, err
	}
	c.ttl = ttl
	return blob.Form{URL: "https://bucket.test/", Fields: map[string]string{"Content-Type": c.forms[u.Ref]}, ExpiresAt: time.Unix(7, 0)}, c.down
}

func TestForms(t *testing.T) {
	formed := func(t *testing.T) (*studio, *counter, *media.Uploads) {
		s := newStudio(t)
		s.limits.PartSize = int64(len(file))
		c := &counter{Store: s.blobs, forms: map[string]string{}}
		return s, c, s.taking(outfit{s.db, c})
	}
	asking := func(s *studio) rules.Offer {
		o := s.offer()
		o.Form = true
		return o
	}
	arrive := func(s *studio, id ident.UploadID) {
		u, err := s.uploads.Get(t.Context(), id)
		s.must(err)
		_, err = s.blobs.PutPart(t.Context(), blob.Upload{Key: u.Record().Key, Ref: u.Record().Ref}, 1, bytes.NewReader(file), int64(len(file)))
		s.must(err)
	}
	form := &media.FormRequest{URL: "https://bucket.test/", Fields: map[string]string{"Content-Type": "image/png"}, ExpiresAt: time.Unix(7, 0)}

	t.Run("a small file is sent with a form, if that is wanted and the storage takes it", func(t *testing.T) {
		s, c, uploads := formed(t)
		got, err := uploads.Create(t.Context(), s.owner, asking(s))
		s.must(err)
		want := &media.Ticket{
			ID: got.ID, MediaID: got.MediaID, Protocol: "form", PartSize: s.limits.PartSize, ExpiresAt: s.clock.now().Add(time.Hour), Parts: []media.PartRequest{}, Form: form,
		}
		if diff := cmp.Diff(want, got); diff != "" || c.ttl != time.Hour {
			t.Error(diff, c.ttl)
		}
		_, err = uploads.Complete(t.Context(), s.owner, got.ID)
		s.is(err, rules.ErrUploadIncomplete)
		arrive(s, got.ID)
		_, err = uploads.Complete(t.Context(), s.owner, got.ID)
		s.must(err)
		s.drain(s.plain())
		if r := s.record(got.MediaID); r.State != rules.Ready {
			t.Errorf("%+v", r)
		}
	})
	t.Run("a status has a fresh form until the file is there", func(t *testing.T) {
		s, _, uploads := formed(t)
		ticket, err := uploads.Create(t.Context(), s.owner, asking(s))
		s.must(err)
		for _, there := range []bool{false, true} {
			want := form
			if there {
				want = nil
				arrive(s, ticket.ID)
			}
			got, err := uploads.Status(t.Context(), s.owner, ticket.ID)
			s.must(err)
			if diff := cmp.Diff(want, got.Form); diff != "" || got.Protocol != "form" {
				t.Errorf("%s: %s", got.Protocol, diff)
			}
			if diff := cmp.Diff([]media.PartStatus{{Number: 1, Size: int64(len(file)), Received: there}}, got.Parts); diff != "" {
				t.Error(diff)
			}
		}
		_, err = uploads.Complete(t.Context(), s.owner, ticket.ID)
		s.must(err)
		if got, err := uploads.Status(t.Context(), s.owner, ticket.ID); err != nil || got.Form != nil || got.State != rules.UploadCompleted {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("its parts are not signed", func(t *testing.T) {
		s, _, uploads := formed(t)
		ticket, err := uploads.Create(t.Context(), s.owner, asking(s))
		s.must(err)
		_, err = uploads.Sign(t.Context(), s.owner, ticket.ID, 1)
		s.is(err, rules.ErrUploadIsForm)
		_, err = uploads.Sign(t.Context(), s.owner, ticket.ID, 2)
		s.is(err, rules.ErrPartNotFound)
	})
	t.Run("whatever else is sent is sent in parts", func(t *testing.T) {
		for name, prepare := range map[string]func(s *studio, c *counter, u *media.Uploads, o *rules.Offer){
			"nobody asked":       func(_ *studio, _ *counter, _ *media.Uploads, o *rules.Offer) { o.Form = false },
			"it has two parts":   func(_ *studio, _ *counter, u *media.Uploads, _ *rules.Offer) { u.Limits.PartSize-- },
			"storage takes none": func(s *studio, _ *counter, u *media.Uploads, _ *rules.Offer) { u.Blobs = s.blobs },
		} {
			s, c, uploads := formed(t)
			offer := asking(s)
			prepare(s, c, uploads, &offer)
			got, err := uploads.Create(t.Context(), s.owner, offer)
			s.must(err)
			if got.Protocol != "parts" || got.Form != nil || len(got.Parts) == 0 {
				t.Errorf("%s: %+v", name, got)
			}
			status, err := uploads.Status(t.Context(), s.owner, got.ID)
			s.must(err)
			if status.Protocol != "parts" || status.Form != nil {
				t.Errorf("%s: %+v", name, status)
			}
		}
	})
	t.Run("a storage that does not answer costs nothing", func(t *testing.T) {
		s, c, uploads := formed(t)
		c.down = blob.ErrUnavailable
		_, err := uploads.Create(t.Context(), s.owner, asking(s))
		s.is(err, media.ErrStorage)
		if u := s.usage(); u != (rules.Usage{}) {
			t.Errorf("%+v is used", u)
		}
		c.down = nil
		ticket, err := uploads.Create(t.Context(), s.owner, asking(s))
		s.must(err)
		c.down = errors.New("gone")
		_, err = uploads.Status(t.Context(), s.owner, ticket.ID)
		s.is(err, media.ErrStorage)
	})
	t.Run("a form that nobody sent ends with its upload", func(t *testing.T) {
		s, c, uploads := formed(t)
		ticket, err := uploads.Create(t.Context(), s.owner, asking(s))
		s.must(err)
		s.clock.pass(time.Hour)
		s.must(uploads.ExpireUploads(t.Context()))
		s.drain(outfit{s.db, c})
		_, err = uploads.Status(t.Context(), s.owner, ticket.ID)
		s.is(err, rules.ErrUploadGone)
		s.must(c.ListUploads(t.Context(), func(u blob.Upload, _ time.Time) bool { t.Errorf("%v is open", u); return true }))
	})
}
