package httpapi_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/link"
)

const sea = "the bytes of a picture of a sea, which are paid for"

func TestDelivery(t *testing.T) {
	t.Run("a link is good for the viewer that it was made for", func(t *testing.T) {
		s := newMediaServer(t)
		url, _ := s.links.URL(s.rendition(sea), s.hana)
		if got := s.wants(s.do(s.hana, "GET", url, nil, nil), http.StatusOK, ""); string(got.body) != sea {
			t.Errorf("%q", got.body)
		}
		s.refuses(s.bora, url)
		s.refuses(nobody, url)
	})
	t.Run("a link for everybody is", func(t *testing.T) {
		s := newMediaServer(t)
		url, _ := s.links.URL(s.rendition(sea), nobody)
		for _, as := range []ident.AccountID{nobody, s.hana, s.bora} {
			if got := s.wants(s.do(as, "GET", url, nil, nil), http.StatusOK, ""); string(got.body) != sea {
				t.Errorf("%q", got.body)
			}
		}
	})
	t.Run("nothing about a link may be changed", func(t *testing.T) {
		s := newMediaServer(t)
		key := s.rendition(sea)
		other := strings.Replace(key, "/w320-", "/w2048-", 1)
		s.must(s.blobs.Put(t.Context(), other, strings.NewReader(sea), int64(len(sea)), "image/jpeg"))
		good, _ := s.links.URL(key, s.hana)
		plain, query, _ := strings.Cut(good, "?")
		for name, bad := range map[string]string{
			"no query":         plain,
			"other variant":    strings.Replace(good, key, other, 1),
			"other case":       strings.Replace(good, "/w320-", "/W320-", 1),
			"an original":      strings.Replace(good, key, "originals/x", 1),
			"longer":           strings.Replace(good, "exp=1", "exp=9", 1),
			"everybody's":      strings.Replace(good, "vid="+s.hana.String(), "vid=-", 1),
			"another's":        strings.Replace(good, "vid="+s.hana.String(), "vid="+s.bora.String(), 1),
			"without vid":      strings.Replace(good, "vid="+s.hana.String()+"&", "", 1),
			"without exp":      "?" + query[strings.Index(query, "&")+1:],
			"vid twice":        good + "&vid=" + s.hana.String(),
			"one more":         good + "&w=2048",
			"signature":        good[:len(good)-1] + string('A'+(good[len(good)-1]-'A'+1)%26),
			"shorter":          good[:len(good)-1],
			"encoded slashes":  strings.Replace(good, "renditions/", "renditions%2f", 1) + "&",
			"encoded dots":     plain + "/%2e%2e/%2e%2e/originals/x?" + query,
			"thumbnail suffix": strings.Replace(good, ".jpg", "_thumb.jpg", 1),
			"bad escapes":      good + "&%zz=1",
		} {
			if strings.HasPrefix(bad, "?") {
				bad = plain + bad
			}
			as := s.hana
			r := s.do(as, "GET", bad, nil, nil)
			if r.StatusCode >= 300 && r.StatusCode < 400 { // to the clean path, which is as bad
				r = s.do(as, "GET", r.Header.Get("Location"), nil, nil)
			}
			if r.StatusCode != http.StatusForbidden || r.code() != "link.refused" || strings.Contains(string(r.body), sea) {
				t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
			}
		}
	})
	t.Run("after its time a link is refused, however it is asked", func(t *testing.T) {
		s := newMediaServer(t)
		url, expires := s.links.URL(s.rendition(sea), s.hana)
		tag := s.do(s.hana, "GET", url, nil, nil).Header.Get("ETag")
		s.pass(expires.Sub(s.now()) - time.Second)
		s.wants(s.do(s.hana, "GET", url, nil, nil), http.StatusOK, "")
		s.pass(time.Second)
		s.refuses(s.hana, url)
		for _, header := range []map[string]string{
			{"Range": "bytes=0-3"}, {"If-None-Match": tag}, {"If-None-Match": "*"}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, {"If-Match": tag},
		} {
			s.wants(s.do(s.hana, "GET", url, nil, header), http.StatusForbidden, "link.refused")
		}
		if r := s.do(s.hana, "HEAD", url, nil, nil); r.StatusCode != http.StatusForbidden {
			t.Errorf("HEAD: %d", r.StatusCode)
		}
	})
	t.Run("a good signature opens renditions only, and does not tell what is there", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.received(picture())
		missing := rules.RenditionKey(ticket.MediaID, "w320", "jpg", nil)
		for _, key := range []string{
			rules.OriginalKey(ticket.MediaID), "originals/" + ident.New[ident.MediaID](s.ids).String(), missing, "renditions/", "renditions/UPPER", "renditions/a//b", "renditions",
		} {
			url := s.url + s.signer.Sign(link.Grant{Method: "GET", Path: "/media/" + key, Viewer: s.hana, ExpiresAt: s.now().Add(time.Hour)})
			r := s.do(s.hana, "GET", url, nil, nil)
			if r.StatusCode >= 300 && r.StatusCode < 400 {
				r = s.do(s.hana, "GET", r.Header.Get("Location"), nil, nil)
			}
			if r.StatusCode != http.StatusForbidden || r.code() != "link.refused" {
				t.Errorf("%s: %d %s", key, r.StatusCode, r.body)
			}
		}
	})
	t.Run("a link is no link for another method", func(t *testing.T) {
		s := newMediaServer(t)
		url, _ := s.links.URL(s.rendition(sea), s.hana)
		for _, method := range []string{"PUT", "POST", "DELETE"} {
			s.wants(s.do(s.hana, method, url, nil, nil), http.StatusMethodNotAllowed, "request.method")
		}
	})
}

func TestDeliveryHeaders(t *testing.T) {
	names := []string{
		"Cache-Control", "Content-Disposition", "Content-Length", "Content-Security-Policy", "Content-Type", "Cross-Origin-Resource-Policy",
		"Vary", "X-Content-Type-Options", "X-Robots-Tag", "Accept-Ranges",
	}
	headers := func(r reply) map[string]string {
		got := map[string]string{}
		for _, name := range names {
			if value := r.Header.Get(name); value != "" {
				got[name] = value
			}
		}
		return got
	}
	common := map[string]string{
		"Content-Disposition": "inline", "Content-Length": "51", "Content-Security-Policy": "sandbox; default-src 'none'", "Content-Type": "image/jpeg",
		"X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes",
	}
	with := func(more map[string]string) map[string]string {
		for name, value := range common {
			more[name] = value
		}
		return more
	}
	t.Run("what is one viewer's is kept by nobody else", func(t *testing.T) {
		s := newMediaServer(t) // it is a minute past twelve: the link ends at ten past
		url, _ := s.links.URL(s.rendition(sea), s.hana)
		want := with(map[string]string{
			"Cache-Control": "private, max-age=540, immutable", "Cross-Origin-Resource-Policy": "same-site", "Vary": "Authorization",
			"X-Robots-Tag": "noindex, noimageindex, noarchive",
		})
		for _, method := range []string{"GET", "HEAD"} {
			r := s.wants(s.do(s.hana, method, url, nil, nil), http.StatusOK, "")
			if diff := cmp.Diff(want, headers(r)); diff != "" {
				t.Errorf("%s: %s", method, diff)
			}
			if method == "HEAD" && len(r.body) != 0 {
				t.Errorf("HEAD answers %q", r.body)
			}
		}
	})
	t.Run("what is everybody's is kept by everybody", func(t *testing.T) {
		s := newMediaServer(t)
		url, _ := s.links.URL(s.rendition(sea), nobody)
		want := with(map[string]string{"Cache-Control": "public, max-age=540, immutable", "Cross-Origin-Resource-Policy": "cross-origin"})
		if diff := cmp.Diff(want, headers(s.do(nobody, "GET", url, nil, nil))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a refusal is kept by nobody, and carries nothing of the picture", func(t *testing.T) {
		s := newMediaServer(t)
		url, _ := s.links.URL(s.rendition(sea), s.hana)
		r := s.do(s.bora, "GET", url, nil, nil)
		if r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("ETag") != "" || r.Header.Get("Last-Modified") != "" || r.Header.Get("Accept-Ranges") != "" {
			t.Errorf("%v", r.Header)
		}
	})
	t.Run("parts of it, and copies that are held", func(t *testing.T) {
		s := newMediaServer(t)
		url, _ := s.links.URL(s.rendition(sea), s.hana)
		whole := s.do(s.hana, "GET", url, nil, nil)
		tag, modified := whole.Header.Get("ETag"), whole.Header.Get("Last-Modified")
		if strings.HasPrefix(tag, "W/") || len(tag) < 10 {
			t.Errorf("the tag is %s", tag)
		}
		part := s.wants(s.do(s.hana, "GET", url, nil, map[string]string{"Range": "bytes=4-8"}), http.StatusPartialContent, "")
		if string(part.body) != "bytes" || part.Header.Get("Content-Range") != "bytes 4-8/51" {
			t.Errorf("%q %s", part.body, part.Header.Get("Content-Range"))
		}
		if tail := s.do(s.hana, "GET", url, nil, map[string]string{"Range": "bytes=-3"}); string(tail.body) != "for" {
			t.Errorf("%q", tail.body)
		}
		if r := s.do(s.hana, "GET", url, nil, map[string]string{"Range": "bytes=51-"}); r.StatusCode != http.StatusRequestedRangeNotSatisfiable {
			t.Errorf("%d", r.StatusCode)
		}
		if r := s.do(s.hana, "GET", url, nil, map[string]string{"Range": "bytes=" + strings.Repeat("0-,", 1000) + "0-"}); len(r.body) > 2*len(sea) {
			t.Errorf("%d bytes for a thousand ranges", len(r.body))
		}
		for _, header := range []map[string]string{{"If-None-Match": tag}, {"If-None-Match": `"x", ` + tag}, {"If-Modified-Since": modified}} {
			if r := s.wants(s.do(s.hana, "GET", url, nil, header), http.StatusNotModified, ""); len(r.body) != 0 || r.Header.Get("ETag") != tag {
				t.Errorf("%v: %q %s", header, r.body, r.Header.Get("ETag"))
			}
		}
		s.wants(s.do(s.hana, "GET", url, nil, map[string]string{"If-None-Match": `"x"`}), http.StatusOK, "")
		if r := s.do(s.hana, "GET", url, nil, map[string]string{"Range": "bytes=0-2", "If-Range": `"x"`}); r.StatusCode != http.StatusOK || string(r.body) != sea {
			t.Errorf("%d %q", r.StatusCode, r.body)
		}
	})
}

func TestLinks(t *testing.T) {
	t.Run("a link stays the same for half of its life, and is never good for longer than that is", func(t *testing.T) {
		s := newMediaServer(t)
		key := s.rendition(sea)
		seen := map[string]bool{}
		for range 1200 { // twenty minutes
			url, expires := s.links.URL(key, s.hana)
			seen[url] = true
			if left := expires.Sub(s.now()); left > linkTTL || left <= linkTTL/2 {
				t.Fatalf("it is good for %s", left)
			}
			if at := s.now(); at.Equal(at.Truncate(time.Minute)) {
				if r := s.do(s.hana, "GET", url, nil, nil); r.StatusCode != http.StatusOK {
					t.Fatalf("%d", r.StatusCode)
				}
			}
			s.pass(time.Second)
		}
		if len(seen) != 5 { // of the four whole windows one was met half-way
			t.Errorf("%d links in 20 minutes", len(seen))
		}
	})
	t.Run("two viewers have two links", func(t *testing.T) {
		s := newMediaServer(t)
		key := s.rendition(sea)
		a, _ := s.links.URL(key, s.hana)
		b, _ := s.links.URL(key, s.bora)
		c, _ := s.links.URL(key, nobody)
		if a == b || a == c || b == c {
			t.Error("they share one")
		}
		if !strings.HasPrefix(a, s.url+"/media/renditions/") {
			t.Errorf("it is %s", a)
		}
	})
}

// refuses fails unless a request gets a refusal and not a byte more.
func (s *mediaServer) refuses(as ident.AccountID, url string) {
	s.t.Helper()
	r := s.wants(s.do(as, "GET", url, nil, nil), http.StatusForbidden, "link.refused")
	if bytes.Contains(r.body, []byte("picture of a sea")) {
		s.t.Errorf("the refusal of %s has the picture", url)
	}
}
