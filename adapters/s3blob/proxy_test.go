package s3blob_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/s3blob"
	"github.com/sajin-sns/sajin/test/s3test"
)

// bend does something else with a request than to pass it on; it answers false
// for those that it leaves alone.
type bend func(w http.ResponseWriter, r *http.Request) bool

// proxy stands between a store and the server, and makes that a bad one.
type proxy struct {
	*httptest.Server
	t      *testing.T
	bucket *s3test.Bucket
	server *httputil.ReverseProxy

	mu   sync.Mutex
	bend bend
	hold chan struct{} // closed at the end: lets go of those who wait
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	p := &proxy{t: t, bucket: s3test.Open(t), hold: make(chan struct{})}
	to, err := url.Parse(p.bucket.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p.server = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // which is signed
	}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		b := p.bend
		p.mu.Unlock()
		if b == nil || !b(w, r) {
			p.server.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		close(p.hold)
		p.Close()
	})
	return p
}

func (p *proxy) becomes(b bend) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bend = b
}

// store goes through the proxy.
func (p *proxy) store(change ...func(*s3blob.Options)) *s3blob.Store {
	p.t.Helper()
	o := options(p.bucket)
	o.Endpoint = p.URL
	for _, c := range change {
		c(&o)
	}
	return open(p.t, o)
}

// answer is what the server really says.
func (p *proxy) answer(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	return w
}

// hangs takes a request in and says nothing.
func (p *proxy) hangs(_ http.ResponseWriter, r *http.Request) bool {
	select {
	case <-p.hold:
	case <-r.Context().Done():
	}
	panic(http.ErrAbortHandler)
}

// breaks is a connection that is cut.
func breaks(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }

// says answers with an error of S3.
func says(status int, code string) bend {
	return func(w http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<?xml version=\"1.0\"?>\n<Error><Code>"+code+"</Code><Message>no</Message></Error>")
		return true
	}
}

// cuts lets through half of each body.
func (p *proxy) cuts(w http.ResponseWriter, r *http.Request) bool {
	got := p.answer(r)
	for name, values := range got.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(got.Code)
	_, _ = w.Write(got.Body.Bytes()[:got.Body.Len()/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// rewrites changes what the server says.
func (p *proxy) rewrites(from, to string) bend {
	return func(w http.ResponseWriter, r *http.Request) bool {
		got := p.answer(r)
		text := bytes.ReplaceAll(got.Body.Bytes(), []byte(from), []byte(to))
		for name, values := range got.Header() {
			if name != "Content-Length" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(got.Code)
		_, _ = w.Write(text)
		return true
	}
}

// dated has the server's clock ahead.
func (p *proxy) dated(ahead time.Duration) bend {
	return func(w http.ResponseWriter, r *http.Request) bool {
		got := p.answer(r)
		for name, values := range got.Header() {
			w.Header()[name] = values
		}
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		w.WriteHeader(got.Code)
		_, _ = w.Write(got.Body.Bytes())
		return true
	}
}

// only bends some requests.
func only(which func(*http.Request) bool, b bend) bend {
	return func(w http.ResponseWriter, r *http.Request) bool { return which(r) && b(w, r) }
}

// times bends so many requests.
func times(n int, b bend) bend {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		n--
		left := n >= 0
		mu.Unlock()
		return left && b(w, r)
	}
}

func completing(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
}
func listingParts(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Query().Has("uploadId")
}
func sendingPart(r *http.Request) bool { return r.URL.Query().Has("partNumber") }
func reading(r *http.Request) bool {
	return r.Method == http.MethodGet && len(r.URL.Query()) == 0
}
func copying(r *http.Request) bool { return r.Header.Get("X-Amz-Copy-Source") != "" }
func noting(r *http.Request) bool  { return strings.Contains(r.URL.Path, "/UPLOADS/") }
