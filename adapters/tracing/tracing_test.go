package tracing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/sajin-sns/sajin/adapters/tracing"
	"github.com/sajin-sns/sajin/ports/trace"
)

// sink is a collector that keeps what it is sent.
type sink struct {
	*httptest.Server
	mu    sync.Mutex
	spans map[string]*spans.Span // by name
	path  string
}

func newSink(t *testing.T) *sink {
	s := &sink{spans: map[string]*spans.Span{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &sent)
		}
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.path = r.URL.Path
		for _, resource := range sent.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				for _, span := range scope.Spans {
					s.spans[span.Name] = span
				}
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(s.Close)
	return s
}

func open(t *testing.T, endpoint string, ratio float64, log io.Writer) *tracing.Tracing {
	t.Helper()
	tr, err := tracing.New(t.Context(), tracing.Options{Endpoint: endpoint, Ratio: ratio, Version: "test", Log: slog.New(slog.NewTextHandler(log, nil)), Flush: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

const request = "0190a5b0-1111-7222-8333-444455556666"

func TestOneTrace(t *testing.T) {
	s := newSink(t)
	here, there := open(t, s.URL, 1, io.Discard), open(t, s.URL, 1, io.Discard)

	ctx, answered := here.Requests()(trace.With(t.Context(), request), http.Header{}, "publish-post", "POST")
	inside, end := here.Around("database")(ctx, "transaction")
	_, statement := here.Around("database")(inside, "INSERT INTO posts (id)\n VALUES ($1)")
	statement(nil)
	end(errors.New("no room"))
	answered(503)
	here.Stop(t.Context())
	// Another process knows of the request its id alone.
	_, ended := there.Around("job")(trace.With(t.Context(), request), "fan-out", "job-1")
	ended(nil)
	there.Stop(t.Context())

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.path != "/v1/traces" {
		t.Error(s.path)
	}
	root := s.spans["publish-post"]
	if root == nil || len(root.ParentSpanId) != 0 || root.Kind != spans.Span_SPAN_KIND_SERVER || root.Status.GetCode() != spans.Status_STATUS_CODE_ERROR {
		t.Fatal(root, s.spans)
	}
	for child, parent := range map[string]string{"transaction": "publish-post", "INSERT posts": "transaction", "job fan-out": "publish-post"} {
		c, p := s.spans[child], s.spans[parent]
		if c == nil || !bytes.Equal(c.ParentSpanId, p.SpanId) {
			t.Errorf("%s is not of %s: %v", child, parent, c)
		} else if want := "\x01\x90\xa5\xb0\x11\x11\x72\x22\x83\x33\x44\x44\x55\x55\x66\x66"; string(c.TraceId) != want {
			t.Errorf("the trace of %s is not the request: %x", child, c.TraceId)
		}
	}
	if got := s.spans["transaction"].Status; got.GetCode() != spans.Status_STATUS_CODE_ERROR || got.GetMessage() != "no room" {
		t.Error(got)
	}
}

func TestCallers(t *testing.T) {
	s := newSink(t)
	tr := open(t, s.URL, 1, io.Discard)
	const caller = "4bf92f3577b34da6a3ce929d0e0e4736"
	header := http.Header{"Traceparent": {"00-" + caller + "-00f067aa0ba902b7-00"}}
	_, answered := tr.Requests()(trace.With(t.Context(), caller), header, "ours", "GET")
	answered(200)
	_, answered = tr.Requests()(trace.With(t.Context(), request), header, "not ours", "GET")
	answered(200)
	_, ended := tr.Around("database")(t.Context(), "SELECT 1")
	ended(nil)
	tr.Stop(t.Context())

	s.mu.Lock()
	defer s.mu.Unlock()
	t.Run("a request of a trace goes on in it", func(t *testing.T) {
		if got := s.spans["ours"]; got == nil || string(got.ParentSpanId) != "\x00\xf0\x67\xaa\x0b\xa9\x02\xb7" {
			t.Error(got)
		}
	})
	t.Run("one with an id of its own points to the caller's", func(t *testing.T) {
		if got := s.spans["not ours"]; got == nil || len(got.ParentSpanId) != 0 || len(got.Links) != 1 {
			t.Error(got)
		}
	})
	t.Run("what the database is asked for nobody is no trace", func(t *testing.T) {
		if len(s.spans) != 2 {
			t.Error(s.spans)
		}
	})
}

func TestSampling(t *testing.T) {
	s := newSink(t)
	here, there := open(t, s.URL, 0.5, io.Discard), open(t, s.URL, 0.5, io.Discard)
	for i := range 256 {
		id := fmt.Sprintf("0190a5b0-1111-7222-83%02x-%012x", i, i)
		ctx := trace.With(t.Context(), id)
		_, answered := here.Requests()(ctx, http.Header{}, "request "+id, "GET")
		answered(200)
		_, ended := there.Around("job")(ctx, id, id)
		ended(nil)
	}
	here.Stop(t.Context())
	there.Stop(t.Context())
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := 0
	for name := range s.spans {
		if id, ok := strings.CutPrefix(name, "request "); ok {
			requests++
			if s.spans["job "+id] == nil {
				t.Errorf("%s is kept by one process alone", id)
			}
		}
	}
	if requests != 128 || len(s.spans) != 2*requests {
		t.Errorf("%d requests of 256, and %d spans", requests, len(s.spans))
	}
}

func TestCollectorAway(t *testing.T) {
	deaf, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	for name, endpoint := range map[string]string{"one that hangs": "http://" + deaf.Addr().String(), "one that is down": "http://127.0.0.1:1"} {
		t.Run(name+" holds nobody up, and the end neither", func(t *testing.T) {
			var log safeBuffer
			tr := open(t, endpoint, 1, &log)
			done := make(chan bool)
			go func() {
				defer close(done)
				for range 20_000 { // many times what may wait
					_, answered := tr.Requests()(trace.With(context.Background(), request), http.Header{}, "publish-post", "POST")
					answered(200)
				}
				ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
				defer cancel()
				tr.Stop(ctx)
			}()
			select {
			case <-done:
			case <-time.After(time.Minute):
				t.Fatal("still at it after a minute")
			}
			if n := strings.Count(log.String(), "traces cannot be sent"); n > 1 {
				t.Errorf("logged %d times: %s", n, log.String())
			}
		})
	}
}

func TestOff(t *testing.T) {
	var tr *tracing.Tracing
	if tr.Requests() != nil || tr.Around("job") != nil || tr.Transport(http.DefaultTransport) != http.DefaultTransport {
		t.Error("something stands in between")
	}
}

// safeBuffer is a log.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
