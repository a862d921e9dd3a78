package media_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/test/pgtest"
)

func TestCreating(t *testing.T) {
	t.Run("an upload comes with a request for each part", func(t *testing.T) {
		s := newStudio(t)
		got := s.create()
		expires := s.clock.now().Add(time.Hour)
		part := func(number int, size int64) media.PartRequest {
			return media.PartRequest{Number: number, Method: "PUT", URL: links{}.Part(got.ID, number, expires), Headers: map[string]string{}, Size: size}
		}
		want := &media.Ticket{
			ID: got.ID, MediaID: got.MediaID, Protocol: "parts", PartSize: 10, ExpiresAt: expires,
			Parts: []media.PartRequest{part(1, 10), part(2, 10), part(3, 4)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if r := s.record(got.MediaID); r.State != rules.Receiving || r.Owner != s.owner {
			t.Errorf("%+v", r)
		}
	})
	t.Run("a store that takes parts itself is sent them directly", func(t *testing.T) {
		s := newStudio(t)
		bucket := &bucket{Store: s.blobs}
		got, err := s.taking(outfit{s.db, bucket}).Create(t.Context(), s.owner, s.offer())
		s.must(err)
		if len(got.Parts) != 3 || got.Parts[2].URL != "https://bucket.test/3/4" || got.Parts[2].Headers["X-Size"] != "4" || bucket.ttl != time.Hour {
			t.Errorf("%+v for %s", got.Parts, bucket.ttl)
		}
		again, err := s.taking(outfit{s.db, bucket}).Sign(t.Context(), s.owner, got.ID, 3)
		s.must(err)
		if diff := cmp.Diff(got.Parts[2], again); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("what is refused leaves nothing behind", func(t *testing.T) {
		s := newStudio(t)
		for name, bad := range map[string]func(*rules.Offer){
			"type": func(o *rules.Offer) { o.ContentType = "image/heic" }, "size": func(o *rules.Offer) { o.Size = 1001 },
			"nothing": func(o *rules.Offer) { o.Size = 0 }, "hash": func(o *rules.Offer) { o.SHA256 = "x" },
		} {
			o := s.offer()
			bad(&o)
			if _, err := s.taking(s.plain()).Create(t.Context(), s.owner, o); err == nil {
				t.Errorf("%s is accepted", name)
			}
		}
		if n := s.count(`SELECT (SELECT count(*) FROM uploads) + (SELECT count(*) FROM media)`); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("so many uploads are open and no more, until one is through, aborted or overdue", func(t *testing.T) {
		s := newStudio(t)
		tickets := []*media.Ticket{s.create(), s.create(), s.create()}
		full := func() {
			t.Helper()
			_, err := s.taking(s.plain()).Create(t.Context(), s.owner, s.offer())
			s.is(err, rules.ErrTooManyUploads)
		}
		full()
		s.must(s.taking(s.plain()).Abort(t.Context(), s.owner, tickets[0].ID))
		tickets = append(tickets, s.create())
		full()
		s.send(tickets[1])
		_, err := s.taking(s.plain()).Complete(t.Context(), s.owner, tickets[1].ID)
		s.must(err)
		s.create()
		full()
		s.clock.pass(time.Hour)
		s.create()
	})
	t.Run("others' uploads do not count", func(t *testing.T) {
		s := newStudio(t)
		for range 3 {
			s.create()
		}
		_, err := s.taking(s.plain()).Create(t.Context(), s.stranger, s.offer())
		s.must(err)
	})
	t.Run("of many at once no more get in than fit", func(t *testing.T) {
		for name, s := range map[string]*studio{"sqlite": newStudio(t), "postgres": newStudioOn(t, pgtest.Open(t))} {
			s.limits.MaxOpen, s.limits.Quota = 1000, int64(7*len(file)+1)
			var wg sync.WaitGroup
			var mu sync.Mutex
			accepted := 0
			for range 40 {
				wg.Go(func() {
					_, err := s.taking(s.plain()).Create(t.Context(), s.owner, s.offer())
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						accepted++
					} else if !errors.Is(err, rules.ErrQuota) {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			wg.Wait()
			if u := s.usage(); accepted != 7 || u.Bytes != int64(7*len(file)) || u.Open != 7 {
				t.Errorf("%s: %d got in, %+v is used", name, accepted, u)
			}
		}
	})
	t.Run("a storage that does not answer costs nothing", func(t *testing.T) {
		s := newStudio(t)
		for _, c := range []struct{ err, want error }{{errors.New("refused"), media.ErrStorage}, {blob.ErrFull, media.ErrStorageFull}} {
			broken := &brokenBlobs{Store: s.blobs, start: c.err}
			_, err := s.taking(outfit{s.db, broken}).Create(t.Context(), s.owner, s.offer())
			s.is(err, c.want)
			if fault.KindOf(err) != fault.Unavailable {
				t.Errorf("%v is not unavailable", err)
			}
			if u := s.usage(); u != (rules.Usage{}) {
				t.Errorf("%+v is used", u)
			}
		}
	})
	t.Run("a crash costs nothing for good", func(t *testing.T) {
		everywhere(t, func(t *testing.T, at int) *death {
			s := newStudio(t)
			o, d := s.mortal(at)
			_, err := s.taking(o).Create(t.Context(), s.owner, s.offer())
			if (err == nil) == d.dead {
				t.Errorf("dead: %t, and it answers %v", d.dead, err)
			}
			s.clock.pass(time.Hour)
			s.must(s.taking(s.plain()).ExpireUploads(t.Context()))
			s.drain(s.plain())
			if u := s.usage(); u != (rules.Usage{}) || len(s.objects()) != 0 {
				t.Errorf("%+v is used by %v", u, s.objects())
			}
			return d
		})
	})
	t.Run("limits say what there is", func(t *testing.T) {
		s := newStudio(t)
		s.create()
		got, err := s.taking(s.plain()).Describe(t.Context(), s.owner)
		s.must(err)
		want := &media.Limits{
			Types: []string{"image/png"}, MaxBytes: 1000, MaxPixels: 99, PartSize: 10,
			OpenUploads: media.Share{Used: 1, Total: 3}, Quota: media.Share{Used: int64(len(file)), Total: 2000},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestParts(t *testing.T) {
	put := func(s *studio, id ident.UploadID, number int, body io.Reader, size int64) error {
		_, err := s.taking(s.plain()).Put(s.t.Context(), id, number, body, size)
		return err
	}
	t.Run("a status tells what to send (again)", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		s.part(ticket, 2)
		got, err := s.taking(s.plain()).Status(t.Context(), s.owner, ticket.ID)
		s.must(err)
		want := &media.Status{
			ID: ticket.ID, MediaID: ticket.MediaID, State: rules.UploadOpen, Filename: "sea.png", ContentType: "image/png", Size: int64(len(file)),
			Protocol: "parts", PartSize: 10, ExpiresAt: ticket.ExpiresAt,
			Parts: []media.PartStatus{{Number: 1, Size: 10}, {Number: 2, Size: 10, Received: true}, {Number: 3, Size: 4}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a part is sent again, and the last one counts", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		s.must(put(s, ticket.ID, 1, strings.NewReader("xxxxxxxxxx"), 10))
		s.send(ticket)
		_, err := s.taking(s.plain()).Complete(t.Context(), s.owner, ticket.ID)
		s.must(err)
		object, err := s.blobs.Open(t.Context(), rules.OriginalKey(ticket.MediaID))
		s.must(err)
		if got, _ := io.ReadAll(object); !bytes.Equal(got, file) {
			t.Errorf("%q arrived", got)
		}
	})
	t.Run("what is no part of this upload is refused, and a part that is there stays", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		s.part(ticket, 1)
		s.is(put(s, ident.New[ident.UploadID](s.ids), 1, strings.NewReader("xxxxxxxxxx"), 10), rules.ErrUploadNotFound)
		s.is(put(s, ticket.ID, 0, strings.NewReader(""), 0), rules.ErrPartNotFound)
		s.is(put(s, ticket.ID, 4, strings.NewReader("x"), 1), rules.ErrPartNotFound)
		s.is(put(s, ticket.ID, 1, strings.NewReader("xxxxxxxxxxx"), 11), rules.ErrPartTooLarge)
		s.is(put(s, ticket.ID, 1, strings.NewReader("xxxxxxxxx"), 9), rules.ErrPartSize)
		s.is(put(s, ticket.ID, 1, strings.NewReader("xxxxxxxxx"), 10), media.ErrBody)
		s.is(put(s, ticket.ID, 1, io.MultiReader(strings.NewReader("xxxx"), iotest.ErrReader(io.ErrUnexpectedEOF)), 10), media.ErrBody)
		parts, err := s.taking(s.plain()).Status(t.Context(), s.owner, ticket.ID)
		s.must(err)
		if !parts.Parts[0].Received {
			t.Error("the part is gone")
		}
	})
	t.Run("a full disk is no fault of the client's", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		_, err := s.taking(outfit{s.db, &brokenBlobs{Store: s.blobs, part: blob.ErrFull}}).Put(t.Context(), ticket.ID, 1, strings.NewReader("xxxxxxxxxx"), 10)
		s.is(err, media.ErrStorageFull)
	})
	t.Run("an upload that ends while a part comes says how it ended", func(t *testing.T) {
		for want, end := range map[*fault.Error]func(s *studio, id ident.UploadID) error{
			rules.ErrUploadGone: func(s *studio, id ident.UploadID) error {
				err := s.taking(s.plain()).Abort(t.Context(), s.owner, id)
				s.drain(s.plain())
				return err
			},
			rules.ErrUploadCompleted: func(s *studio, id ident.UploadID) error {
				_, err := s.taking(s.plain()).Complete(t.Context(), s.owner, id)
				return err
			},
		} {
			s := newStudio(t)
			ticket := s.create()
			s.send(ticket)
			body := &lateBody{Reader: strings.NewReader("xxxxxxxxxx"), before: func() { s.must(end(s, ticket.ID)) }}
			s.is(put(s, ticket.ID, 1, body, 10), want)
		}
	})
	t.Run("a stranger finds no upload", func(t *testing.T) {
		s := newStudio(t)
		ticket := s.create()
		uploads := s.taking(s.plain())
		_, err := uploads.Status(t.Context(), s.stranger, ticket.ID)
		s.is(err, rules.ErrUploadNotFound)
		_, err = uploads.Sign(t.Context(), s.stranger, ticket.ID, 1)
		s.is(err, rules.ErrUploadNotFound)
		_, err = uploads.Complete(t.Context(), s.stranger, ticket.ID)
		s.is(err, rules.ErrUploadNotFound)
		s.is(uploads.Abort(t.Context(), s.stranger, ticket.ID), rules.ErrUploadNotFound)
		if u := s.usage(); u.Open != 1 {
			t.Errorf("%+v", u)
		}
	})
	t.Run("after its end an upload is gone, and a complete one is complete", func(t *testing.T) {
		for name, c := range map[string]struct {
			end  func(s *studio, ticket *media.Ticket)
			want error
		}{
			"expired, unswept": {func(s *studio, _ *media.Ticket) { s.clock.pass(time.Hour) }, rules.ErrUploadGone},
			"expired, swept": {func(s *studio, _ *media.Ticket) {
				s.clock.pass(time.Hour)
				s.must(s.taking(s.plain()).ExpireUploads(t.Context()))
				s.clock.pass(-time.Minute)
			}, rules.ErrUploadGone},
			"aborted": {func(s *studio, ticket *media.Ticket) {
				s.must(s.taking(s.plain()).Abort(t.Context(), s.owner, ticket.ID))
			}, rules.ErrUploadGone},
			"completed": {func(s *studio, ticket *media.Ticket) {
				s.send(ticket)
				_, err := s.taking(s.plain()).Complete(t.Context(), s.owner, ticket.ID)
				s.must(err)
			}, rules.ErrUploadCompleted},
		} {
			t.Run(name, func(t *testing.T) {
				s := newStudio(t)
				ticket := s.create()
				c.end(s, ticket)
				uploads := s.taking(s.plain())
				s.is(put(s, ticket.ID, 1, strings.NewReader("xxxxxxxxxx"), 10), c.want)
				_, err := uploads.Sign(t.Context(), s.owner, ticket.ID, 1)
				s.is(err, c.want)
				status, statusErr := uploads.Status(t.Context(), s.owner, ticket.ID)
				_, completeErr := uploads.Complete(t.Context(), s.owner, ticket.ID)
				if name == "completed" {
					s.must(statusErr)
					s.must(completeErr)
					if status.State != rules.UploadCompleted || slices.ContainsFunc(status.Parts, func(p media.PartStatus) bool { return !p.Received }) {
						t.Errorf("%+v", status)
					}
					return
				}
				s.is(statusErr, c.want)
				s.is(completeErr, c.want)
			})
		}
	})
}

// bucket is a store that takes parts itself.
type bucket struct {
	blob.Store
	ttl time.Duration
}

func (b *bucket) PresignPart(_ context.Context, u blob.Upload, number int, size int64, ttl time.Duration) (blob.Request, error) {
	b.ttl = ttl
	digits := func(n int64) string { return string(rune('0' + n)) }
	return blob.Request{
		Method: "PUT", URL: "https://bucket.test/" + digits(int64(number)) + "/" + digits(size%10), Headers: map[string]string{"X-Size": digits(size % 10)},
	}, nil
}

func (b *bucket) PresignGet(context.Context, string, time.Duration, blob.Download) (blob.Request, error) {
	return blob.Request{}, errors.New("originals are not for reading")
}

// brokenBlobs fails at what it is told to.
type brokenBlobs struct {
	blob.Store
	start, part, list, complete, put, remove error
}

func (b *brokenBlobs) StartUpload(ctx context.Context, key, contentType string) (blob.Upload, error) {
	if b.start != nil {
		return blob.Upload{}, b.start
	}
	return b.Store.StartUpload(ctx, key, contentType)
}

func (b *brokenBlobs) PutPart(ctx context.Context, u blob.Upload, number int, body io.Reader, size int64) (blob.Part, error) {
	if b.part != nil {
		return blob.Part{}, b.part
	}
	return b.Store.PutPart(ctx, u, number, body, size)
}

func (b *brokenBlobs) ListParts(ctx context.Context, u blob.Upload) ([]blob.Part, error) {
	if b.list != nil {
		return nil, b.list
	}
	return b.Store.ListParts(ctx, u)
}

func (b *brokenBlobs) CompleteUpload(ctx context.Context, u blob.Upload, parts []blob.Part) (blob.Info, error) {
	if b.complete != nil {
		return blob.Info{}, b.complete
	}
	return b.Store.CompleteUpload(ctx, u, parts)
}

func (b *brokenBlobs) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if b.put != nil {
		return b.put
	}
	return b.Store.Put(ctx, key, body, size, contentType)
}

func (b *brokenBlobs) Delete(ctx context.Context, key string) error {
	if b.remove != nil {
		return b.remove
	}
	return b.Store.Delete(ctx, key)
}

// lateBody has something happen before its first byte.
type lateBody struct {
	io.Reader
	before func()
	once   sync.Once
}

func (b *lateBody) Read(p []byte) (int, error) {
	b.once.Do(b.before)
	return b.Reader.Read(p)
}
