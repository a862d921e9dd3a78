package metrics

import "github.com/prometheus/client_golang/prometheus"

// Mail shows what became of the mails that this process sends.
type Mail struct{ Count func() Mails }

var _ prometheus.Collector = (*Mail)(nil)

// Mails counts them. Each attempt that fails counts.
type Mails struct{ Sent, Failed, Lost int64 }

var mailsTotal = desc("sajin_mails_total", "Mails that were sent, attempts that failed, and mails that were given up.", "outcome")

// Describe implements prometheus.Collector.
func (*Mail) Describe(descs chan<- *prometheus.Desc) { descs <- mailsTotal }

// Collect implements prometheus.Collector.
func (m *Mail) Collect(metrics chan<- prometheus.Metric) {
	n := m.Count()
	for outcome, count := range map[string]int64{"sent": n.Sent, "failed": n.Failed, "given_up": n.Lost} {
		metrics <- prometheus.MustNewConstMetric(mailsTotal, prometheus.CounterValue, float64(count), outcome)
	}
}
