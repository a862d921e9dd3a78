// Package httpapi is sajin's HTTP API: one file for each resource, over a
// framework that writes the OpenAPI document from the same types. It turns
// requests into calls of use cases and faults into problems, and decides
// nothing itself.
package httpapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/sajin-sns/sajin/ports/link"
)

// Options are what the API needs beside its resources.
type Options struct {
	Version   string
	PublicURL string
	BodyLimit int64
	Log       *slog.Logger
	Auth      Authenticator
	StepUp    StepUp
	Sealer    link.Sealer
	NewID     func() string // of requests
	Requests  Requests
	Observer  Observer       // nil: nobody
	Proxies   []netip.Prefix // whose word is taken for where a request comes from
	Limits    *Limits        // nil: everybody may ask as often as he likes

	// Trace begins to follow a request, whose context carries its id; what it
	// answers is told how that ended. Nil: nobody does.
	Trace func(ctx context.Context, h http.Header, operation, method string) (context.Context, func(status int))
}

// Resource is a part of the API: what it adds when the server is put together.
type Resource interface {
	register(r *registry)
}

// Route is a part of the server that is no operation of the API: media, parts
// of uploads, pages.
type Route struct {
	Pattern string // as http.ServeMux takes it
	Handler http.Handler
	Name    string // in metrics and logs, as "media"; the pattern when empty
	Class   Class  // by the method when it is empty
}

// API is the whole of it.
type API struct {
	http.Handler
	api huma.API
}

// OpenAPI is the document that describes the API, in version 3.1.
func (a *API) OpenAPI() *huma.OpenAPI { return a.api.OpenAPI() }

// New puts the server together.
func New(o Options, routes []Route, resources ...Resource) *API {
	replaceErrorModel()
	mux := http.NewServeMux()
	config := huma.DefaultConfig("sajin", o.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", "", nil
	config.Components.Schemas = newSchemas()
	config.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON}
	config.Info.Description = description
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.Tags = tags
	config.Servers = []*huma.Server{{URL: o.PublicURL}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The access_token of POST /v1/sessions"},
	}
	api := humago.New(mux, config)
	r := &registry{
		api: api, stepUp: o.StepUp, log: o.Log, bodyLimit: o.BodyLimit, cursors: cursors{o.Sealer},
		operations: map[string]string{}, classes: map[string]Class{},
	}
	for _, resource := range resources {
		resource.register(r)
	}
	for _, route := range slices.Concat(documents(api), routes) {
		mux.Handle(route.Pattern, route.Handler)
		r.operations[route.Pattern] = route.Name
		if route.Class != "" {
			r.classes[route.Pattern] = route.Class
		}
	}
	if o.Observer == nil {
		o.Observer = nobody{}
	}
	handler := o.Limits.enforce(o.Log, r.classes, problems(mux))
	handler = &door{proxies: o.Proxies, log: o.Log, next: authenticate(o.Auth, o.Limits, o.Log, handler)}
	return &API{Handler: &reception{o: o, mux: mux, operations: r.operations, next: protect(handler)}, api: api}
}

// unwrap reaches through huma to the request and the answer.
func unwrap(ctx huma.Context) (*http.Request, http.ResponseWriter) { return humago.Unwrap(ctx) }

// problems answers for the mux where it has no handler: its own answers are
// plain text.
func problems(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if visitOf(r.Context()).pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		handler, _ := mux.Handler(r)
		own := muted{header: http.Header{}}
		handler.ServeHTTP(&own, r)
		switch own.status {
		case http.StatusMethodNotAllowed:
			w.Header().Set("Allow", own.header.Get("Allow"))
			writeProblem(w, newProblem(r.Context(), own.status, codes[own.status], "this path does not take the method "+r.Method))
		case http.StatusNotFound:
			writeProblem(w, newProblem(r.Context(), own.status, codes[own.status], "there is nothing at this path"))
		default: // a redirect to the clean path
			handler.ServeHTTP(w, r)
		}
	})
}

// muted takes an answer and sends none of it.
type muted struct {
	header http.Header
	status int
}

func (m *muted) Header() http.Header         { return m.header }
func (m *muted) Write(b []byte) (int, error) { return len(b), nil }
func (m *muted) WriteHeader(status int)      { m.status = status }

// protect sets the headers that every answer carries.
func protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), ofAll)
		next.ServeHTTP(w, r)
	})
}

var ofAll = http.Header{
	"X-Content-Type-Options":  {"nosniff"},
	"Referrer-Policy":         {"no-referrer"},
	"X-Frame-Options":         {"DENY"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"}, // pages say what they need
	"Cache-Control":           {"no-store"},
}

// watched remembers what was answered, and waits only so long for it to be taken.
type watched struct {
	http.ResponseWriter
	status int
	bytes  int64
	until  time.Time // what was written last has to be taken
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.wait()
	w.ResponseWriter.WriteHeader(status)
}

// piece is how many bytes of an answer a client must take within idle: whoever
// asks and does not listen would hold the answer, and its connection, for ever.
const piece = 256 << 10

func (w *watched) Write(b []byte) (n int, err error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	for {
		w.wait()
		taken, err := w.ResponseWriter.Write(b[n:min(n+piece, len(b))])
		n += taken
		w.bytes += int64(taken)
		if err != nil || n == len(b) {
			return n, err
		}
	}
}

// ReadFrom has the kernel send what is in a file, without its bytes coming here.
func (w *watched) ReadFrom(src io.Reader) (n int64, err error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	part, ok := src.(*io.LimitedReader)
	if ok {
		_, ok = part.R.(*os.File)
	}
	if !ok { // what is slow to come must not count as slow to be taken
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	for n < part.N {
		w.wait()
		sent, err := io.CopyN(w.ResponseWriter, part.R, min(piece, part.N-n)) // the kernel looks no deeper than this
		n += sent
		w.bytes += sent
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (w *watched) wait() {
	if now := time.Now(); w.until.Sub(now) < idle*3/4 {
		w.until = now.Add(idle)
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(w.until) // what has no deadlines needs none
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// tags are the chapters of the document, in the order in which one reads them.
var tags = []*huma.Tag{
	{Name: "accounts", Description: "Who is who"},
	{Name: "sessions", Description: "Signing in and staying signed in"},
	{Name: "uploads", Description: "Sending files, in parts"},
	{Name: "media", Description: "What became of the files"},
	{Name: "posts", Description: "What creators show"},
	{Name: "feeds", Description: "Posts in lists: the main page, the inbox, the library"},
	{Name: "subscriptions", Description: "Who follows whom"},
	{Name: "wallet", Description: "Coins, and what they bought"},
	{Name: "sandbox", Description: "Playing a customer of the sandbox payment provider"},
	{Name: "webhooks", Description: "For payment providers"},
	{Name: "admin", Description: "For administrators"},
	{Name: "service", Description: "How the server is"},
}

const description = `The server of a community of photos and videos, where some posts are free and some cost coins.

Lists answer at most ` + "`limit`" + ` items and ` + "`next_cursor`" + `, which is opaque and good for that list only.
Errors are RFC 9457 problems: switch on ` + "`code`" + `. Times are RFC 3339 in UTC, ids are UUIDs of version 7,
coins are whole numbers, money is in minor units.`
