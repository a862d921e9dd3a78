// Package tracing tells an OpenTelemetry collector what the server does, and for
// how long. It is the only one that knows OpenTelemetry: others are given
// functions to call around what they do.
//
// There is one id: that of the request, which answers, logs and events carry, is
// the id of its trace. So whatever carries the one finds the other, in every
// process, and nothing else has to be handed on.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	carried "github.com/sajin-sns/sajin/ports/trace"
)

// Options say where traces go.
type Options struct {
	Endpoint string  // http://collector:4318; /v1/traces is added where there is no path
	Ratio    float64 // of the traces that are sent; 0 to 1
	Version  string
	Log      *slog.Logger

	Flush time.Duration // spans wait so long for others to be sent with; 2 s
}

const (
	mostWaiting = 4096            // spans; what comes on top is dropped
	sendWithin  = 5 * time.Second // one batch
	stopWithin  = 3 * time.Second
)

// Tracing makes spans. A nil Tracing makes none.
type Tracing struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	sampler  sampler
	log      *slog.Logger
}

// New makes a Tracing. It does not call the collector: one that is down, or
// hangs, is nobody's concern but the log's.
func New(ctx context.Context, o Options) (*Tracing, error) {
	at, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("tracing: endpoint: %w", err)
	}
	if strings.Trim(at.Path, "/") == "" {
		at.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(at.String()), otlptracehttp.WithTimeout(sendWithin),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}))
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	if o.Flush <= 0 {
		o.Flush = 2 * time.Second
	}
	provider := sdk.NewTracerProvider(
		sdk.WithSampler(sampler{o.Ratio}), sdk.WithIDGenerator(ids{}),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "sajin"), attribute.String("service.version", o.Version))),
		sdk.WithBatcher(&quiet{SpanExporter: exporter, log: o.Log}, sdk.WithMaxQueueSize(mostWaiting), sdk.WithBatchTimeout(o.Flush), sdk.WithExportTimeout(sendWithin)),
	)
	return &Tracing{provider: provider, tracer: provider.Tracer("sajin"), sampler: sampler{o.Ratio}, log: o.Log}, nil
}

// Stop sends what waits, for a moment; it never fails.
func (t *Tracing) Stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.log.WarnContext(ctx, "the last traces were not sent", "error", err)
	}
}

// quiet is an exporter that logs when sending begins to fail, and when it works
// again.
type quiet struct {
	sdk.SpanExporter
	log     *slog.Logger
	failing bool // one batch is sent at a time
	lost    int
}

func (q *quiet) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := q.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil:
		q.lost += len(spans)
		if !q.failing {
			q.log.WarnContext(ctx, "traces cannot be sent, and are lost until they can", "error", err)
		}
	case q.failing:
		q.log.InfoContext(ctx, "traces are sent again", "lost", q.lost)
		q.lost = 0
	}
	q.failing = err != nil
	return nil
}

var incoming = propagation.TraceContext{}

// Requests is request, or nil when t is.
func (t *Tracing) Requests() func(ctx context.Context, h http.Header, operation, method string) (context.Context, func(status int)) {
	if t == nil {
		return nil
	}
	return t.request
}

// request begins the span of a request, whose id ctx carries. What it answers is
// told the status.
func (t *Tracing) request(ctx context.Context, h http.Header, operation, method string) (context.Context, func(status int)) {
	id := traceOf(carried.ID(ctx))
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attribute.String("http.request.method", method), attribute.String("sajin.request_id", carried.ID(ctx))),
	}
	switch parent := trace.SpanContextFromContext(incoming.Extract(context.Background(), propagation.HeaderCarrier(h))); {
	case !parent.IsValid():
		options = append(options, trace.WithNewRoot())
	case parent.TraceID() == id:
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	default: // of another trace, in which we cannot be as well
		options = append(options, trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: parent}))
	}
	ctx, span := t.tracer.Start(context.WithValue(ctx, rootKey{}, true), operation, options...)
	ctx = context.WithValue(ctx, rootKey{}, false)
	return ctx, func(status int) {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// shape is what spans of a kind look like.
type shape struct {
	kind  trace.SpanKind
	name  func(labels []string) string
	keys  []string // what the labels are called
	alone bool     // may be the first of a trace
}

var shapes = map[string]shape{
	"database": {trace.SpanKindClient, func(l []string) string { return summary(l[0]) }, []string{"db.query.text"}, false},
	"blob":     {trace.SpanKindClient, func(l []string) string { return "blob " + l[0] }, []string{"blob.operation"}, false},
	"payment":  {trace.SpanKindClient, func(l []string) string { return "payment " + l[1] }, []string{"payment.provider", "payment.operation"}, false},
	"publish":  {trace.SpanKindProducer, func(l []string) string { return "publish " + l[0] }, []string{"messaging.destination.name", "messaging.message.id"}, true},
	"handle":   {trace.SpanKindConsumer, func(l []string) string { return "handle " + l[0] }, []string{"messaging.consumer.group.name", "messaging.destination.name", "messaging.message.id"}, true},
	"job":      {trace.SpanKindConsumer, func(l []string) string { return "job " + l[0] }, []string{"job.kind", "job.id"}, true},
}

// Around makes spans of one kind: "database", "blob", "payment", "publish",
// "handle" or "job". It is nil when t is, and for whoever asks for nothing else.
func (t *Tracing) Around(kind string) func(ctx context.Context, labels ...string) (context.Context, func(error)) {
	if t == nil {
		return nil
	}
	s, ok := shapes[kind]
	if !ok {
		panic("tracing: no shape for " + kind)
	}
	return func(ctx context.Context, labels ...string) (context.Context, func(error)) {
		return t.around(ctx, s, labels)
	}
}

func untold(error) {}

func (t *Tracing) around(ctx context.Context, s shape, labels []string) (context.Context, func(error)) {
	parent := trace.SpanContextFromContext(ctx)
	switch id := carried.ID(ctx); {
	case parent.IsValid():
	case id != "":
		parent = rootOf(id)
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	case !s.alone:
		return ctx, untold
	}
	if parent.IsValid() && !t.sampler.keeps(parent.TraceID()) {
		return ctx, untold
	}
	about := make([]attribute.KeyValue, 0, len(s.keys))
	for i, key := range s.keys[:min(len(s.keys), len(labels))] {
		about = append(about, attribute.String(key, labels[i]))
	}
	ctx, span := t.tracer.Start(ctx, s.name(labels), trace.WithSpanKind(s.kind), trace.WithAttributes(about...))
	return ctx, func(err error) {
		if err != nil && !errors.Is(err, context.Canceled) {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}

// Transport makes spans of the requests that a client makes, and hands their
// trace on. It is base itself when t is nil.
func (t *Tracing) Transport(base http.RoundTripper) http.RoundTripper {
	if t == nil {
		return base
	}
	return otelhttp.NewTransport(base, otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(incoming))
}
