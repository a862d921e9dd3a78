package contract

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/ports/blob"
)

func (b blobs) presigning(t *testing.T) {
	s := b.open(t)
	p, ok := s.(blob.Presigner)
	if ok != b.promises.Presigns {
		t.Fatalf("promised to presign: %v; does: %v", b.promises.Presigns, ok)
	}
	if !ok {
		return
	}
	t.Run("a client sends parts and reads ranges by itself", func(t *testing.T) {
		u, err := s.StartUpload(t.Context(), "k", "video/mp4")
		if err != nil {
			t.Fatal(err)
		}
		size := int(b.promises.PartSize)
		for number, data := range [][]byte{1: blobNoise(1, size), 2: blobNoise(2, 100)} {
			if number == 0 {
				continue
			}
			for range 2 { // signed again, sent again
				request := b.presigned(t)(p.PresignPart(t.Context(), u, number, int64(len(data)), time.Minute))
				if status, _ := b.follow(t, request, data, ""); status != http.StatusOK {
					t.Fatalf("part %d: status %d", number, status)
				}
			}
		}
		parts, err := s.ListParts(t.Context(), u)
		if err != nil || len(parts) != 2 {
			t.Fatalf("%v, %v", parts, err)
		}
		b.complete(t, s, u, parts...)
		request := b.presigned(t)(p.PresignGet(t.Context(), "k", time.Minute, blob.Download{}))
		whole := append(blobNoise(1, size), blobNoise(2, 100)...)
		if status, got := b.follow(t, request, nil, ""); status != http.StatusOK || !bytes.Equal(got, whole) {
			t.Errorf("status %d, %d bytes", status, len(got))
		}
		if status, got := b.follow(t, request, nil, "bytes=10-19"); status != http.StatusPartialContent || !bytes.Equal(got, whole[10:20]) {
			t.Errorf("a range: status %d, %d bytes", status, len(got))
		}
	})
	t.Run("an answer says of itself what was signed", func(t *testing.T) {
		b.put(t, s, "named", []byte("pixels"), "text/html")
		d := blob.Download{ContentType: "image/webp", Disposition: `attachment; filename="sea.webp"`, CacheControl: "private, max-age=60"}
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			d.Method = method
			request := b.presigned(t)(p.PresignGet(t.Context(), "named", time.Minute, d))
			status, header, got := b.fetch(t, request, nil, "")
			if status != http.StatusOK || request.Method != method || method == http.MethodGet && string(got) != "pixels" {
				t.Errorf("%s %s: status %d, %q", method, request.Method, status, got)
			}
			for name, want := range map[string]string{"Content-Type": d.ContentType, "Content-Disposition": d.Disposition, "Cache-Control": d.CacheControl} {
				if header.Get(name) != want {
					t.Errorf("%s: %s is %q, want %q", method, name, header.Get(name), want)
				}
			}
		}
	})
	t.Run("a link is for one method and one object", func(t *testing.T) {
		b.put(t, s, "mine", []byte("x"), "text/plain")
		b.put(t, s, "your", []byte("x"), "text/plain")
		request := b.presigned(t)(p.PresignGet(t.Context(), "mine", time.Minute, blob.Download{}))
		other := request
		other.URL = strings.Replace(other.URL, "mine", "your", 1)
		if status, _ := b.follow(t, other, nil, ""); status < 400 {
			t.Errorf("another object: status %d", status)
		}
		request.Method = http.MethodDelete
		if status, _ := b.follow(t, request, nil, ""); status < 400 {
			t.Errorf("another method: status %d", status)
		}
	})
	t.Run("a part of another size is refused", func(t *testing.T) {
		u, err := s.StartUpload(t.Context(), "sized", "")
		if err != nil {
			t.Fatal(err)
		}
		request := b.presigned(t)(p.PresignPart(t.Context(), u, 1, 100, time.Minute))
		if status, _ := b.follow(t, request, blobNoise(1, 101), ""); status < 400 {
			t.Errorf("status %d", status)
		}
		if parts, err := s.ListParts(t.Context(), u); err != nil || len(parts) != 0 {
			t.Errorf("%v, %v", parts, err)
		}
	})
	t.Run("a request that has expired is refused", func(t *testing.T) {
		b.put(t, s, "late", []byte("x"), "text/plain")
		request := b.presigned(t)(p.PresignGet(t.Context(), "late", time.Second, blob.Download{}))
		time.Sleep(time.Until(request.ExpiresAt) + 1100*time.Millisecond)
		if status, _ := b.follow(t, request, nil, ""); status < 400 {
			t.Errorf("status %d", status)
		}
	})
}

func (blobs) presigned(t *testing.T) func(blob.Request, error) blob.Request {
	t.Helper()
	return func(r blob.Request, err error) blob.Request {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if left := time.Until(r.ExpiresAt); left <= 0 || left > 2*time.Minute {
			t.Errorf("it expires in %s", left)
		}
		return r
	}
}

func (b blobs) follow(t *testing.T, r blob.Request, body []byte, span string) (int, []byte) {
	t.Helper()
	status, _, got := b.fetch(t, r, body, span)
	return status, got
}

func (b blobs) fetch(t *testing.T, r blob.Request, body []byte, span string) (int, http.Header, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.Headers {
		request.Header.Set(name, value)
	}
	if span != "" {
		request.Header.Set("Range", span)
	}
	response, err := b.promises.Client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, got
}
