package httpapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/store"
)

var nobody ident.AccountID

func TestUploadToRendition(t *testing.T) {
	s := newMediaServer(t)
	file := picture()
	sum := sha256.Sum256(file)

	limits := s.wants(s.do(s.hana, "GET", "/v1/uploads/limits", nil, nil), http.StatusOK, "").json()
	delete(limits, "$schema")
	want := map[string]any{
		"types": []any{"image/jpeg", "image/png", "image/webp", "image/gif"}, "max_bytes": 1048576.0, "max_pixels": 16777216.0, "part_size": 1000.0,
		"open_uploads": map[string]any{"used": 0.0, "total": 3.0}, "quota": map[string]any{"used": 0.0, "total": 2097152.0},
	}
	if diff := cmp.Diff(want, limits); diff != "" {
		t.Error(diff)
	}

	offer := s.offer(len(file))
	offer["sha256"] = hex.EncodeToString(sum[:])
	created := s.wants(s.do(s.hana, "POST", "/v1/uploads", offer, nil), http.StatusCreated, "").json()
	id, medium := created["id"].(string), created["media_id"].(string)
	parts := created["parts"].([]any)
	if created["protocol"] != "parts" || created["part_size"] != 1000.0 || created["expires_at"] != "2026-03-01T13:01:00Z" || len(parts) != (len(file)+999)/1000 {
		t.Errorf("%v", created)
	}
	var last []byte
	for i := len(parts) - 1; i >= 0; i-- { // in any order
		p := parts[i].(map[string]any)
		number, size := int(p["number"].(float64)), int(p["size"].(float64))
		if p["method"] != "PUT" || number != i+1 || !strings.HasPrefix(p["url"].(string), s.url+"/v1/uploads/"+id+"/parts/"+strconv.Itoa(number)+"?") {
			t.Fatalf("%v", p)
		}
		last = file[i*1000 : i*1000+size]
		r := s.wants(s.do(nobody, "PUT", p["url"].(string), last, nil), http.StatusNoContent, "")
		if tag := r.Header.Get("ETag"); len(tag) < 3 || tag[0] != '"' || len(r.body) != 0 {
			t.Errorf("ETag %s, body %q", tag, r.body)
		}
	}
	status := s.wants(s.do(s.hana, "GET", "/v1/uploads/"+id, nil, nil), http.StatusOK, "").json()
	for _, p := range status["parts"].([]any) {
		if p.(map[string]any)["received"] != true {
			t.Errorf("%v", p)
		}
	}
	done := s.wants(s.do(s.hana, "POST", "/v1/uploads/"+id+"/complete", nil, nil), http.StatusAccepted, "").json()
	if done["media_id"] != medium || done["state"] != "received" {
		t.Errorf("%v", done)
	}
	s.drain()

	r := s.wants(s.do(s.hana, "GET", "/v1/media/"+medium, nil, nil), http.StatusOK, "")
	var view store.Medium
	s.must(json.Unmarshal(r.body, &view))
	if view.State != rules.Ready || view.Kind != "photo" || view.Width != 640 || view.Height != 400 || view.Placeholder.Blurhash == "" || len(view.Renditions) < 2 {
		t.Fatalf("%s", r.body)
	}
	for _, rendition := range view.Renditions {
		got := s.wants(s.do(s.hana, "GET", rendition.URL, nil, nil), http.StatusOK, "")
		if got.Header.Get("Content-Type") != rendition.ContentType || len(got.body) == 0 {
			t.Errorf("%s is %s", rendition.Name, got.Header.Get("Content-Type"))
		}
		s.wants(s.do(nobody, "GET", rendition.URL, nil, nil), http.StatusForbidden, "link.refused")
		s.wants(s.do(s.bora, "GET", rendition.URL, nil, nil), http.StatusForbidden, "link.refused")
	}
	if bytes.Contains(r.body, []byte("originals/")) || bytes.Contains(r.body, []byte(`"Key"`)) {
		t.Errorf("it tells where things are: %s", r.body)
	}
}

func TestUploadRefusals(t *testing.T) {
	t.Run("bad offers", func(t *testing.T) {
		s := newMediaServer(t)
		for name, c := range map[string]struct {
			change func(o offered)
			status int
			code   string
		}{
			"type":           {func(o offered) { o["content_type"] = "image/svg+xml" }, 415, "media.type-unsupported"},
			"no type":        {func(o offered) { o["content_type"] = "x" }, 415, "media.type-unsupported"},
			"too large":      {func(o offered) { o["size"] = 1<<20 + 1 }, 413, "media.too-large"},
			"empty":          {func(o offered) { o["size"] = 0 }, 422, "request.invalid"},
			"negative":       {func(o offered) { o["size"] = -5 }, 422, "request.invalid"},
			"fraction":       {func(o offered) { o["size"] = 1.5 }, 422, "request.invalid"},
			"hash":           {func(o offered) { o["sha256"] = "abc" }, 422, "request.invalid"},
			"purpose":        {func(o offered) { o["purpose"] = "chat" }, 422, "request.invalid"},
			"unknown field":  {func(o offered) { o["owner"] = "me" }, 422, "request.invalid"},
			"missing field":  {func(o offered) { delete(o, "filename") }, 422, "request.invalid"},
			"blank name":     {func(o offered) { o["filename"] = "  " }, 422, "media.filename"},
			"long name":      {func(o offered) { o["filename"] = strings.Repeat("a", 256) }, 422, "request.invalid"},
			"name of nul":    {func(o offered) { o["filename"] = "a\x00b" }, 422, "text.control"},
			"name of lines":  {func(o offered) { o["filename"] = "a\r\nb" }, 422, "text.control"},
			"name in folder": {func(o offered) { o["filename"] = "../../../etc/passwd" }, 201, ""},
		} {
			o := s.offer(10)
			c.change(o)
			r := s.wants(s.do(s.hana, "POST", "/v1/uploads", o, nil), c.status, c.code)
			if accepted, _ := r.json()["accepted"].([]any); c.status == 415 && len(accepted) != 4 {
				t.Errorf("%s: accepted are %v", name, accepted)
			}
		}
	})
	t.Run("too many at once, with when to come again", func(t *testing.T) {
		s := newMediaServer(t)
		for range 3 {
			s.open(s.hana, 10)
		}
		r := s.wants(s.do(s.hana, "POST", "/v1/uploads", s.offer(10), nil), http.StatusTooManyRequests, "media.too-many-uploads")
		if r.Header.Get("Retry-After") == "" || r.Header.Get("Retry-After") == "0" {
			t.Errorf("Retry-After is %q", r.Header.Get("Retry-After"))
		}
		s.open(s.bora, 10)
	})
	t.Run("more than fits", func(t *testing.T) {
		s := newMediaServer(t)
		s.open(s.hana, 1<<20)
		s.open(s.hana, 1<<20-1)
		r := s.wants(s.do(s.hana, "POST", "/v1/uploads", s.offer(2), nil), http.StatusUnprocessableEntity, "media.quota")
		if got := r.json(); got["used"] != 2097151.0 || got["total"] != 2097152.0 {
			t.Errorf("%v", got)
		}
		s.open(s.hana, 1)
	})
	t.Run("nobody, and others: an upload is not theirs to know of", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 10)
		for _, route := range []struct{ method, path string }{
			{"GET", path("/v1/uploads/%s", ticket.ID)}, {"POST", path("/v1/uploads/%s/parts/1", ticket.ID)},
			{"POST", path("/v1/uploads/%s/complete", ticket.ID)}, {"DELETE", path("/v1/uploads/%s", ticket.ID)},
		} {
			s.wants(s.do(nobody, route.method, route.path, nil, nil), http.StatusUnauthorized, "accounts.sign-in")
			foreign := s.wants(s.do(s.bora, route.method, route.path, nil, nil), http.StatusNotFound, "media.upload-not-found")
			none := s.wants(s.do(s.bora, route.method, strings.Replace(route.path, ticket.ID.String(), ident.New[ident.UploadID](s.ids).String(), 1), nil, nil),
				http.StatusNotFound, "media.upload-not-found")
			if foreign.json()["detail"] != none.json()["detail"] {
				t.Errorf("%s %s tells foreign from missing", route.method, route.path)
			}
			s.wants(s.do(s.hana, route.method, strings.Replace(route.path, ticket.ID.String(), "1", 1), nil, nil), http.StatusUnprocessableEntity, "request.invalid")
		}
		s.wants(s.do(nobody, "POST", "/v1/uploads", s.offer(10), nil), http.StatusUnauthorized, "accounts.sign-in")
		s.wants(s.do(nobody, "GET", "/v1/uploads/limits", nil, nil), http.StatusUnauthorized, "accounts.sign-in")
	})
	t.Run("parts that are not there", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 2500)
		for number, status := range map[string]int{"0": 422, "4": 404, "10001": 422, "x": 422, "-1": 422} {
			if r := s.do(s.hana, "POST", path("/v1/uploads/%s/parts/%s", ticket.ID, number), nil, nil); r.StatusCode != status {
				t.Errorf("%s: %d %s", number, r.StatusCode, r.body)
			}
		}
	})
	t.Run("what is missing is listed", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 2500)
		s.wants(s.do(nobody, "PUT", ticket.Parts[1].URL, make([]byte, 1000), nil), http.StatusNoContent, "")
		r := s.wants(s.do(s.hana, "POST", path("/v1/uploads/%s/complete", ticket.ID), nil, nil), http.StatusConflict, "media.upload-incomplete")
		if diff := cmp.Diff([]any{1.0, 3.0}, r.json()["missing"]); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an upload is aborted any number of times, and then gone", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 10)
		for range 2 {
			s.wants(s.do(s.hana, "DELETE", path("/v1/uploads/%s", ticket.ID), nil, nil), http.StatusNoContent, "")
		}
		for _, route := range []struct{ method, path string }{
			{"GET", path("/v1/uploads/%s", ticket.ID)}, {"POST", path("/v1/uploads/%s/parts/1", ticket.ID)}, {"POST", path("/v1/uploads/%s/complete", ticket.ID)},
		} {
			s.wants(s.do(s.hana, route.method, route.path, nil, nil), http.StatusGone, "media.upload-gone")
		}
		s.wants(s.do(nobody, "PUT", ticket.Parts[0].URL, make([]byte, 10), nil), http.StatusGone, "media.upload-gone")
		s.wants(s.do(s.hana, "GET", path("/v1/media/%s", ticket.MediaID), nil, nil), http.StatusNotFound, "media.not-found")
	})
	t.Run("so it is when its time is over", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 10)
		s.pass(time.Hour)
		s.wants(s.do(s.hana, "GET", path("/v1/uploads/%s", ticket.ID), nil, nil), http.StatusGone, "media.upload-gone")
		s.wants(s.do(nobody, "PUT", ticket.Parts[0].URL, make([]byte, 10), nil), http.StatusForbidden, "link.refused")
	})
}

func TestSendingParts(t *testing.T) {
	t.Run("a link is good for its own part and nothing else", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 2500)
		good := ticket.Parts[0].URL
		other := s.open(s.hana, 2500)
		for name, bad := range map[string]string{
			"no signature":    strings.Split(good, "?")[0],
			"another part":    strings.Replace(good, "/parts/1", "/parts/2", 1),
			"the same, again": strings.Replace(good, "/parts/1", "/parts/01", 1),
			"another upload":  strings.Replace(good, ticket.ID.String(), other.ID.String(), 1),
			"later":           strings.Replace(good, "exp=1", "exp=2", 1),
			"a viewer":        strings.Replace(good, "vid=-", "vid="+s.hana.String(), 1),
			"one more":        good + "&x=1",
			"twice":           good + "&vid=-",
			"not readable":    good + "&%zz",
			"semicolons":      good + ";x=1",
			"a GET's": s.url + s.signer.Sign(link.Grant{
				Method: "GET", Path: path("/v1/uploads/%s/parts/1", ticket.ID), ExpiresAt: s.now().Add(time.Hour),
			}),
		} {
			r := s.do(s.hana, "PUT", bad, make([]byte, 1000), nil)
			if r.StatusCode != http.StatusForbidden || r.code() != "link.refused" {
				t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
			}
		}
		status := s.do(s.hana, "GET", path("/v1/uploads/%s", ticket.ID), nil, nil).json()
		if status["parts"].([]any)[0].(map[string]any)["received"] != false {
			t.Error("one of them came through")
		}
	})
	t.Run("whoever has the link may send, signed in or not", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 10)
		s.wants(s.do(nobody, "PUT", ticket.Parts[0].URL, make([]byte, 10), nil), http.StatusNoContent, "")
		s.wants(s.do(s.bora, "PUT", ticket.Parts[0].URL, make([]byte, 10), nil), http.StatusNoContent, "")
	})
	t.Run("a fresh link does the same", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 2500)
		fresh := s.wants(s.do(s.hana, "POST", path("/v1/uploads/%s/parts/3", ticket.ID), nil, nil), http.StatusOK, "").json()
		if fresh["number"] != 3.0 || fresh["size"] != 500.0 || fresh["method"] != "PUT" {
			t.Errorf("%v", fresh)
		}
		s.wants(s.do(nobody, "PUT", fresh["url"].(string), make([]byte, 500), nil), http.StatusNoContent, "")
	})
	t.Run("a part has its size, and says so", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 1500)
		first, last := ticket.Parts[0].URL, ticket.Parts[1].URL
		s.wants(s.do(nobody, "PUT", first, make([]byte, 1001), nil), http.StatusRequestEntityTooLarge, "media.part-too-large")
		s.wants(s.do(nobody, "PUT", first, make([]byte, 999), nil), http.StatusUnprocessableEntity, "media.part-size")
		s.wants(s.do(nobody, "PUT", first, nil, nil), http.StatusUnprocessableEntity, "media.part-size")
		r := s.wants(s.do(nobody, "PUT", last, make([]byte, 1000), nil), http.StatusRequestEntityTooLarge, "media.part-too-large")
		if r.json()["size"] != 500.0 {
			t.Errorf("%s", r.body)
		}
		unsized := struct{ io.Reader }{bytes.NewReader(make([]byte, 1000))}
		s.wants(s.do(nobody, "PUT", first, unsized, nil), http.StatusLengthRequired, "request.length-required")
	})
	t.Run("a part after the end is refused", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.received(picture())
		s.wants(s.do(nobody, "PUT", ticket.Parts[0].URL, make([]byte, 1000), nil), http.StatusConflict, "media.upload-completed")
		s.wants(s.do(s.hana, "POST", path("/v1/uploads/%s/parts/1", ticket.ID), nil, nil), http.StatusConflict, "media.upload-completed")
		s.wants(s.do(s.hana, "DELETE", path("/v1/uploads/%s", ticket.ID), nil, nil), http.StatusConflict, "media.upload-completed")
	})
	t.Run("other methods are not for parts", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 10)
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			s.wants(s.do(s.hana, method, ticket.Parts[0].URL, nil, nil), http.StatusMethodNotAllowed, "request.method")
		}
	})
	t.Run("a connection that breaks leaves the part that was there", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 1000)
		s.wants(s.do(nobody, "PUT", ticket.Parts[0].URL, bytes.Repeat([]byte("a"), 1000), nil), http.StatusNoContent, "")
		target, err := url.Parse(ticket.Parts[0].URL)
		s.must(err)
		connection, err := net.Dial("tcp", target.Host)
		s.must(err)
		_, err = io.WriteString(connection, "PUT "+target.RequestURI()+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"+strings.Repeat("b", 500))
		s.must(err)
		s.must(connection.(*net.TCPConn).CloseWrite())
		answer, err := io.ReadAll(connection)
		if err != nil && !errors.Is(err, net.ErrClosed) || bytes.Contains(answer, []byte("204")) {
			t.Errorf("%s: %v", answer, err)
		}
		s.must(connection.Close())
		s.wants(s.do(s.hana, "POST", path("/v1/uploads/%s/complete", ticket.ID), nil, nil), http.StatusAccepted, "")
		object, err := s.blobs.Open(t.Context(), rules.OriginalKey(ticket.MediaID))
		s.must(err)
		if got, _ := io.ReadAll(object); string(got) != strings.Repeat("a", 1000) {
			t.Errorf("%.20q and so on arrived", got)
		}
	})
	t.Run("a part is taken in a few times at once, and no more", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 1500)
		target, err := url.Parse(ticket.Parts[0].URL)
		s.must(err)
		var sending []net.Conn
		for range 3 {
			connection, err := net.Dial("tcp", target.Host)
			s.must(err)
			defer connection.Close()
			sending = append(sending, connection)
			_, err = io.WriteString(connection, "PUT "+target.RequestURI()+" HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
			s.must(err)
			asked := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n")) // by now it is read
			_, err = io.ReadFull(connection, asked)
			s.must(err)
		}
		r := s.wants(s.do(nobody, "PUT", ticket.Parts[0].URL, make([]byte, 1000), nil), http.StatusTooManyRequests, "media.part-busy")
		if got := r.Header.Get("Retry-After"); got != "60" {
			t.Errorf("to be sent again after %q", got)
		}
		s.wants(s.do(nobody, "PUT", ticket.Parts[1].URL, make([]byte, 500), nil), http.StatusNoContent, "") // another part
		for _, connection := range sending {
			_, err := connection.Write(make([]byte, 1000))
			s.must(err)
			answer := make([]byte, len("HTTP/1.1 204"))
			if _, err := io.ReadFull(connection, answer); err != nil || string(answer) != "HTTP/1.1 204" {
				t.Errorf("%q %v", answer, err)
			}
		}
		for tries := 0; ; tries++ { // the answer is heard before the place is given back
			if r := s.do(nobody, "PUT", ticket.Parts[0].URL, make([]byte, 1000), nil); r.StatusCode == http.StatusNoContent {
				break
			} else if tries == 100 {
				t.Fatalf("%d %s", r.StatusCode, r.body)
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	t.Run("expired uploads are swept, parts and all", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 1500)
		s.wants(s.do(nobody, "PUT", ticket.Parts[0].URL, make([]byte, 1000), nil), http.StatusNoContent, "")
		s.pass(time.Hour)
		s.must(s.uploads.ExpireUploads(t.Context()))
		s.drain()
		s.pass(-time.Minute)
		s.wants(s.do(nobody, "PUT", ticket.Parts[0].URL, make([]byte, 1000), nil), http.StatusGone, "media.upload-gone")
		s.must(s.blobs.List(t.Context(), "", func(i blob.Info) bool { t.Errorf("%s is left", i.Key); return true }))
	})
}
