package s3blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/s3blob"
	"github.com/sajin-sns/sajin/ports/blob"
)

func noise(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{7}).Read(data)
	return data
}

func put(t *testing.T, s blob.Store, key string, data []byte) {
	t.Helper()
	if err := s.Put(t.Context(), key, bytes.NewReader(data), int64(len(data)), "image/jpeg"); err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// started is an upload with a part.
func started(t *testing.T, s *s3blob.Store) (blob.Upload, blob.Part) {
	t.Helper()
	u, err := s.StartUpload(t.Context(), "k", "video/mp4")
	if err != nil {
		t.Fatal(err)
	}
	part, err := s.PutPart(t.Context(), u, 1, bytes.NewReader(noise(100)), 100)
	if err != nil {
		t.Fatal(err)
	}
	return u, part
}

// calls are all that may be asked of a store.
func calls(ctx context.Context, s *s3blob.Store, u blob.Upload, part blob.Part) map[string]error {
	_, open := s.Open(ctx, "there")
	_, stat := s.Stat(ctx, "there")
	_, start := s.StartUpload(ctx, "k2", "")
	_, putPart := s.PutPart(ctx, u, 2, strings.NewReader("x"), 1)
	_, list := s.ListParts(ctx, u)
	_, complete := s.CompleteUpload(ctx, u, []blob.Part{part})
	_, form := s.StartForm(ctx, "k3", "", 1)
	return map[string]error{
		"Put": s.Put(ctx, "new", strings.NewReader("x"), 1, ""), "Open": open, "Stat": stat, "Delete": s.Delete(ctx, "there"),
		"List": s.List(ctx, "", func(blob.Info) bool { return true }), "StartUpload": start, "PutPart": putPart, "ListParts": list, "CompleteUpload": complete,
		"AbortUpload": s.AbortUpload(ctx, u), "ListUploads": s.ListUploads(ctx, func(blob.Upload, time.Time) bool { return true }), "StartForm": form,
	}
}

func TestBadServers(t *testing.T) {
	t.Parallel()
	refused := func(code string, status int) bend { return says(status, code) }
	for name, c := range map[string]struct {
		bend func(p *proxy) bend
		want error
	}{
		"that hang":                  {func(p *proxy) bend { return p.hangs }, blob.ErrUnavailable},
		"that hang up":               {func(*proxy) bend { return breaks }, blob.ErrUnavailable},
		"that are overloaded":        {func(*proxy) bend { return says(503, "SlowDown") }, blob.ErrUnavailable},
		"behind a proxy that is not": {func(*proxy) bend { return says(502, "") }, blob.ErrUnavailable},
		"that let nobody in":         {func(*proxy) bend { return refused("AccessDenied", 403) }, blob.ErrRefused},
		"that know no such key":      {func(*proxy) bend { return refused("InvalidAccessKeyId", 403) }, blob.ErrRefused},
		"in another region":          {func(*proxy) bend { return refused("PermanentRedirect", 301) }, blob.ErrRefused},
		"where a bucket was":         {func(p *proxy) bend { p.bucket.Remove(p.t); return nil }, blob.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t)
			sound := p.store()
			put(t, sound, "there", []byte("x"))
			u, part := started(t, sound)
			p.becomes(c.bend(p))
			s := p.store(func(o *s3blob.Options) { o.Patience = 200 * time.Millisecond })
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for call, err := range calls(ctx, s, u, part) {
				if !errors.Is(err, c.want) || errors.Is(err, blob.ErrNotFound) {
					t.Errorf("%s: %v", call, err)
				}
			}
			if name == "where a bucket was" {
				return
			}
			p.becomes(nil)
			if got, err := sound.ListParts(ctx, u); err != nil || len(got) != 1 || got[0] != part {
				t.Errorf("the upload is not as it was: %v, %v", got, err)
			}
			if _, err := sound.Stat(ctx, "there"); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("that are not there", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		p.Close()
		_, err := s.Stat(t.Context(), "k")
		is(t, err, blob.ErrUnavailable)
	})
	for _, full := range []bend{says(507, "InsufficientStorage"), says(403, "QuotaExceeded"), says(400, "XMinioStorageFull")} {
		t.Run("that are full", func(t *testing.T) {
			p := newProxy(t)
			s := p.store()
			u, part := started(t, s)
			p.becomes(full)
			is(t, s.Put(t.Context(), "k", strings.NewReader("x"), 1, ""), blob.ErrFull)
			_, err := s.PutPart(t.Context(), u, 1, strings.NewReader("x"), 1)
			is(t, err, blob.ErrFull)
			p.becomes(nil)
			if got, err := s.ListParts(t.Context(), u); err != nil || len(got) != 1 || got[0] != part {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	t.Run("that fail twice are asked three times", func(t *testing.T) {
		t.Parallel()
		p := newProxy(t)
		s := p.store()
		put(t, s, "there", []byte("x"))
		for name, b := range map[string]bend{"overloaded": says(503, "SlowDown"), "cut": breaks} {
			for call, fn := range map[string]func() error{
				"Put":  func() error { return s.Put(t.Context(), "k", strings.NewReader("x"), 1, "") },
				"Stat": func() error { _, err := s.Stat(t.Context(), "there"); return err },
				"List": func() error { return s.List(t.Context(), "", func(blob.Info) bool { return true }) },
			} {
				p.becomes(times(2, b))
				if err := fn(); err != nil {
					t.Errorf("%s, %s: %v", name, call, err)
				}
			}
		}
	})
}

func TestSlowClients(t *testing.T) {
	t.Parallel()
	const patience = 300 * time.Millisecond
	p := newProxy(t)
	s := p.store(func(o *s3blob.Options) { o.Patience = patience })
	t.Run("who send slowly keep their request", func(t *testing.T) {
		u, _ := started(t, s)
		slow := io.MultiReader(strings.NewReader("one"), pause(2*patience), strings.NewReader("two"))
		if _, err := s.PutPart(t.Context(), u, 1, slow, 6); err != nil {
			t.Error(err)
		}
	})
	t.Run("who read slowly do, too", func(t *testing.T) {
		data := noise(8 << 20) // more than what is under way
		put(t, s, "large", data)
		o, err := s.Open(t.Context(), "large")
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		got := make([]byte, 1<<20)
		if _, err := io.ReadFull(o, got); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * patience)
		rest, err := io.ReadAll(o)
		if err != nil || !bytes.Equal(append(got, rest...), data) {
			t.Errorf("%d bytes, %v", len(rest), err)
		}
	})
	t.Run("a server that stops in the middle of an answer is given up", func(t *testing.T) {
		data := noise(100_000)
		put(t, s, "half", data)
		p.becomes(only(reading, func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", "100000")
			w.Header().Set("ETag", `"x"`)
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			_, _ = w.Write(data[:50_000])
			_ = http.NewResponseController(w).Flush()
			return p.hangs(w, r)
		}))
		defer p.becomes(nil)
		o, err := s.Open(t.Context(), "half")
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		got, err := io.ReadAll(o)
		is(t, err, blob.ErrUnavailable)
		if !bytes.HasPrefix(data, got) {
			t.Error("other bytes")
		}
	})
	t.Run("a server that takes no bytes in is given up", func(t *testing.T) {
		p.becomes(p.hangs)
		defer p.becomes(nil)
		is(t, s.Put(t.Context(), "k", &endless{}, 1<<30, ""), blob.ErrUnavailable)
	})
}

type pause time.Duration

func (p pause) Read([]byte) (int, error) {
	time.Sleep(time.Duration(p))
	return 0, io.EOF
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestBrokenReading(t *testing.T) {
	t.Parallel()
	data := noise(300_000)
	read := func(t *testing.T, s *s3blob.Store) ([]byte, error) {
		t.Helper()
		o, err := s.Open(t.Context(), "k")
		if err != nil {
			return nil, err
		}
		defer o.Close()
		return io.ReadAll(o)
	}
	t.Run("an answer that is cut is read on where it was cut", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		put(t, s, "k", data)
		p.becomes(times(4, only(reading, p.cuts)))
		if got, err := read(t, s); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
	t.Run("answers that bring nothing are given up, and what came is right", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		put(t, s, "k", data)
		ranged := func(r *http.Request) bool { return reading(r) && r.Header.Get("Range") != "" }
		p.becomes(func(w http.ResponseWriter, r *http.Request) bool {
			return only(ranged, breaks)(w, r) || only(reading, p.cuts)(w, r)
		})
		got, err := read(t, s)
		is(t, err, blob.ErrUnavailable)
		if len(got) == len(data) || !bytes.HasPrefix(data, got) {
			t.Errorf("%d bytes", len(got))
		}
	})
	for name, lie := range map[string]func(p *proxy) bend{
		"another range": func(p *proxy) bend {
			return func(w http.ResponseWriter, r *http.Request) bool {
				r.Header.Del("Range") // not signed
				return false
			}
		},
		"another version": func(p *proxy) bend {
			return func(w http.ResponseWriter, r *http.Request) bool {
				got := p.answer(r)
				got.Header().Set("ETag", `"other"`)
				for name, values := range got.Header() {
					w.Header()[name] = values
				}
				w.WriteHeader(got.Code)
				_, _ = w.Write(got.Body.Bytes())
				return true
			}
		},
	} {
		t.Run("a server that answers with "+name+" is not believed", func(t *testing.T) {
			p := newProxy(t)
			s := p.store()
			put(t, s, "k", data)
			o, err := s.Open(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			p.becomes(only(reading, lie(p)))
			if _, err := o.Seek(200_000, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 10)
			if n, err := io.ReadFull(o, got); err == nil {
				t.Errorf("%d bytes", n)
			}
			p.becomes(nil)
			if _, err := io.ReadFull(o, got); err != nil || !bytes.Equal(got, data[200_000:200_010]) {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestLyingAboutUploads(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, s *s3blob.Store, u blob.Upload, part blob.Part) {
		t.Helper()
		if got, err := s.ListParts(t.Context(), u); err != nil || !slices.Equal(got, []blob.Part{part}) {
			t.Errorf("the upload is not open: %v, %v", got, err)
		}
	}
	whole := func(t *testing.T, s *s3blob.Store, info blob.Info, err error) {
		t.Helper()
		if err != nil || info.Size != 100 || info.ContentType != "video/mp4" {
			t.Errorf("%+v, %v", info, err)
		}
		o, err := s.Open(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, noise(100)) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	t.Run("a part that breaks off leaves the earlier one", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		u, part := started(t, s)
		p.becomes(only(sendingPart, breaks))
		_, err := s.PutPart(t.Context(), u, 1, strings.NewReader("other"), 5)
		is(t, err, blob.ErrUnavailable)
		p.becomes(nil)
		open(t, s, u, part)
	})
	t.Run("a part with another tag than it was listed with completes nothing", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		u, part := started(t, s)
		p.becomes(only(listingParts, p.rewrites(part.ETag, strings.Repeat("0", 32))))
		parts, err := s.ListParts(t.Context(), u)
		if err != nil || parts[0].ETag == part.ETag {
			t.Fatal(parts, err)
		}
		_, err = s.CompleteUpload(t.Context(), u, parts)
		is(t, err, blob.ErrIncomplete)
		p.becomes(nil)
		open(t, s, u, part)
		info, err := s.CompleteUpload(t.Context(), u, []blob.Part{part})
		whole(t, s, info, err)
	})
	t.Run("a part of another size than it was listed with is noticed", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		u, part := started(t, s)
		p.becomes(only(listingParts, p.rewrites("<Size>100</Size>", "<Size>90</Size>")))
		_, err := s.CompleteUpload(t.Context(), u, []blob.Part{part})
		is(t, err, blob.ErrIncomplete)
		part.Size = 90
		if info, err := s.CompleteUpload(t.Context(), u, []blob.Part{part}); err == nil {
			t.Errorf("%+v", info)
		}
	})
	for name, fails := range map[string]bend{
		"an error in an answer of 200": says(200, "InternalError"), "an error in an answer of 500": says(500, "InternalError"), "a cut": breaks,
		"an empty answer of 200": func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(200); return true },
	} {
		t.Run("completing is tried again after "+name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t)
			s := p.store()
			u, part := started(t, s)
			p.becomes(only(completing, fails))
			_, err := s.CompleteUpload(t.Context(), u, []blob.Part{part})
			is(t, err, blob.ErrUnavailable)
			open(t, s, u, part)
			p.becomes(only(completing, times(2, fails)))
			info, err := s.CompleteUpload(t.Context(), u, []blob.Part{part})
			whole(t, s, info, err)
		})
	}
	t.Run("an upload that was completed, and nobody was told, is complete", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		u, part := started(t, s)
		p.becomes(only(completing, func(_ http.ResponseWriter, r *http.Request) bool {
			p.answer(r)
			panic(http.ErrAbortHandler)
		}))
		info, err := s.CompleteUpload(t.Context(), u, []blob.Part{part})
		whole(t, s, info, err)
	})
	t.Run("an upload that cannot be noted is none", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		p.becomes(only(noting, says(403, "AccessDenied")))
		_, err := s.StartUpload(t.Context(), "k", "")
		is(t, err, blob.ErrRefused)
		uploads, err := p.bucket.Client(t).ListMultipartUploads(t.Context(), p.bucket.Name, "", "", "", "", 10)
		if err != nil || len(uploads.Uploads) != 0 {
			t.Errorf("%+v, %v", uploads.Uploads, err)
		}
	})
}

func TestLyingAboutForms(t *testing.T) {
	t.Parallel()
	sent := func(t *testing.T, p *proxy, s *s3blob.Store) (blob.Upload, []blob.Part) {
		t.Helper()
		u, err := s.StartForm(t.Context(), "k", "video/mp4", 100)
		if err != nil {
			t.Fatal(err)
		}
		put(t, open(t, options(p.bucket)), "other", noise(100))
		core := p.bucket.Client(t)
		if _, err := core.PutObject(t.Context(), p.bucket.Name, "FORMS/"+u.Ref+"/k", bytes.NewReader(noise(100)), 100, "", "", minioPlain); err != nil {
			t.Fatal(err)
		}
		parts, err := s.ListParts(t.Context(), u)
		if err != nil || len(parts) != 1 {
			t.Fatal(parts, err)
		}
		return u, parts
	}
	for name, fails := range map[string]bend{"an error in an answer of 200": says(200, "InternalError"), "a cut": breaks, "too much to do": says(503, "SlowDown")} {
		t.Run("a copy is tried again after "+name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t)
			s := p.store()
			u, parts := sent(t, p, s)
			p.becomes(only(copying, fails))
			_, err := s.CompleteUpload(t.Context(), u, parts)
			is(t, err, blob.ErrUnavailable)
			if _, err := s.Stat(t.Context(), "k"); !errors.Is(err, blob.ErrNotFound) {
				t.Error(err)
			}
			p.becomes(only(copying, times(2, fails)))
			if info, err := s.CompleteUpload(t.Context(), u, parts); err != nil || info.Size != 100 || info.ContentType != "video/mp4" {
				t.Errorf("%+v, %v", info, err)
			}
		})
	}
	t.Run("who crashed after the copy, and is sent something else, has what he copied", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		u, parts := sent(t, p, s)
		p.becomes(only(func(r *http.Request) bool { return r.Method == http.MethodDelete }, says(403, "AccessDenied")))
		info, err := s.CompleteUpload(t.Context(), u, parts)
		if err != nil {
			t.Fatal(err)
		}
		p.becomes(nil)
		core := p.bucket.Client(t)
		if _, err := core.PutObject(t.Context(), p.bucket.Name, "FORMS/"+u.Ref+"/k", bytes.NewReader(noise(101)[1:]), 100, "", "", minioPlain); err != nil {
			t.Fatal(err)
		}
		if parts, err = s.ListParts(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if again, err := s.CompleteUpload(t.Context(), u, parts); err != nil || again != info {
			t.Errorf("%+v, then %+v, %v", info, again, err)
		}
		o, err := s.Open(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		if got, _ := io.ReadAll(o); !bytes.Equal(got, noise(100)) {
			t.Errorf("%d other bytes", len(got))
		}
		if names, err := p.bucket.Names(t); err != nil || slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "FORMS/") || strings.HasPrefix(n, "UPLOADS/") }) {
			t.Errorf("%q, %v", names, err)
		}
	})
	t.Run("what is sent between the look and the copy is not taken for what was looked at", func(t *testing.T) {
		p := newProxy(t)
		s := p.store()
		u, parts := sent(t, p, s)
		other := noise(101)[1:]
		p.becomes(only(copying, func(http.ResponseWriter, *http.Request) bool {
			core := p.bucket.Client(t)
			if _, err := core.PutObject(t.Context(), p.bucket.Name, "FORMS/"+u.Ref+"/k", bytes.NewReader(other), 100, "", "", minioPlain); err != nil {
				t.Error(err)
			}
			return false
		}))
		_, err := s.CompleteUpload(t.Context(), u, parts)
		is(t, err, blob.ErrIncomplete)
		p.becomes(nil)
		if parts, err = s.ListParts(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CompleteUpload(t.Context(), u, parts); err != nil {
			t.Error(err)
		}
		o, err := s.Open(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		if got, _ := io.ReadAll(o); !bytes.Equal(got, other) {
			t.Errorf("%d bytes", len(got))
		}
	})
}
