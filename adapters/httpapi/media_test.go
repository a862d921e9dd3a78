package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/blob"
)

func TestMediaResource(t *testing.T) {
	t.Run("a medium on its way tells how it stands", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.open(s.hana, 10)
		got := s.wants(s.do(s.hana, "GET", path("/v1/media/%s", ticket.MediaID), nil, nil), http.StatusOK, "").json()
		if got["state"] != "receiving" || got["progress"] != 0.0 || got["attempt"] != 0.0 || got["error"] != nil || len(got["renditions"].([]any)) != 0 {
			t.Errorf("%v", got)
		}
		for _, member := range []string{"id", "state", "stage", "progress", "attempt", "width", "height", "duration_ms", "alt", "placeholder", "renditions"} {
			if _, ok := got[member]; !ok {
				t.Errorf("%s is missing", member)
			}
		}
	})
	t.Run("one that failed says why, and whether to try again", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.received([]byte("<svg onload=alert(1)>"))
		s.drain()
		got := s.wants(s.do(s.hana, "GET", path("/v1/media/%s", ticket.MediaID), nil, nil), http.StatusOK, "").json()
		failure, _ := got["error"].(map[string]any)
		if got["state"] != "failed" || failure["code"] != "media.type-unsupported" || failure["retryable"] != false {
			t.Errorf("%v", got)
		}
		s.wants(s.do(s.hana, "POST", path("/v1/media/%s/retry", ticket.MediaID), nil, nil), http.StatusConflict, "media.not-retryable")
	})
	t.Run("one that failed for a passing reason is tried again", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.received(picture())
		l, _, err := s.queue.Claim(t.Context(), []string{s.workers[0].Kind}, 1e9)
		s.must(err)
		s.must(s.workers[0].GiveUp(t.Context(), l, http.ErrServerClosed))
		got := s.wants(s.do(s.hana, "POST", path("/v1/media/%s/retry", ticket.MediaID), nil, nil), http.StatusAccepted, "").json()
		if got["state"] != "received" || got["error"] != nil {
			t.Errorf("%v", got)
		}
		s.drain()
		if got := s.do(s.hana, "GET", path("/v1/media/%s", ticket.MediaID), nil, nil).json(); got["state"] != "ready" {
			t.Errorf("%v", got)
		}
	})
	t.Run("it is its owner's alone", func(t *testing.T) {
		s := newMediaServer(t)
		ticket := s.received(picture())
		s.drain()
		alt := map[string]string{"alt": "x"}
		for _, route := range []struct {
			method, path string
			body         any
		}{
			{"GET", "/v1/media/%s", nil}, {"PATCH", "/v1/media/%s", alt}, {"POST", "/v1/media/%s/retry", nil}, {"DELETE", "/v1/media/%s", nil},
		} {
			s.wants(s.do(nobody, route.method, path(route.path, ticket.MediaID), route.body, nil), http.StatusUnauthorized, "accounts.sign-in")
			s.wants(s.do(s.bora, route.method, path(route.path, ticket.MediaID), route.body, nil), http.StatusNotFound, "media.not-found")
			s.wants(s.do(s.hana, route.method, path(route.path, ident.New[ident.MediaID](s.ids)), route.body, nil), http.StatusNotFound, "media.not-found")
		}
	})
	t.Run("a description is changed on the copy that was read", func(t *testing.T) {
		s := newMediaServer(t)
		at := path("/v1/media/%s", s.received(picture()).MediaID)
		s.drain()
		tag := s.do(s.hana, "GET", at, nil, nil).Header.Get("ETag")
		s.wants(s.do(s.hana, "GET", at, nil, map[string]string{"If-None-Match": tag}), http.StatusNotModified, "")
		changed := s.wants(s.do(s.hana, "PATCH", at, map[string]string{"alt": " a sea "}, map[string]string{"If-Match": tag}), http.StatusOK, "")
		if changed.json()["alt"] != "a sea" || changed.Header.Get("ETag") == tag || changed.Header.Get("ETag") == "" {
			t.Errorf("%s %s", changed.Header.Get("ETag"), changed.body)
		}
		s.wants(s.do(s.hana, "PATCH", at, map[string]string{"alt": "a lake"}, map[string]string{"If-Match": tag}), http.StatusPreconditionFailed, "media.stale")
		s.wants(s.do(s.hana, "PATCH", at, map[string]string{"alt": strings.Repeat("a", 501)}, nil), http.StatusUnprocessableEntity, "request.invalid")
		s.wants(s.do(s.hana, "PATCH", at, map[string]string{"alt": "two\nlines"}, nil), http.StatusUnprocessableEntity, "text.control")
		s.wants(s.do(s.hana, "PATCH", at, map[string]string{"state": "ready"}, nil), http.StatusUnprocessableEntity, "request.invalid")
		s.wants(s.do(s.hana, "GET", at, nil, map[string]string{"If-None-Match": tag}), http.StatusOK, "")
	})
	t.Run("what is shown stays; what is not goes, and its links with it", func(t *testing.T) {
		s := newMediaServer(t)
		id := s.received(picture()).MediaID
		s.drain()
		at := path("/v1/media/%s", id)
		rendition := s.do(s.hana, "GET", at, nil, nil).json()["renditions"].([]any)[0].(map[string]any)["url"].(string)
		s.inUse[id] = true
		s.wants(s.do(s.hana, "DELETE", at, nil, nil), http.StatusConflict, "media.in-use")
		s.wants(s.do(s.hana, "GET", rendition, nil, nil), http.StatusOK, "")
		delete(s.inUse, id)
		s.wants(s.do(s.hana, "DELETE", at, nil, nil), http.StatusNoContent, "")
		s.wants(s.do(s.hana, "DELETE", at, nil, nil), http.StatusNotFound, "media.not-found")
		s.drain()
		s.wants(s.do(s.hana, "GET", rendition, nil, nil), http.StatusForbidden, "link.refused")
		s.must(s.blobs.List(t.Context(), "", func(i blob.Info) bool { t.Errorf("%s is left", i.Key); return true }))
	})
}
