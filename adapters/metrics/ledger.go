package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Ledger shows what the last audit of this process has found. Audits go round
// among the processes, so that one which is old is not shown any more: another
// process has a newer one.
type Ledger struct {
	now func() time.Time

	mu   sync.Mutex
	last Audit
}

var _ prometheus.Collector = (*Ledger)(nil)

// Audit is what an audit of the ledger has found.
type Audit struct {
	At        time.Time
	Took      time.Duration
	Problems  int
	Imbalance map[string]int64 // by asset
}

// shownFor is how long an audit is shown: that of the next hour comes before.
const shownFor = 2 * time.Hour

// NewLedger makes a Ledger that has seen no audit.
func NewLedger(now func() time.Time) *Ledger { return &Ledger{now: now} }

// Report takes in the findings of an audit.
func (l *Ledger) Report(a Audit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = a
}

var (
	ledgerProblems  = desc("sajin_ledger_problems", "What the last audit of the ledger has found wrong.")
	ledgerImbalance = desc("sajin_ledger_imbalance", "What the journal adds up to, which is zero for every asset, at the last audit.", "asset")
	ledgerAudited   = desc("sajin_ledger_audit_timestamp_seconds", "When the ledger was last audited.")
	ledgerTook      = desc("sajin_ledger_audit_duration_seconds", "How long that took.")
)

// Describe implements prometheus.Collector.
func (l *Ledger) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{ledgerProblems, ledgerImbalance, ledgerAudited, ledgerTook} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (l *Ledger) Collect(metrics chan<- prometheus.Metric) {
	l.mu.Lock()
	last := l.last
	l.mu.Unlock()
	if last.At.IsZero() || l.now().Sub(last.At) > shownFor {
		return
	}
	show := func(d *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	show(ledgerProblems, float64(last.Problems))
	show(ledgerAudited, float64(last.At.UnixMilli())/1000)
	show(ledgerTook, last.Took.Seconds())
	for asset, n := range last.Imbalance {
		show(ledgerImbalance, float64(n), asset)
	}
}
