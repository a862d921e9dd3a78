package contract

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sajin-sns/sajin/ports/blob"
)

func (b blobs) keys(t *testing.T) {
	ctx := t.Context()
	s := b.open(t)
	long := strings.Repeat("a", 200)
	for _, key := range []string{
		"a", "0", "a/b/c/d/e/f/g", "a.b-c_d", "-", "_", "...", "..a", "a..", ".a/b.", "upload", "con",
		long, long + "/" + long + "/" + strings.Repeat("b", 110),
	} {
		b.put(t, s, key, []byte(key), "text/plain")
		if got, _ := b.get(t, s, key); string(got) != key {
			t.Errorf("%q holds %q", key, got)
		}
		if err := s.Delete(ctx, key); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	}
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", "a/.", "./a", "a/./b", "/etc/passwd",
		"a\x00", "a\x00.jpg", "A", "a/B", "É", "사진", "a b", "a\nb", "a\\b", `..\a`, "a:b", "a%2fb", "a%2e", "a+", "a~", "a*", "a?",
		long + "a", strings.Repeat("a/", 256) + "a",
	} {
		t.Run(fmt.Sprintf("%.20q is no key", key), func(t *testing.T) {
			_, errOpen := s.Open(ctx, key)
			_, errStat := s.Stat(ctx, key)
			_, errStart := s.StartUpload(ctx, key, "")
			u := blob.Upload{Key: key, Ref: "x"}
			_, errPart := s.PutPart(ctx, u, 1, strings.NewReader("x"), 1)
			_, errParts := s.ListParts(ctx, u)
			_, errComplete := s.CompleteUpload(ctx, u, nil)
			for call, err := range map[string]error{
				"Put": s.Put(ctx, key, strings.NewReader("x"), 1, ""), "Open": errOpen, "Stat": errStat, "Delete": s.Delete(ctx, key),
				"StartUpload": errStart, "PutPart": errPart, "ListParts": errParts, "CompleteUpload": errComplete, "AbortUpload": s.AbortUpload(ctx, u),
			} {
				if !errors.Is(err, blob.ErrBadKey) {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
	if keys := b.list(t, s, ""); len(keys) != 0 {
		t.Errorf("bad keys left %q", keys)
	}
}

func (b blobs) reading(t *testing.T) {
	s := b.open(t)
	data := blobNoise(3, 50_000)
	b.put(t, s, "film", data, "video/mp4")
	o, err := s.Open(t.Context(), "film")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()

	t.Run("seeking goes anywhere", func(t *testing.T) {
		for _, c := range []struct {
			offset int64
			whence int
			at     int64
		}{{100, io.SeekStart, 100}, {-10, io.SeekEnd, 49_990}, {0, io.SeekStart, 0}, {7, io.SeekCurrent, 17}, {-20, io.SeekCurrent, 7}, {0, io.SeekEnd, 50_000}, {90_000, io.SeekStart, 90_000}} {
			at, err := o.Seek(c.offset, c.whence)
			if err != nil || at != c.at {
				t.Fatalf("at %d (%v), want %d", at, err, c.at)
			}
			got := make([]byte, 10)
			n, err := io.ReadFull(o, got)
			want := data[min(at, 50_000):min(at+10, 50_000)]
			if !bytes.Equal(got[:n], want) || (len(want) == 0) != errors.Is(err, io.EOF) {
				t.Fatalf("at %d: %d bytes, %v", at, n, err)
			}
		}
		if _, err := o.Seek(-1, io.SeekStart); err == nil {
			t.Error("there is something before the start")
		}
	})

	modified := o.Info().ModifiedAt.Format(http.TimeFormat)
	for _, c := range []struct {
		name   string
		header http.Header
		status int
		want   []byte
	}{
		{"all of it", http.Header{}, 200, data},
		{"a range", http.Header{"Range": {"bytes=1000-1999"}}, 206, data[1000:2000]},
		{"a range without an end", http.Header{"Range": {"bytes=49999-"}}, 206, data[49_999:]},
		{"the end", http.Header{"Range": {"bytes=-500"}}, 206, data[49_500:]},
		{"past the end", http.Header{"Range": {"bytes=50000-"}}, 416, nil},
		{"a range of what the client knows", http.Header{"Range": {"bytes=0-9"}, "If-Range": {modified}}, 206, data[:10]},
		{"a range of something older", http.Header{"Range": {"bytes=0-9"}, "If-Range": {"Mon, 02 Jan 2006 15:04:05 GMT"}}, 200, data},
		{"nothing new", http.Header{"If-Modified-Since": {modified}}, 304, nil},
	} {
		t.Run("over HTTP: "+c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/film", nil)
			r.Header = c.header
			w := httptest.NewRecorder()
			w.Header().Set("Content-Type", o.Info().ContentType)
			http.ServeContent(w, r, "", o.Info().ModifiedAt, o)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d", w.Code, c.status)
			}
			if c.want != nil && !bytes.Equal(w.Body.Bytes(), c.want) {
				t.Errorf("%d bytes that are not the %d wanted", w.Body.Len(), len(c.want))
			}
		})
	}
}

func (b blobs) replacing(t *testing.T) {
	for name, change := range map[string]func(s blob.Store) error{
		"replaced": func(s blob.Store) error {
			return s.Put(context.Background(), "k", bytes.NewReader(blobNoise(5, 90_000)), 90_000, "image/png")
		},
		"deleted": func(s blob.Store) error { return s.Delete(context.Background(), "k") },
	} {
		t.Run("what was opened is not touched when the object is "+name, func(t *testing.T) {
			s := b.open(t)
			data := blobNoise(4, 80_000)
			b.put(t, s, "k", data, "image/jpeg")
			o, err := s.Open(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			if _, err := io.ReadFull(o, make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
			if err := change(b.promises.Again(t, s)); err != nil {
				t.Fatal(err)
			}
			if info := o.Info(); info.Size != 80_000 || info.ContentType != "image/jpeg" {
				t.Errorf("it is now %+v", info)
			}
			_, err = o.Seek(0, io.SeekStart)
			var got []byte
			if err == nil {
				got, err = io.ReadAll(o)
			}
			if err != nil && b.promises.Keeps {
				t.Error(err)
			}
			if err == nil && !bytes.Equal(got, data) || !bytes.HasPrefix(data, got) {
				t.Error("it reads as other bytes")
			}
		})
	}
}

func (b blobs) listing(t *testing.T) {
	s := b.open(t)
	keys := []string{"a-b", "a.b", "a0", "m/1/x", "m/1/y.jpg", "m/10/x", "m/2", "m-1", "m0/z", "z"}
	if b.promises.Nests {
		keys = append(keys, "a", "a/b", "a/b/c", "a/b-c", "m/1")
	}
	for i, key := range keys {
		b.put(t, s, key, blobNoise(6, i), "image/png")
	}
	if _, err := s.StartUpload(t.Context(), "m/1/uploading", ""); err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	for _, prefix := range []string{"", "a", "a/", "a/b", "m", "m/", "m/1", "m/1/", "m/1/x", "m/1/x/", "z", "zz", "/", "../", "m//", "M", "m/../a"} {
		t.Run(fmt.Sprintf("%q has its keys, in order", prefix), func(t *testing.T) {
			want := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !strings.HasPrefix(k, prefix) })
			if diff := gocmp.Diff(want, b.list(t, s, prefix), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("what is listed is what Stat and Open say", func(t *testing.T) {
		err := s.List(t.Context(), "", func(listed blob.Info) bool {
			stat, err := s.Stat(t.Context(), listed.Key)
			_, opened := b.get(t, s, listed.Key)
			listed.ContentType = cmp.Or(listed.ContentType, stat.ContentType)
			if err != nil || stat != listed || opened != listed {
				t.Errorf("%+v, %+v, %+v, %v", listed, stat, opened, err)
			}
			return true
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("it ends when told to", func(t *testing.T) {
		var got []string
		err := s.List(t.Context(), "m/1", func(i blob.Info) bool { got = append(got, i.Key); return len(got) < 2 })
		if err != nil || len(got) != 2 {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("it ends when the context does", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		seen := 0
		err := s.List(ctx, "", func(blob.Info) bool { seen++; cancel(); return true })
		if !errors.Is(err, context.Canceled) || seen == len(keys) {
			t.Errorf("%d keys, %v", seen, err)
		}
	})
	t.Run("objects may be deleted while they are listed", func(t *testing.T) {
		err := s.List(t.Context(), "", func(i blob.Info) bool { return s.Delete(t.Context(), i.Key) == nil })
		if left := b.list(t, s, ""); err != nil || len(left) != 0 {
			t.Errorf("%q are left, %v", left, err)
		}
	})
}

func (b blobs) racing(t *testing.T) {
	t.Run("of many writers of one key one wins, whole, and readers see no mixture", func(t *testing.T) {
		s := b.open(t)
		again := b.promises.Again(t, s)
		whole := func(data []byte, info blob.Info) bool {
			var writer int
			_, err := fmt.Sscanf(info.ContentType, "x/%d", &writer)
			return err == nil && bytes.Equal(data, blobNoise(uint64(writer), 20_000+writer))
		}
		b.put(t, s, "hot", blobNoise(0, 20_000), "x/0")
		var writers sync.WaitGroup
		for w := range 24 {
			writers.Go(func() {
				s := []blob.Store{s, again}[w%2]
				data := blobNoise(uint64(w), 20_000+w)
				if err := s.Put(t.Context(), "hot", bytes.NewReader(data), int64(len(data)), fmt.Sprintf("x/%d", w)); err != nil {
					t.Error(err)
				}
				if data, info := b.get(t, s, "hot"); !whole(data, info) {
					t.Errorf("%d bytes of %s are nobody's", len(data), info.ContentType)
				}
			})
		}
		writers.Wait()
		if data, info := b.get(t, again, "hot"); !whole(data, info) {
			t.Errorf("%d bytes of %s are nobody's", len(data), info.ContentType)
		}
		if keys := b.list(t, s, ""); len(keys) != 1 {
			t.Errorf("%q are left", keys)
		}
	})
	t.Run("putting and deleting neighbours do not disturb each other", func(t *testing.T) {
		s := b.open(t)
		again := b.promises.Again(t, s)
		var all sync.WaitGroup
		for w := range 8 {
			all.Go(func() {
				s := []blob.Store{s, again}[w%2]
				key := fmt.Sprintf("deep/er/%d", w)
				for range 15 {
					if err := s.Put(t.Context(), key, strings.NewReader(key), int64(len(key)), ""); err != nil {
						t.Error(err)
					}
					if got, _ := b.get(t, s, key); string(got) != key {
						t.Errorf("%s holds %q", key, got)
					}
					if err := s.Delete(t.Context(), key); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if keys := b.list(t, s, ""); len(keys) != 0 {
			t.Errorf("%q are left", keys)
		}
	})
}
