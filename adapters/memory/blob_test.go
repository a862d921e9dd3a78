package memory_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestBlob(t *testing.T) {
	contract.Blobs(t, func(*testing.T) blob.Store { return memory.NewBlob() }, contract.BlobPromises{Keeps: true, Nests: true})
}

func TestBlobBehindLinks(t *testing.T) {
	contract.Blobs(t, func(t *testing.T) blob.Store {
		b := &bucket{Blob: memory.NewBlob()}
		server := httptest.NewServer(b)
		t.Cleanup(server.Close)
		b.url = server.URL
		return b
	}, contract.BlobPromises{Presigns: true, Keeps: true, Nests: true})
}

// bucket serves a store as a bucket would, to those who have a link of its own.
type bucket struct {
	*memory.Blob
	url   string
	links sync.Map // methods and queries that were given out
}

func (b *bucket) PresignPart(_ context.Context, u blob.Upload, number int, size int64, ttl time.Duration) (blob.Request, error) {
	return b.request(http.MethodPut, ttl, url.Values{"key": {u.Key}, "ref": {u.Ref}, "number": {strconv.Itoa(number)}, "size": {strconv.FormatInt(size, 10)}})
}

func (b *bucket) PresignGet(_ context.Context, key string, ttl time.Duration, d blob.Download) (blob.Request, error) {
	return b.request(cmp.Or(d.Method, http.MethodGet), ttl, url.Values{
		"key": {key}, "content-type": {d.ContentType}, "content-disposition": {d.Disposition}, "cache-control": {d.CacheControl},
	})
}

func (b *bucket) request(method string, ttl time.Duration, query url.Values) (blob.Request, error) {
	until := time.Now().Add(ttl)
	query.Set("until", until.Format(time.RFC3339Nano))
	b.links.Store(method+query.Encode(), true)
	return blob.Request{Method: method, URL: b.url + "/?" + query.Encode(), ExpiresAt: until}, nil
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := b.serve(w, r); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
	}
}

func (b *bucket) serve(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if _, ours := b.links.Load(r.Method + r.URL.RawQuery); !ours {
		return errors.New("forged")
	}
	if until, err := time.Parse(time.RFC3339Nano, q.Get("until")); err != nil || time.Now().After(until) {
		return errors.New("expired")
	}
	if r.Method != http.MethodPut {
		o, err := b.Open(r.Context(), q.Get("key"))
		if err != nil {
			return err
		}
		defer o.Close()
		w.Header().Set("Content-Type", cmp.Or(q.Get("content-type"), o.Info().ContentType))
		for _, name := range []string{"content-disposition", "cache-control"} {
			if q.Get(name) != "" {
				w.Header().Set(name, q.Get(name))
			}
		}
		http.ServeContent(w, r, "", o.Info().ModifiedAt, o)
		return nil
	}
	var number int
	var size int64
	if _, err := fmt.Sscan(q.Get("number")+" "+q.Get("size"), &number, &size); err != nil {
		return err
	}
	_, err := b.PutPart(r.Context(), blob.Upload{Key: q.Get("key"), Ref: q.Get("ref")}, number, r.Body, size)
	return err
}
