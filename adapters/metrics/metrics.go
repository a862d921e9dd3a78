// Package metrics shows a Prometheus server how much is waiting. The numbers are
// read from the database when they are asked for, so that they are right for all
// processes together and cost nothing between two scrapes.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sajin-sns/sajin/ports/jobs"
)

// Outbox counts events.
type Outbox interface {
	// Backlog counts the events that wait to be published, and how long the
	// oldest has.
	Backlog(ctx context.Context) (waiting int64, oldest time.Duration, err error)

	// Parked counts the events that a consumer has given up on.
	Parked(ctx context.Context) (int64, error)
}

// Queue counts jobs.
type Queue interface {
	Depth(ctx context.Context) ([]jobs.Depth, error)
}

// Options are what an operator may tune; zero values are the defaults.
type Options struct {
	Timeout time.Duration // for reading the database; 5 s
	Kinds   []string      // of jobs that are shown also when none is due
	Log     *slog.Logger
}

// Collector is the waiting events and jobs.
type Collector struct {
	outbox Outbox
	queue  Queue
	o      Options
}

var _ prometheus.Collector = (*Collector)(nil)

// New makes a collector.
func New(outbox Outbox, queue Queue, o Options) *Collector {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Collector{outbox, queue, o}
}

var (
	outboxWaiting = prometheus.NewDesc("sajin_outbox_waiting", "Events that wait to be published.", nil, nil)
	outboxOldest  = prometheus.NewDesc("sajin_outbox_oldest_seconds", "Age of the oldest event that waits to be published.", nil, nil)
	eventsParked  = prometheus.NewDesc("sajin_events_parked", "Events that a consumer could not handle and that an operator has to look at.", nil, nil)
	jobsDue       = prometheus.NewDesc("sajin_jobs_due", "Jobs that wait for a worker.", []string{"kind"}, nil)
	jobsOldest    = prometheus.NewDesc("sajin_jobs_oldest_seconds", "How long the oldest job has waited for a worker.", []string{"kind"}, nil)
)

// Describe implements prometheus.Collector.
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{outboxWaiting, outboxOldest, eventsParked, jobsDue, jobsOldest} {
		descs <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is missing, and
// never shown as nothing.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), c.o.Timeout)
	defer cancel()
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		waiting, oldest, err := c.outbox.Backlog(ctx)
		c.gauge(metrics, outboxWaiting, float64(waiting), err)
		c.gauge(metrics, outboxOldest, oldest.Seconds(), err)
	})
	all.Go(func() {
		parked, err := c.outbox.Parked(ctx)
		c.gauge(metrics, eventsParked, float64(parked), err)
	})
	all.Go(func() {
		depths, err := c.queue.Depth(ctx)
		if err != nil {
			c.gauge(metrics, jobsDue, 0, err)
			c.gauge(metrics, jobsOldest, 0, err)
			return
		}
		due := map[string]jobs.Depth{}
		for _, kind := range c.o.Kinds {
			due[kind] = jobs.Depth{}
		}
		for _, d := range depths {
			due[d.Kind] = d
		}
		for kind, d := range due {
			c.gauge(metrics, jobsDue, float64(d.Due), nil, kind)
			c.gauge(metrics, jobsOldest, d.Oldest.Seconds(), nil, kind)
		}
	})
}

func (c *Collector) gauge(metrics chan<- prometheus.Metric, desc *prometheus.Desc, value float64, err error, labels ...string) {
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(desc, err)
		return
	}
	metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

// Handler answers scrapes: the collector's metrics, others' and those of the
// process. What fails to be read is logged, and the rest is answered. Two
// scrapes are answered at a time, and more are refused with 503.
func (c *Collector) Handler(others ...prometheus.Collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), c)
	registry.MustRegister(others...)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError,

		// Each scrape asks the database: whoever floods the address must not
		// take its connections.
		MaxRequestsInFlight: 2,

		ErrorLog: slog.NewLogLogger(c.o.Log.Handler(), slog.LevelError),
	})
}
