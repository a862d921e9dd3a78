package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestSecurityHeaders fetches one answer of every kind, and holds all of them to
// the headers that keep browsers from taking it for something else.
func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	c := oneBackend(t)
	c.Limits.Enabled = false
	withIssuer(t, &c)
	w := start(t, c)
	hana := w.member("hana")
	post := hana.post(hana.stamped(), priced(5))
	link := rendition(t, read(t, hana.Client, post.ID), "w320")
	tag := w.ask("GET", "/v1/posts/"+post.ID.String(), "").header.Get("Etag")
	data := stamp(1)
	part := hana.open(false).Parts[0]
	token := hana.token()
	for _, kind := range []struct {
		what, method, link, token string
		body                      []byte
		headers                   []string
		status                    int
	}{
		{what: "an answer", method: "GET", link: "/v1/posts", status: 200},
		{what: "what was made", method: "POST", link: "/v1/posts", token: token, body: []byte(`{"draft":true}`), headers: []string{"Content-Type", "application/json"}, status: 201},
		{what: "nothing", method: "POST", link: "/v1/sessions/current/step-up", token: token, body: []byte(`{"password":"` + password + `"}`), headers: []string{"Content-Type", "application/json"}, status: 204},
		{what: "unchanged", method: "GET", link: "/v1/posts/" + post.ID.String(), headers: []string{"If-None-Match", tag}, status: 304},
		{what: "a head", method: "HEAD", link: link, token: token, status: 200},
		{what: "bad form", method: "POST", link: "/v1/sessions", body: []byte(`{`), headers: []string{"Content-Type", "application/json"}, status: 400},
		{what: "nobody", method: "GET", link: "/v1/wallet", status: 401},
		{what: "a bad token", method: "GET", link: "/v1/posts", token: "x", status: 401},
		{what: "no administrator", method: "GET", link: "/v1/admin/ledger/trial-balance", token: token, status: 403},
		{what: "nothing there", method: "GET", link: "/nothing", status: 404},
		{what: "another method", method: "DELETE", link: "/v1/posts", status: 405},
		{what: "a bad request", method: "GET", link: "/v1/posts?limit=0", status: 422},
		{what: "the document", method: "GET", link: "/openapi.json", status: 200},
		{what: "the first page", method: "GET", link: "/", status: 200},
		{what: "the documentation", method: "GET", link: "/docs/", status: 200},
		{what: "the way to it", method: "GET", link: "/docs", status: 301},
		{what: "a script of it", method: "GET", link: "/docs/swagger-ui-bundle.js", status: 200},
		{what: "a page of a mail", method: "GET", link: "/reset-password", status: 200},
		{what: "its script", method: "GET", link: "/pages/link.js", status: 200},
		{what: "the way to a provider", method: "GET", link: "/v1/auth/google/start", status: 302},
		{what: "the way back", method: "GET", link: "/v1/auth/google/callback", status: 303},
		{what: "a picture", method: "GET", link: link, token: token, status: 200},
		{what: "a part of it", method: "GET", link: link, token: token, headers: []string{"Range", "bytes=0-9"}, status: 206},
		{what: "no part of it", method: "GET", link: link, token: token, headers: []string{"Range", "bytes=99999999-"}, status: 416},
		{what: "another's picture", method: "GET", link: link, status: 403},
		{what: "a part of an upload", method: "PUT", link: part.URL, body: data, status: 204},
		{what: "how it is", method: "GET", link: "/healthz", status: 200},
		{what: "metrics", method: "GET", link: "/metrics", status: 200},
	} {
		t.Run(kind.what, func(t *testing.T) {
			w.in(t)
			got := w.send(kind.method, kind.link, kind.token, kind.body, kind.headers...)
			if got.status != kind.status {
				t.Fatalf("%d %s", got.status, got.body)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
				if values := got.header[name]; len(values) != 1 || values[0] != want {
					t.Errorf("%s: %q", name, values)
				}
			}
			policy := got.header["Content-Security-Policy"]
			if len(policy) != 1 || !strings.Contains(policy[0], "default-src 'none'") || !strings.Contains(policy[0], "frame-ancestors 'none'") && !strings.Contains(policy[0], "sandbox") || strings.ContainsAny(policy[0], "*") {
				t.Errorf("policy %q", policy)
			}
			if got.header.Get("X-Request-Id") == "" {
				t.Error("it has no name")
			}
			if len(got.body) > 0 && got.header.Get("Content-Type") == "" {
				t.Error("nobody knows what it is")
			}
			if cached := got.header["Cache-Control"]; len(cached) != 1 || cached[0] != "no-store" && !strings.HasPrefix(cached[0], "private, ") {
				t.Errorf("%q may keep it", cached)
			}
			for _, name := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} {
				if got.header.Get(name) != "" {
					t.Errorf("%s: %s", name, got.header.Get(name))
				}
			}
			for _, cookie := range got.header["Set-Cookie"] {
				parts := strings.Split(cookie, "; ")
				if !slices.Contains(parts, "HttpOnly") || !slices.Contains(parts, "SameSite=Lax") && !slices.Contains(parts, "SameSite=Strict") {
					t.Errorf("cookie %s", cookie)
				}
			}
		})
	}
	t.Run("a refused picture is not in it", func(t *testing.T) {
		w.in(t)
		if got := w.ask("GET", link, ""); strings.Contains(got.header.Get("Content-Type"), "image") || got.header.Get("Etag") != "" || got.status != http.StatusForbidden {
			t.Errorf("%d %v", got.status, got.header)
		}
	})
}
