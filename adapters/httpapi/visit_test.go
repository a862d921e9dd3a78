package httpapi

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// counted is an Observer that remembers.
type counted struct {
	open int
	seen []string
}

func (c *counted) Requested() { c.open++ }
func (c *counted) Answered(operation, method string, status int, _ int64, _ time.Duration) {
	c.open--
	c.seen = append(c.seen, operation+" "+method+" "+http.StatusText(status))
}

func TestObserver(t *testing.T) {
	seen := &counted{}
	api := New(Options{Version: "test", Log: slog.New(slog.DiscardHandler), NewID: func() string { return "request-1" }, Observer: seen}, []Route{
		{Name: "quiet", Pattern: "GET /quiet", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})},
		{Name: "panics", Pattern: "GET /panics", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") })},
		{Name: "aborts", Pattern: "GET /aborts", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
		{Pattern: "GET /nameless/{id}", Handler: http.NotFoundHandler()},
	})
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/quiet", "quiet GET OK"},
		{"HEAD", "/quiet", "quiet HEAD OK"},
		{"GET", "/panics", "panics GET Internal Server Error"},
		{"GET", "/aborts", "aborts GET OK"},
		{"GET", "/nameless/1", "GET /nameless/{id} GET Not Found"},
		{"GET", "/nowhere", "other GET Not Found"},
		{"BREW", "/quiet", "other other Method Not Allowed"},
	} {
		t.Run(c.want, func(t *testing.T) {
			defer func() {
				if cause := recover(); cause != nil && c.path != "/aborts" {
					t.Error(cause)
				}
				if got := seen.seen[len(seen.seen)-1]; got != c.want || seen.open != 0 {
					t.Errorf("%s, and %d are open", got, seen.open)
				}
			}()
			api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		})
	}
}

type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

// BenchmarkReception is what every request costs before its handler.
func BenchmarkReception(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/posts/{id}", func(http.ResponseWriter, *http.Request) {})
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	p := &reception{
		o:   Options{Log: slog.New(slog.DiscardHandler), NewID: func() string { return "request-1" }, Observer: nobody{}},
		mux: mux, operations: map[string]string{"GET /v1/posts/{id}": "get-post"}, next: next,
	}
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v1/posts/1", nil)
	w := nowhere{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		p.ServeHTTP(w, r)
	}
}
