package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/payment"
)

// Calls counts what is asked of others, and how that ended.
type Calls struct {
	done     *prometheus.CounterVec
	took     *prometheus.HistogramVec
	outcomes []outcome
}

var _ prometheus.Collector = (*Calls)(nil)

// outcome is what an error is called.
type outcome struct {
	err  error
	name string
}

// callers stand first: whatever a call answers when its caller has gone away,
// it is not what the one called has done.
var common = []outcome{{context.Canceled, "canceled"}, {context.DeadlineExceeded, "timeout"}}

// NewBlobCalls counts the calls of object storage.
func NewBlobCalls() *Calls {
	return newCalls("sajin_blob", "Operations of object storage", []outcome{
		{blob.ErrNotFound, "not_found"}, {blob.ErrBadKey, "bad_key"}, {blob.ErrSize, "size"},
		{blob.ErrIncomplete, "incomplete"}, {blob.ErrFull, "full"}, {blob.ErrUnavailable, "unavailable"}, {blob.ErrRefused, "refused"},
	})
}

// NewPaymentCalls counts the calls of payment providers.
func NewPaymentCalls() *Calls {
	return newCalls("sajin_payment_provider", "Calls of payment providers", []outcome{
		{payment.ErrNotFound, "not_found"}, {payment.ErrInvalid, "invalid"}, {payment.ErrAlreadyPaid, "already_paid"},
		{payment.ErrProcessing, "processing"}, {payment.ErrUnavailable, "unavailable"},
		{payment.ErrUnknownOutcome, "unknown_outcome"}, {payment.ErrBadSignature, "bad_signature"},
	}, "provider")
}

func newCalls(prefix, help string, outcomes []outcome, labels ...string) *Calls {
	labels = append(labels, "operation")
	return &Calls{
		done: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "_operations_total", Help: help + ", by outcome.",
		}, append(labels[:len(labels):len(labels)], "outcome")),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "_operation_duration_seconds", Help: help + ": how long they took.",
			Buckets: []float64{.001, .005, .025, .1, .25, 1, 2.5, 10, 60},
		}, labels),
		outcomes: append(common[:len(common):len(common)], outcomes...),
	}
}

// Around counts one call: what it answers is told how the call ended. labels
// are the provider, where there are several, and the operation.
func (c *Calls) Around(ctx context.Context, labels ...string) (context.Context, func(error)) {
	started := time.Now()
	return ctx, func(err error) {
		c.took.WithLabelValues(labels...).Observe(time.Since(started).Seconds())
		c.done.WithLabelValues(append(labels[:len(labels):len(labels)], c.outcome(err))...).Inc()
	}
}

func (c *Calls) outcome(err error) string {
	if err == nil {
		return "ok"
	}
	for _, o := range c.outcomes {
		if errors.Is(err, o.err) {
			return o.name
		}
	}
	return "error"
}

// Describe implements prometheus.Collector.
func (c *Calls) Describe(descs chan<- *prometheus.Desc) {
	c.done.Describe(descs)
	c.took.Describe(descs)
}

// Collect implements prometheus.Collector.
func (c *Calls) Collect(metrics chan<- prometheus.Metric) {
	c.done.Collect(metrics)
	c.took.Collect(metrics)
}
