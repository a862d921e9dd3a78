package tracing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"strings"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	carried "github.com/sajin-sns/sajin/ports/trace"
)

// traceOf is the id of a request as the id of a trace: the same sixteen bytes,
// where it is a UUID or thirty-two hexadecimal digits, and else a digest.
func traceOf(id string) trace.TraceID {
	if t, err := trace.TraceIDFromHex(strings.ToLower(strings.ReplaceAll(id, "-", ""))); err == nil {
		return t
	}
	sum := sha256.Sum256([]byte(id))
	return trace.TraceID(sum[:16])
}

// rootOf is the span of the request with that id, wherever it was made.
func rootOf(id string) trace.SpanContext {
	t := traceOf(id)
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: t, SpanID: rootSpan(t), TraceFlags: trace.FlagsSampled, Remote: true})
}

func rootSpan(t trace.TraceID) trace.SpanID {
	sum := sha256.Sum256(t[:])
	return trace.SpanID(sum[:8])
}

// rootKey marks the context in which the span of a request is begun.
type rootKey struct{}

// ids gives the spans of requests the ids that follow from their requests', and
// others what comes.
type ids struct{}

var _ sdk.IDGenerator = ids{}

func (g ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if id := carried.ID(ctx); id != "" {
		t := traceOf(id)
		return t, g.NewSpanID(ctx, t)
	}
	var t trace.TraceID
	_, _ = rand.Read(t[:])
	return t, g.NewSpanID(ctx, t)
}

func (ids) NewSpanID(ctx context.Context, t trace.TraceID) (s trace.SpanID) {
	if root, _ := ctx.Value(rootKey{}).(bool); root {
		return rootSpan(t)
	}
	_, _ = rand.Read(s[:])
	return s
}

// sampler keeps a share of the traces. Which they are follows from their ids, so
// that every process keeps the same; what a caller asks for does not count.
type sampler struct{ ratio float64 }

func (s sampler) keeps(t trace.TraceID) bool {
	random := binary.BigEndian.Uint64(t[8:]) << 8 >> 8 // seven bytes: the eighth of a UUID is not all random
	return float64(random) < s.ratio*(1<<56)
}

func (s sampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	r := sdk.SamplingResult{Decision: sdk.Drop, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
	if s.keeps(p.TraceID) {
		r.Decision = sdk.RecordAndSample
	}
	return r
}

func (sampler) Description() string { return "sajin: by request id" }

// summary names a statement: what it does, and to which table first.
func summary(query string) string {
	words := strings.Fields(query)
	if len(words) == 0 {
		return "query"
	}
	for i, word := range words[:len(words)-1] {
		switch strings.ToUpper(word) {
		case "FROM", "INTO", "UPDATE":
			if table := strings.Trim(words[i+1], "();,"); table != "" && !strings.EqualFold(table, "SELECT") {
				return strings.ToUpper(words[0]) + " " + table
			}
		}
	}
	return strings.Trim(words[0], ";")
}
