package httpapi

import (
	_ "embed"
	"html/template"
	"net/http"

	"github.com/swaggest/swgui/v5emb"
)

//go:embed index.html
var indexHTML string

var indexPage = template.Must(template.New("index").Parse(indexHTML))

// Pages are what a browser finds here: a page that says what runs, and the
// documentation of the API, which comes from this binary alone.
func Pages(version string) []Route {
	docs := allowing(docsPolicy, v5emb.New("sajin", "/openapi.json", "/docs/"))
	return []Route{
		{Name: "page", Pattern: "GET /{$}", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
			_ = indexPage.Execute(w, version)
		})},
		{Name: "docs", Pattern: "GET /docs", Handler: http.RedirectHandler("/docs/", http.StatusMovedPermanently)},
		{Name: "docs", Pattern: "GET /docs/", Handler: docs},
	}
}

// docsPolicy is what the page of the documentation needs: a script in it starts
// it, and it calls the API from where it is.
const docsPolicy = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; frame-ancestors 'none'"

func allowing(policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		next.ServeHTTP(w, r)
	})
}
