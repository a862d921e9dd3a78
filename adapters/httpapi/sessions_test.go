package httpapi_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/ident"
)

func TestSigningIn(t *testing.T) {
	t.Run("answers tokens and the account", func(t *testing.T) {
		s := newAccountServer(t)
		account := s.register("hana")
		a := s.signIn("hana")
		access, refresh := a.text("access_token"), a.text("refresh_token")
		want := object{"access_token": access, "token_type": "Bearer", "expires_in": 900., "refresh_token": refresh, "device_token": a.Body["device_token"], "account": account.Body}
		if diff := cmp.Diff(want, a.Body); diff != "" {
			t.Error(diff)
		}
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Error("somebody may store it", a.Header)
		}
		if device := a.text("device_token"); !strings.HasPrefix(device, "sjd_") || device == s.signIn("hana").text("device_token") {
			t.Error("not a device of its own:", device)
		}
		s.own(access).is(http.StatusOK)
	})
	t.Run("does not say what was wrong", func(t *testing.T) {
		s := newAccountServer(t)
		s.register("hana")
		var answers []string
		for _, body := range []object{
			{"email": "hana@example.com", "password": "wrong s3cret"},
			{"email": "s3cret@example.com", "password": "password of hana"},
			{"email": "s3cret", "password": ""},
			{"email": "", "password": strings.Repeat("s3cret", 100)},
		} {
			a := s.send(accountRequest{Method: "POST", Path: "/v1/sessions", Body: body}).problem(http.StatusUnauthorized, "accounts.bad-credentials").at()
			if strings.Contains(a.Text, "s3cret") {
				t.Error(a.Text)
			}
			answers = append(answers, strings.Replace(a.Text, a.text("trace_id"), "", 1))
		}
		for _, other := range answers[1:] {
			if diff := cmp.Diff(answers[0], other); diff != "" {
				t.Error(diff)
			}
		}
	})
	t.Run("bad input is refused, and not repeated", func(t *testing.T) {
		s := newAccountServer(t)
		for _, test := range []struct {
			body   any
			status int
			code   string
			at     []string
		}{
			{"", 400, "request.malformed", nil},
			{`{"email":"s3cret`, 400, "request.malformed", []string{"body"}},
			{object{"email": "hana@example.com"}, 422, "request.invalid", []string{"body"}},
			{object{"password": "s3cret s3cret"}, 422, "request.invalid", []string{"body"}},
			{object{"email": "hana@example.com", "password": 12345678}, 422, "request.invalid", []string{"body.password"}},
			{object{"email": "hana@example.com", "password": []string{"s3cret"}}, 422, "request.invalid", []string{"body.password"}},
			{object{"email": "hana@example.com", "password": strings.Repeat("s3cret", 200)}, 422, "request.invalid", []string{"body.password"}},
			{object{"email": "hana@example.com", "password": "s3cret s3cret", "remember": true}, 422, "request.invalid", []string{"body.remember"}},
		} {
			a := s.send(accountRequest{Method: "POST", Path: "/v1/sessions", Body: test.body}).problem(test.status, test.code).at(test.at...)
			if strings.Contains(a.Text, "s3cret") || strings.Contains(a.Text, "12345678") {
				t.Error(a.Text)
			}
		}
	})
	t.Run("nothing secret is logged", func(t *testing.T) {
		s := newAccountServer(t)
		g := s.in("hana")
		refresh := s.signIn("hana").text("refresh_token")
		next := s.send(accountRequest{Method: "POST", Path: "/v1/sessions/refresh", Body: object{"refresh_token": refresh}}).is(http.StatusOK)
		s.send(accountRequest{Method: "POST", Path: "/v1/sessions", Body: object{"email": "hana@example.com", "password": "wrong horse"}}).is(http.StatusUnauthorized)
		s.send(accountRequest{Method: "POST", Path: "/v1/users/account/password", Token: g, Body: object{"current_password": "password of hana", "new_password": "correct horse"}}).is(204)
		for _, secret := range []string{"password of hana", "wrong horse", "correct horse", refresh, next.text("refresh_token"), next.text("access_token"), g} {
			if strings.Contains(s.log.String(), secret) {
				t.Errorf("%q is in the log", secret)
			}
		}
		if !strings.Contains(s.log.String(), "/v1/sessions/refresh") {
			t.Error("nothing is logged at all")
		}
	})
}

func TestRefreshing(t *testing.T) {
	const path = "/v1/sessions/refresh"
	t.Run("exchanges the token", func(t *testing.T) {
		s := newAccountServer(t)
		s.register("hana")
		first := s.signIn("hana")
		s.clock = s.clock.Add(20 * time.Minute)
		s.own(first.text("access_token")).problem(http.StatusUnauthorized, "accounts.token-expired")
		next := s.send(accountRequest{Method: "POST", Path: path, Body: object{"refresh_token": first.text("refresh_token")}}).is(http.StatusOK)
		if next.text("refresh_token") == first.text("refresh_token") {
			t.Error("the same token")
		}
		s.own(next.text("access_token")).is(http.StatusOK)

		s.clock = s.clock.Add(time.Minute)
		s.send(accountRequest{Method: "POST", Path: path, Body: object{"refresh_token": first.text("refresh_token")}}).
			problem(http.StatusUnauthorized, "accounts.refresh-reused")
		s.send(accountRequest{Method: "POST", Path: path, Body: object{"refresh_token": next.text("refresh_token")}}).
			problem(http.StatusUnauthorized, "accounts.refresh-invalid")
		s.own(next.text("access_token")).problem(http.StatusUnauthorized, "accounts.session-ended")
	})
	t.Run("bad input is refused, and not repeated", func(t *testing.T) {
		s := newAccountServer(t)
		for _, test := range []struct {
			body   any
			status int
			code   string
			at     []string
		}{
			{"", 400, "request.malformed", nil},
			{object{}, 422, "request.invalid", []string{"body"}},
			{object{"refresh_token": nil}, 422, "request.invalid", []string{"body.refresh_token"}},
			{object{"refresh_token": strings.Repeat("s3cret", 50)}, 422, "request.invalid", []string{"body.refresh_token"}},
			{object{"refresh_token": "sjr_s3cret", "x": 1}, 422, "request.invalid", []string{"body.x"}},
			{object{"refresh_token": ""}, 401, "accounts.refresh-invalid", nil},
			{object{"refresh_token": "sjr_s3cret"}, 401, "accounts.refresh-invalid", nil},
			{object{"refresh_token": "sjr_" + strings.Repeat("A", 43)}, 401, "accounts.refresh-invalid", nil},
		} {
			a := s.send(accountRequest{Method: "POST", Path: path, Body: test.body}).problem(test.status, test.code).at(test.at...)
			if strings.Contains(a.Text, "s3cret") {
				t.Error(a.Text)
			}
		}
	})
}

func TestDeviceList(t *testing.T) {
	const path = "/v1/sessions"
	listed := func(s *accountServer, token, query string) ([]map[string]any, string) {
		s.t.Helper()
		a := s.send(accountRequest{Method: "GET", Path: path + query, Token: token}).is(http.StatusOK)
		var devices []map[string]any
		items, _ := a.Body["items"].([]any)
		for _, item := range items {
			devices = append(devices, item.(map[string]any))
		}
		next, _ := a.Body["next_cursor"].(string)
		return devices, next
	}
	t.Run("shows what signed in, and from where", func(t *testing.T) {
		s := newAccountServer(t)
		s.register("hana")
		var token string
		for from, want := range map[string]string{
			"203.0.113.9:5000": "203.0.113.9", "[2001:db8::1]:5000": "2001:db8::1", "[::ffff:192.0.2.7]:5000": "192.0.2.7",
			"[fe80::1%25eth0]:5000": "fe80::1", "[fe80::1%eth0]:5000": "fe80::1", "@": "", "pipe:1": "",
		} {
			a := s.send(accountRequest{
				Method: "POST", Path: path, Body: object{"email": "hana@example.com", "password": "password of hana"}, From: from,
				Header: map[string]string{"User-Agent": "agent of " + from, "X-Forwarded-For": "198.51.100.1"},
			}).is(http.StatusCreated)
			token = a.text("access_token")
			s.clock = s.clock.Add(time.Second)
			devices, _ := listed(s, token, "?limit=1")
			if devices[0]["address"] != want || devices[0]["user_agent"] != "agent of "+from {
				t.Errorf("%s: %v", from, devices[0])
			}
		}
		devices, _ := listed(s, token, "")
		for i, device := range devices {
			if device["current"] != (i == 0) {
				t.Error(device)
			}
		}
		if diff := cmp.Diff(7, len(devices)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("comes page by page, and is the owner's", func(t *testing.T) {
		s := newAccountServer(t)
		s.in("bora")
		token := s.in("hana")
		s.signIn("hana")
		s.signIn("hana")
		first, next := listed(s, token, "?limit=2")
		rest, end := listed(s, token, "?limit=2&cursor="+url.QueryEscape(next))
		if len(first) != 2 || len(rest) != 1 || end != "" || rest[0]["current"] != true {
			t.Error(first, rest, end)
		}
		s.send(accountRequest{Method: "GET", Path: "/v1/users?query=a&cursor=" + url.QueryEscape(next)}).problem(http.StatusBadRequest, "request.cursor")
		s.send(accountRequest{Method: "GET", Path: path}).problem(http.StatusUnauthorized, "accounts.sign-in")
		s.send(accountRequest{Method: "GET", Path: path + "?limit=x", Token: token}).problem(422, "request.invalid").at("query.limit")
	})
	t.Run("a session is ended by its owner", func(t *testing.T) {
		s := newAccountServer(t)
		stranger, token := s.in("bora"), s.in("hana")
		other := s.signIn("hana").text("access_token")
		devices, _ := listed(s, token, "?limit=1")
		id, _ := devices[0]["id"].(string)
		end := func(id, token string) *accountReply {
			return s.send(accountRequest{Method: "DELETE", Path: path + "/" + id, Token: token})
		}

		end(id, "").problem(http.StatusUnauthorized, "accounts.sign-in")
		end(id, stranger).problem(http.StatusNotFound, "accounts.session-not-found")
		end(ident.New[ident.SessionID](s.ids).String(), token).problem(http.StatusNotFound, "accounts.session-not-found")
		end("x", token).problem(http.StatusUnprocessableEntity, "request.invalid").at("path.id")
		s.own(other).is(http.StatusOK)
		end(id, token).is(http.StatusNoContent)
		s.own(other).problem(http.StatusUnauthorized, "accounts.session-ended")
		end(id, token).problem(http.StatusNotFound, "accounts.session-not-found")
		s.own(token).is(http.StatusOK)
	})
	t.Run("signing out ends the session that one is in", func(t *testing.T) {
		s := newAccountServer(t)
		token := s.in("hana")
		other := s.signIn("hana").text("access_token")
		s.send(accountRequest{Method: "DELETE", Path: path + "/current", Token: token}).is(http.StatusNoContent)
		s.own(token).problem(http.StatusUnauthorized, "accounts.session-ended")
		s.own(other).is(http.StatusOK)
		s.send(accountRequest{Method: "DELETE", Path: path + "/current"}).problem(http.StatusUnauthorized, "accounts.sign-in")
		s.send(accountRequest{Method: "PUT", Path: path + "/current", Token: other}).problem(http.StatusMethodNotAllowed, "request.method")
	})
}

func TestPublicKeys(t *testing.T) {
	s := newAccountServer(t)
	header, rest, _ := strings.Cut(s.in("hana"), ".")
	payload, signature, _ := strings.Cut(rest, ".")
	a := s.send(accountRequest{Method: "GET", Path: "/.well-known/jwks.json"}).is(http.StatusOK)
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") || a.Header.Get("Cache-Control") != "public, max-age=300" {
		t.Error(a.Header)
	}
	keys, _ := a.Body["keys"].([]any)
	if len(keys) != 1 {
		t.Fatal(a.Text)
	}
	key, _ := keys[0].(map[string]any)
	decode := func(text any) []byte {
		t.Helper()
		bytes, err := base64.RawURLEncoding.DecodeString(text.(string))
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	t.Run("check the tokens that are given out", func(t *testing.T) {
		if !ed25519.Verify(decode(key["x"]), []byte(header+"."+payload), decode(signature)) {
			t.Error("the signature does not hold")
		}
	})
	t.Run("are public only", func(t *testing.T) {
		if _, private := key["d"]; private {
			t.Error("the private key is there")
		}
	})
}
