package metrics

import "github.com/prometheus/client_golang/prometheus"

// Refusals counts, in this process, requests of those who asked too often.
type Refusals struct{ *prometheus.CounterVec }

// NewRefusals makes a counter that shows these classes from the beginning.
func NewRefusals(classes ...string) Refusals {
	r := Refusals{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sajin_requests_refused_total", Help: "Requests that were refused because there were too many, by their class.",
	}, []string{"class"})}
	for _, class := range classes {
		r.WithLabelValues(class)
	}
	return r
}

// Refused counts one.
func (r Refusals) Refused(class string) { r.WithLabelValues(class).Inc() }
