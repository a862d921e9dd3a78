package httpapi

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/ports/trace"
)

// Observer counts requests. Its methods are called for every one of them, by
// many at once.
type Observer interface {
	// Requested: a request has come, and has not been answered.
	Requested()

	// Answered: that request was answered, with so many bytes. The operation and
	// the method are of a few: those of the API, and "other".
	Answered(operation, method string, status int, sent int64, took time.Duration)
}

type nobody struct{}

func (nobody) Requested()                                         {}
func (nobody) Answered(string, string, int, int64, time.Duration) {}

// other is what requests for nothing in particular are called.
const other = "other"

// visit is what is found out about a request on its way in, by one part of the
// server after the other. It is the context that the request goes on with.
type visit struct {
	context.Context
	operation string
	pattern   string     // of the mux; empty where it has no handler
	client    netip.Addr // where it comes from, once that is known
	caller    caller     // who asked, once that is known
}

type visitKey struct{}

// Value implements context.Context.
func (v *visit) Value(key any) any {
	if _, ok := key.(visitKey); ok {
		return v
	}
	return v.Context.Value(key)
}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	if v == nil {
		v = &visit{}
	}
	return v
}

// clientOf is the address that a request comes from, as far as one knows; it is
// not valid where nobody does.
func clientOf(ctx context.Context) netip.Addr { return visitOf(ctx).client }

func callerOf(ctx context.Context) caller { return visitOf(ctx).caller }

// reception is what every request passes first: it is given an id and a name,
// watched, logged, and answered if its handler panics.
type reception struct {
	o          Options
	mux        *http.ServeMux
	operations map[string]string // by pattern of the mux
	next       http.Handler
}

func (p *reception) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	id := requestID(r.Header)
	if id == "" {
		id = p.o.NewID()
	}
	w.Header().Set("X-Request-Id", id)
	v := p.visit(r)
	v.Context = trace.With(r.Context(), id)
	ctx := context.Context(v)
	traced := func(int) {}
	if p.o.Trace != nil {
		ctx, traced = p.o.Trace(ctx, r.Header, v.operation, methodOf(r.Method))
	}
	seen := &watched{ResponseWriter: w}
	p.o.Observer.Requested()
	defer func() {
		cause := recover()
		err, _ := cause.(error)
		aborted := errors.Is(err, http.ErrAbortHandler)
		if cause != nil && !aborted {
			p.o.Log.ErrorContext(ctx, "panic", "cause", cause, "operation", v.operation)
			if seen.status == 0 {
				writeProblem(seen, newProblem(ctx, http.StatusInternalServerError, "internal", "something went wrong on our side; the trace id helps us to find out what"))
			}
		}
		a := answer{status: cmp.Or(seen.status, http.StatusOK), bytes: seen.bytes, took: time.Since(started)}
		p.o.Observer.Answered(v.operation, methodOf(r.Method), a.status, a.bytes, a.took)
		traced(a.status)
		p.log(ctx, r, v, a)
		if aborted {
			panic(cause)
		}
	}()
	p.next.ServeHTTP(seen, r.WithContext(ctx))
}

// visit finds the name of what is asked for.
func (p *reception) visit(r *http.Request) *visit {
	_, pattern := p.mux.Handler(r)
	return &visit{operation: cmp.Or(p.operations[pattern], pattern, other), pattern: pattern}
}

// methodOf is the method of a request, if it is one of a few.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return other
	}
}

// answer is how a request ended.
type answer struct {
	status int
	bytes  int64
	took   time.Duration
}

// Requests says which requests are logged as information; the rest is there for
// whoever debugs.
type Requests int

// From none to all.
const (
	NoRequests     Requests = iota
	FailedRequests          // those that failed on our side
	AllRequests             // but not the probes of who watches the server
)

// log never has a query string or a header in it: links are signed there, and
// tokens sent.
func (p *reception) log(ctx context.Context, r *http.Request, v *visit, a answer) {
	level := slog.LevelDebug
	failed := a.status >= http.StatusInternalServerError
	if p.o.Requests >= FailedRequests && failed || p.o.Requests == AllRequests && !probes[v.operation] {
		level = slog.LevelInfo
	}
	if !p.o.Log.Enabled(ctx, level) {
		return
	}
	about := []slog.Attr{
		slog.String("operation", v.operation), slog.String("method", r.Method), slog.String("path", withoutTokens(r.URL.Path)),
		slog.Int("status", a.status), slog.Int64("bytes", a.bytes), slog.Duration("took", a.took),
	}
	if !v.caller.Account.IsZero() {
		about = append(about, slog.String("account", v.caller.Account.String()))
	}
	p.o.Log.LogAttrs(ctx, level, "request", about...)
}

var probes = map[string]bool{"health": true, "readiness": true, "metrics": true}

// withoutTokens is a path as it may be logged. Some paths end in a token that
// somebody could pay or sign in with; it is longer than every name and id.
func withoutTokens(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if len(segment) > 40 {
			segments[i] = "…"
		}
	}
	return strings.Join(segments, "/")
}
