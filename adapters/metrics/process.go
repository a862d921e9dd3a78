package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Process is what the parts of this process have counted themselves. A function
// that is nil is a part that does not run here.
type Process struct {
	Relay     func() Relay
	Consumers func() []Consumer
	Workers   func() []Worker
	Database  func() Database
	Passwords func() Passwords
}

// Relay is what became of events on their way out of the outbox.
type Relay struct {
	Published, Failed int64
	UnderWay          int
}

// Consumer is what became of the events of one consumer.
type Consumer struct {
	Name, Topic                       string
	Handled, Repeated, Failed, Parked int64
}

// Worker is what became of the jobs of one kind.
type Worker struct {
	Kind                                   string
	Running                                int
	Done, Retried, GivenUp, Lost, Released int64
}

// Database is the pool of connections.
type Database struct {
	InUse, Idle, Max int
	Waits            int64 // for a connection
	Waited           time.Duration
}

// Passwords is the queue of those whose passwords are being hashed.
type Passwords struct {
	Running, Waiting int
	Refused          int64
}

var (
	relayPublished = desc("sajin_events_published_total", "Events that were taken from the outbox to the bus.")
	relayFailed    = desc("sajin_events_publish_failures_total", "Attempts to publish an event that failed.")
	relayUnderWay  = desc("sajin_events_publishing", "Events that are being published.")
	consumed       = desc("sajin_events_consumed_total", "Events by consumer and outcome: handled, repeated (delivered again), failed (an attempt), parked.", "consumer", "topic", "outcome")
	jobsRunning    = desc("sajin_jobs_running", "Jobs that run in this process.", "kind")
	jobsEnded      = desc("sajin_jobs_total", "Runs of jobs by outcome: done, retried, given_up, lost (to another worker), released (the process stopped).", "kind", "outcome")
	dbConnections  = desc("sajin_database_connections", "Connections to the database, in use and idle.", "state")
	dbMax          = desc("sajin_database_connections_max", "Most connections that this process opens.")
	dbWaits        = desc("sajin_database_waits_total", "How often a connection, or on SQLite the turn to write, had to be waited for.")
	dbWaited       = desc("sajin_database_wait_seconds_total", "How long was waited for those, all together.")
	hashes         = desc("sajin_password_hashes", "Passwords that are being hashed or wait for it.", "state")
	hashesRefused  = desc("sajin_password_hashes_refused_total", "Passwords that were turned away because too many waited.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var _ prometheus.Collector = (*Process)(nil)

// Describe implements prometheus.Collector.
func (p *Process) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		relayPublished, relayFailed, relayUnderWay, consumed, jobsRunning, jobsEnded,
		dbConnections, dbMax, dbWaits, dbWaited, hashes, hashesRefused,
	} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (p *Process) Collect(metrics chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, n, labels...)
	}
	gauge := func(d *prometheus.Desc, n int, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	if p.Relay != nil {
		r := p.Relay()
		count(relayPublished, float64(r.Published))
		count(relayFailed, float64(r.Failed))
		gauge(relayUnderWay, r.UnderWay)
	}
	if p.Consumers != nil {
		for _, c := range p.Consumers() {
			for outcome, n := range map[string]int64{"handled": c.Handled, "repeated": c.Repeated, "failed": c.Failed, "parked": c.Parked} {
				count(consumed, float64(n), c.Name, c.Topic, outcome)
			}
		}
	}
	if p.Workers != nil {
		for _, w := range p.Workers() {
			gauge(jobsRunning, w.Running, w.Kind)
			for outcome, n := range map[string]int64{"done": w.Done, "retried": w.Retried, "given_up": w.GivenUp, "lost": w.Lost, "released": w.Released} {
				count(jobsEnded, float64(n), w.Kind, outcome)
			}
		}
	}
	if p.Database != nil {
		d := p.Database()
		gauge(dbConnections, d.InUse, "in_use")
		gauge(dbConnections, d.Idle, "idle")
		gauge(dbMax, d.Max)
		count(dbWaits, float64(d.Waits))
		count(dbWaited, d.Waited.Seconds())
	}
	if p.Passwords != nil {
		h := p.Passwords()
		gauge(hashes, h.Running, "running")
		gauge(hashes, h.Waiting, "waiting")
		count(hashesRefused, float64(h.Refused))
	}
}
