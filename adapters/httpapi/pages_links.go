package httpapi

import (
	"embed"
	"net/http"
	"path"
)

//go:embed pages
var pages embed.FS

// LinkPages are where links in mails lead while there is no web app. The secret
// of a link stands behind its #, which browsers keep to themselves; a button
// sends it, so that who opens links only to look at them uses none up.
func LinkPages() []Route {
	const strict = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	var routes []Route
	for pattern, file := range map[string]struct{ name, kind string }{
		"/verify-email":   {"verify-email.html", "text/html; charset=utf-8"},
		"/reset-password": {"reset-password.html", "text/html; charset=utf-8"},
		"/pages/link.js":  {"link.js", "text/javascript; charset=utf-8"},
		"/pages/page.css": {"page.css", "text/css; charset=utf-8"},
	} {
		body, err := pages.ReadFile(path.Join("pages", file.name))
		if err != nil {
			panic("httpapi: " + err.Error()) // it is part of the binary
		}
		routes = append(routes, Route{Name: "page", Pattern: "GET " + pattern, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", file.kind)
			w.Header().Set("Content-Security-Policy", strict)
			_, _ = w.Write(body)
		})})
	}
	return routes
}
