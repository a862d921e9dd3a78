package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/bus"
	"github.com/sajin-sns/sajin/adapters/natsbus"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/adapters/tracing"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/ports/tx"
)

// events is how events get from the outbox to their consumers.
var events = fx.Module("events",
	fx.Provide(
		openBroker,
		newBus,
		check(func(broker *natsbus.Bus) []health.Check {
			if broker == nil {
				return nil
			}
			return []health.Check{{Name: "events", Optional: true, Run: broker.Check}}
		}),
	),
)

// openBroker is nil where events stay within the process, and in a process that
// carries none.
func openBroker(lc fx.Lifecycle, c config.Config, log *slog.Logger) (*natsbus.Bus, error) {
	if c.Events.URL == "" || !c.Has(config.RoleWorker) {
		return nil, nil
	}
	broker, err := natsbus.Open(natsbus.Options{
		Forget: keepConsumed,
		URL:    c.Events.URL.Reveal(), Token: c.Events.Token.Reveal(), Credentials: c.Events.CredentialsFile, Stream: c.Events.Stream, Log: log,
	})
	if err == nil {
		lc.Append(fx.Hook{OnStop: func(context.Context) error { return broker.Close() }})
	}
	return broker, err
}

func newBus(outbox *sqlstore.Outbox, broker *natsbus.Bus, handlers []event.Handler, t tx.Runner, c config.Config, now func() time.Time, log *slog.Logger, traces *tracing.Tracing) (*bus.Bus, error) {
	var publisher message.Publisher
	var subscribers bus.Subscribers
	var away func() <-chan struct{}
	if broker != nil {
		publisher, subscribers, away = broker.Publisher(), broker.Subscriber, broker.Away
	} else {
		inProcess := bus.NewInProcess()
		publisher, subscribers = inProcess, inProcess.Subscriber
	}
	router, err := bus.NewRouter(subscribers, handlers, t, outbox, bus.RouterOptions{Log: log, Around: traces.Around("handle")})
	if err != nil {
		return nil, err
	}
	return bus.New(bus.NewRelay(outbox, publisher, bus.RelayOptions{Lease: c.Events.Lease, Away: away, Now: now, Log: log, Around: traces.Around("publish")}), router), nil
}
