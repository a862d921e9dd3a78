package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Requests counts what clients ask for, by operation. It is asked for each of
// them and so keeps the series that it has seen at hand.
type Requests struct {
	answered *prometheus.CounterVec
	took     *prometheus.HistogramVec
	sent     *prometheus.CounterVec
	open     prometheus.Gauge

	seen sync.Map // request -> prometheus.Counter
	ops  sync.Map // operation -> operation
}

var _ prometheus.Collector = (*Requests)(nil)

type request struct {
	operation, method string
	class             int
}

type operation struct {
	took prometheus.Observer
	sent prometheus.Counter
}

// NewRequests makes the counters.
func NewRequests() *Requests {
	return &Requests{
		answered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sajin_http_requests_total", Help: "Requests that were answered, by operation, method and class of status.",
		}, []string{"operation", "method", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sajin_http_request_duration_seconds", Help: "How long requests took, until the last byte was taken.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"operation"}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sajin_http_response_bytes_total", Help: "Bytes of the bodies of answers.",
		}, []string{"operation"}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "sajin_http_requests_in_flight", Help: "Requests that are being answered.",
		}),
	}
}

var classes = [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}

// Requested counts a request that has come.
func (r *Requests) Requested() { r.open.Inc() }

// Answered counts a request that was answered. Callers name operations and
// methods of which there are few.
func (r *Requests) Answered(name, method string, status int, bytes int64, took time.Duration) {
	r.open.Dec()
	key := request{name, method, min(max(status/100, 1), len(classes)) - 1}
	counter, ok := r.seen.Load(key)
	if !ok {
		counter, _ = r.seen.LoadOrStore(key, r.answered.WithLabelValues(name, method, classes[key.class]))
	}
	counter.(prometheus.Counter).Inc()
	op, ok := r.ops.Load(name)
	if !ok {
		op, _ = r.ops.LoadOrStore(name, operation{r.took.WithLabelValues(name), r.sent.WithLabelValues(name)})
	}
	op.(operation).took.Observe(took.Seconds())
	op.(operation).sent.Add(float64(bytes))
}

// Describe implements prometheus.Collector.
func (r *Requests) Describe(descs chan<- *prometheus.Desc) {
	for _, c := range []prometheus.Collector{r.answered, r.took, r.sent, r.open} {
		c.Describe(descs)
	}
}

// Collect implements prometheus.Collector.
func (r *Requests) Collect(metrics chan<- prometheus.Metric) {
	for _, c := range []prometheus.Collector{r.answered, r.took, r.sent, r.open} {
		c.Collect(metrics)
	}
}
