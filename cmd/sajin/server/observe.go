package server

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/adapters/bus"
	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/instrument"
	"github.com/sajin-sns/sajin/adapters/metrics"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/adapters/tracing"
	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/ports/store"
)

// measures adds a prometheus.Collector to /metrics.
func measures(constructor any) any {
	return fx.Annotate(constructor, fx.As(new(prometheus.Collector)), fx.ResultTags(`group:"collectors"`))
}

// Calls of others, one type for each, as fx tells values apart by it.
type (
	blobCalls    struct{ *metrics.Calls }
	paymentCalls struct{ *metrics.Calls }
	scrapes      struct{ http.Handler }
)

// whole is everything, with what tells of calls around those who answer them.
var whole = fx.Options(unwatched, watched)

var unwatched = fx.Options(parts, observed, checks)

// observed is how the server shows what it does.
var observed = fx.Module("observed",
	fx.Provide(
		metrics.NewRequests, metrics.NewLedger, newTracing,
		func() (blobCalls, paymentCalls) {
			return blobCalls{metrics.NewBlobCalls()}, paymentCalls{metrics.NewPaymentCalls()}
		},
		measures(func(r *metrics.Requests) *metrics.Requests { return r }),
		measures(func(l *metrics.Ledger) *metrics.Ledger { return l }),
		measures(func(c blobCalls) *metrics.Calls { return c.Calls }),
		measures(func(c paymentCalls) *metrics.Calls { return c.Calls }),
		measures(process),
		func(o *sqlstore.Outbox, q jobs.Queue, workers []jobs.Worker, log *slog.Logger) *metrics.Collector {
			kinds := make([]string, len(workers))
			for i, w := range workers {
				kinds[i] = w.Kind
			}
			return metrics.New(o, q, metrics.Options{Kinds: kinds, Log: log})
		},
		fx.Annotate(func(c *metrics.Collector, others []prometheus.Collector) scrapes {
			return scrapes{c.Handler(others...)}
		}, fx.ParamTags(``, `group:"collectors"`)),
		fx.Annotate(func(c config.Config, s scrapes) []httpapi.Route {
			if c.Metrics.Listen != "" {
				return nil // there
			}
			return []httpapi.Route{{Name: "metrics", Pattern: "GET /metrics", Handler: s, Class: httpapi.Probe}}
		}, fx.ResultTags(`group:"routes,flatten"`)),
		comesRound(func(w store.Wallets, o *sqlstore.Outbox, shown *metrics.Ledger, now func() time.Time, log *slog.Logger) chore {
			audit := &wallet.Audit{Wallets: w, Turns: o, Now: now, Log: log, Report: func(found wallet.Audited) { shown.Report(shownAudit(found)) }}
			return chore{"audit the ledger", 10 * time.Minute, audit.Run}
		}),
	),
)

func watchedProviders(all []payment.Provider, calls paymentCalls, t *tracing.Tracing) []payment.Provider {
	around := []instrument.Around{calls.Around}
	if t != nil {
		around = append(around, t.Around("payment"))
	}
	told := make([]payment.Provider, len(all))
	for i, p := range all {
		told[i] = instrument.Provider(p, around...)
	}
	return told
}

func shownAudit(found wallet.Audited) metrics.Audit {
	a := metrics.Audit{At: found.At, Took: found.Took, Problems: len(found.Problems), Imbalance: map[string]int64{}}
	for asset, n := range found.Imbalance {
		a.Imbalance[string(asset)] = n
	}
	return a
}

// process asks the parts of this process for what they have counted.
func process(b *bus.Bus, p *worker.Pool, db sqldb.DB, h *argon.Hasher) *metrics.Process {
	m := &metrics.Process{
		Relay: func() metrics.Relay {
			r, _ := b.Stats()
			return metrics.Relay{Published: r.Published, Failed: r.Failed, UnderWay: r.UnderWay}
		},
		Consumers: func() []metrics.Consumer {
			_, consumers := b.Stats()
			all := make([]metrics.Consumer, len(consumers))
			for i, c := range consumers {
				all[i] = metrics.Consumer{Name: c.Consumer, Topic: c.Topic, Handled: c.Handled, Repeated: c.Repeated, Failed: c.Failed, Parked: c.Parked}
			}
			return all
		},
		Workers: func() []metrics.Worker {
			stats := p.Stats()
			all := make([]metrics.Worker, len(stats))
			for i, s := range stats {
				all[i] = metrics.Worker(s)
			}
			return all
		},
		Passwords: func() metrics.Passwords {
			running, waiting, refused := h.Stats()
			return metrics.Passwords{Running: running, Waiting: waiting, Refused: refused}
		},
	}
	if pooled, ok := db.(sqldb.Pooled); ok {
		m.Database = func() metrics.Database { return metrics.Database(pooled.Pool()) }
	}
	return m
}
