package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/link"
)

// doorman signs whatever it is asked for, and remembers what that was.
type doorman struct {
	asked []blob.Download
	fails error
}

func (d *doorman) PresignPart(context.Context, blob.Upload, int, int64, time.Duration) (blob.Request, error) {
	return blob.Request{}, errors.New("nothing is sent this way")
}

func (d *doorman) PresignGet(_ context.Context, key string, ttl time.Duration, as blob.Download) (blob.Request, error) {
	d.asked = append(d.asked, as)
	return blob.Request{Method: as.Method, URL: "https://bucket.test/" + key + "?for=" + ttl.String()}, d.fails
}

func TestRedirects(t *testing.T) {
	redirecting := func(t *testing.T) (*mediaServer, *doorman) {
		s, d := newMediaServer(t), &doorman{}
		s.delivery.Direct, s.delivery.DirectTTL = d, time.Minute
		return s, d
	}
	t.Run("who may see a picture is sent to the storage, for a while", func(t *testing.T) {
		s, d := redirecting(t)
		key := s.rendition(sea)
		url, _ := s.links.URL(key, s.hana)
		for _, method := range []string{"GET", "HEAD"} {
			r := s.do(s.hana, method, url, nil, nil)
			want := map[string]string{
				"Location": "https://bucket.test/" + key + "?for=1m0s", "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer",
				"Vary": "Authorization", "X-Robots-Tag": "noindex, noimageindex, noarchive", "Cross-Origin-Resource-Policy": "same-site",
			}
			got := map[string]string{}
			for name := range want {
				got[name] = r.Header.Get(name)
			}
			if diff := cmp.Diff(want, got); diff != "" || r.StatusCode != http.StatusTemporaryRedirect || len(r.body) != 0 {
				t.Errorf("%s: %d %q\n%s", method, r.StatusCode, r.body, diff)
			}
		}
		want := []blob.Download{
			{Method: "GET", Disposition: "inline", CacheControl: d.asked[0].CacheControl}, {Method: "HEAD", Disposition: "inline", CacheControl: d.asked[0].CacheControl},
		}
		if diff := cmp.Diff(want, d.asked); diff != "" || !strings.HasPrefix(d.asked[0].CacheControl, "private, max-age=") {
			t.Errorf("%+v", d.asked)
		}
	})
	t.Run("what everybody may see is for everybody, but not the way there", func(t *testing.T) {
		s, d := redirecting(t)
		url, _ := s.links.URL(s.rendition(sea), nobody)
		for _, as := range []ident.AccountID{nobody, s.bora} {
			if r := s.do(as, "GET", url, nil, nil); r.StatusCode != http.StatusTemporaryRedirect || r.Header.Get("Cache-Control") != "private, no-store" {
				t.Errorf("%d %v", r.StatusCode, r.Header)
			}
		}
		if !strings.HasPrefix(d.asked[0].CacheControl, "public, ") {
			t.Errorf("%+v", d.asked)
		}
	})
	t.Run("nobody else is told anything, and nothing is signed", func(t *testing.T) {
		s, d := redirecting(t)
		url, expires := s.links.URL(s.rendition(sea), s.hana)
		original := s.url + s.signer.Sign(link.Grant{Method: "GET", Path: "/media/" + rules.OriginalKey(ident.New[ident.MediaID](s.ids)), Viewer: s.hana, ExpiresAt: s.now().Add(time.Hour)})
		refuses := func(as ident.AccountID, url string) {
			t.Helper()
			for _, method := range []string{"GET", "HEAD"} {
				r := s.do(as, method, url, nil, nil)
				if r.StatusCode != http.StatusForbidden || r.Header.Get("Location") != "" || strings.Contains(string(r.body), "bucket.test") {
					t.Errorf("%s %s: %d %v %s", method, url, r.StatusCode, r.Header, r.body)
				}
			}
		}
		refuses(nobody, url)
		refuses(s.bora, url)
		refuses(s.hana, url+"&x=1")
		refuses(s.hana, strings.Replace(url, "/w320-", "/w2048-", 1))
		refuses(s.hana, original)
		s.pass(expires.Sub(s.now()))
		refuses(s.hana, url)
		if len(d.asked) != 0 {
			t.Errorf("%+v were signed", d.asked)
		}
	})
	t.Run("a way that cannot be signed is no way", func(t *testing.T) {
		s, d := redirecting(t)
		url, _ := s.links.URL(s.rendition(sea), s.hana)
		d.fails = blob.ErrUnavailable
		r := s.wants(s.do(s.hana, "GET", url, nil, nil), http.StatusServiceUnavailable, "media.storage-unavailable")
		if r.Header.Get("Location") != "" || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", r.Header)
		}
	})
}
