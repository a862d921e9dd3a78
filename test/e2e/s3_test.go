package e2e

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/config"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/s3test"
)

// inBucket has a server keep its blobs in a bucket.
func inBucket(t *testing.T, c *config.Config) *s3test.Bucket {
	t.Helper()
	b := s3test.Open(t)
	c.Blob.URL, c.Blob.AccessKey, c.Blob.SecretKey = config.URL(b.URL()), s3test.AccessKey, s3test.SecretKey
	c.Uploads.PartSize = 5 << 20
	return b
}

// bulky is a small picture in a large file: what follows the end of a JPEG is
// no part of it.
func bulky(t *testing.T, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	copy(data, photo(1))
	return data
}

// straight are the links and forms that lead to the bucket.
func straight(t *testing.T, b *s3test.Bucket, links ...string) {
	t.Helper()
	for _, link := range links {
		if !strings.HasPrefix(link, b.Endpoint+"/"+b.Name) {
			t.Errorf("%s does not lead to the bucket", link)
		}
	}
}

func TestInABucket(t *testing.T) {
	t.Parallel()
	c := oneBackend(t)
	b := inBucket(t, &c)
	w := start(t, c)
	m := w.member("painter")

	t.Run("parts go straight to the bucket, and on where they broke off", func(t *testing.T) {
		w.in(t)
		data := bulky(t, 5<<20+70_000)
		f := file(data, "image/jpeg")
		resp, err := m.CreateUploadWithResponse(t.Context(), api.NewUpload{Filename: "a.jpg", ContentType: f.ContentType, Size: f.Size, Purpose: api.NewUploadPurposePost})
		w.must(err)
		u := *resp.JSON201
		if len(u.Parts) != 2 || u.Protocol != api.UploadProtocolParts {
			t.Fatalf("%+v", u)
		}
		straight(t, b, u.Parts[0].URL, u.Parts[1].URL)
		if got := w.send(u.Parts[1].Method, u.Parts[1].URL, "", data[5<<20:]); got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if got := w.send(u.Parts[0].Method, u.Parts[0].URL, "", data[:100]); got.status < 400 {
			t.Errorf("a part of another size: %d", got.status)
		}
		status, err := m.GetUploadWithResponse(t.Context(), u.ID)
		w.must(err)
		if parts := status.JSON200.Parts; parts[0].Received || !parts[1].Received {
			t.Errorf("%+v", parts)
		}
		medium, err := m.ResumeUpload(t.Context(), u.ID, f)
		w.must(err)
		ready, err := m.WaitForMedium(t.Context(), medium)
		w.must(err)
		if ready.Width != 640 {
			t.Errorf("%+v", ready)
		}
	})
	t.Run("a small file goes with a form", func(t *testing.T) {
		w.in(t)
		f := file(stamp(1), "image/jpeg")
		var begun api.Upload
		f.Form, f.Started = true, func(u api.Upload) { begun = u }
		m.take(f)
		if begun.Protocol != api.UploadProtocolForm || len(begun.Parts) != 0 {
			t.Fatalf("%+v", begun)
		}
		straight(t, b, begun.Form.URL)
	})
	t.Run("a form is given again, and the upload ends without it", func(t *testing.T) {
		w.in(t)
		f := file(stamp(2), "image/jpeg")
		protocol := api.NewUploadProtocolForm
		begin := func() uuid.UUID {
			resp, err := m.CreateUploadWithResponse(t.Context(), api.NewUpload{Filename: "a.jpg", ContentType: f.ContentType, Size: f.Size, Purpose: api.NewUploadPurposePost, Protocol: &protocol})
			w.must(err)
			return resp.JSON201.ID
		}
		medium, err := m.ResumeUpload(t.Context(), begin(), f)
		w.must(err)
		_, err = m.WaitForMedium(t.Context(), medium)
		w.must(err)
		_, err = m.AbortUploadWithResponse(t.Context(), begin())
		w.must(err)
	})
	t.Run("what nobody may see cannot be had from the bucket either", func(t *testing.T) {
		w.in(t)
		names, err := b.Names(t)
		w.must(err)
		if len(names) < 4 {
			t.Fatalf("%q", names)
		}
		for _, name := range names {
			if got := w.ask("GET", b.Endpoint+"/"+b.Name+"/"+name, ""); got.status != http.StatusForbidden {
				t.Errorf("%s: %d", name, got.status)
			}
		}
	})
	t.Run("what is over leaves nothing in the bucket", func(t *testing.T) {
		w.in(t)
		w.eventually("only objects are left", func() bool {
			names, err := b.Names(t)
			w.must(err)
			for _, name := range names {
				if strings.HasPrefix(name, "UPLOADS/") || strings.HasPrefix(name, "FORMS/") {
					return false
				}
			}
			return true
		})
	})
}

func TestRedirectsToABucket(t *testing.T) {
	t.Parallel()
	c := oneBackend(t)
	b := inBucket(t, &c)
	c.Blob.Downloads, c.Blob.RedirectTTL = "redirect", 2*time.Second
	w := start(t, c)
	author, fan, other := w.member("author"), w.member("fan"), w.member("other")
	post := author.post(author.stamped(), priced(10))
	w.give(fan, 10)
	fan.purchase(post.ID)
	bought, err := fan.GetPostWithResponse(t.Context(), post.ID, nil)
	w.must(err)
	link := bought.JSON200.Media[0].Renditions[0].URL

	t.Run("who has bought a picture gets it from the bucket", func(t *testing.T) {
		w.in(t)
		for _, method := range []string{"GET", "HEAD"} {
			sent := w.ask(method, link, fan.token())
			if sent.status != http.StatusTemporaryRedirect || len(sent.body) != 0 && method == "HEAD" || sent.header.Get("Cache-Control") != "private, no-store" {
				t.Fatalf("%d %v", sent.status, sent.header)
			}
			to := sent.header.Get("Location")
			straight(t, b, to)
			got := w.ask(method, to, "")
			if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "image/") || !strings.HasPrefix(got.header.Get("Cache-Control"), "private") ||
				method == "GET" && len(got.body) == 0 {
				t.Errorf("%d %v %.200s", got.status, got.header, got.body)
			}
		}
		body, err := fan.Open(t.Context(), link)
		w.must(err)
		defer body.Close()
		var picture bytes.Buffer
		_, err = picture.ReadFrom(body)
		w.must(err)
		if !bytes.HasPrefix(picture.Bytes(), []byte("\xff\xd8")) && !bytes.HasPrefix(picture.Bytes(), []byte("RIFF")) {
			t.Errorf("%d bytes that are no picture", picture.Len())
		}
	})
	t.Run("nobody else is told the way", func(t *testing.T) {
		w.in(t)
		for who, token := range map[string]string{"a stranger": "", "another": other.token()} {
			if got := w.ask("GET", link, token); got.status != http.StatusForbidden || got.header.Get("Location") != "" || strings.Contains(string(got.body), b.Name) {
				t.Errorf("%s: %d %v %s", who, got.status, got.header, got.body)
			}
		}
	})
	t.Run("the way does not last", func(t *testing.T) {
		w.in(t)
		to := w.ask("GET", link, fan.token()).header.Get("Location")
		w.eventually("the link has expired", func() bool { return w.ask("GET", to, "").status == http.StatusForbidden })
	})
}

func TestABucketThatGoesAway(t *testing.T) {
	t.Parallel()
	c := oneBackend(t)
	b := inBucket(t, &c)
	w := start(t, c)
	m := w.member("patient")
	before := m.stamped()
	b.Remove(t)

	ready := w.ask("GET", "/readyz", "")
	if ready.status != http.StatusServiceUnavailable || !strings.Contains(string(ready.body), "storage") {
		t.Errorf("ready without a bucket: %d %s", ready.status, ready.body)
	}
	_, err := m.Upload(t.Context(), file(stamp(3), "image/jpeg"))
	if problem, ok := errors.AsType[*sajin.Error](err); !ok || problem.Code != "media.storage-unavailable" {
		t.Errorf("an upload without a bucket: %v", err)
	}
	view, err := m.GetMediumWithResponse(t.Context(), before, nil)
	w.must(err)
	if got := w.ask("GET", view.JSON200.Renditions[0].URL, m.token()); got.status != http.StatusServiceUnavailable {
		t.Errorf("a picture that is away, and not gone: %d %s", got.status, got.body)
	}
	b.Make(t)
	m.stamped()
	w.eventually("the server is ready with a bucket", func() bool { return w.ask("GET", "/readyz", "").status == http.StatusOK })
}
