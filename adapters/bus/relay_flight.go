package bus

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/sajin-sns/sajin/ports/backoff"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/trace"
)

// publish sees an event through, also when the relay is told to stop.
func (r *Relay) publish(e event.Envelope) {
	_, end := r.o.Around(trace.With(context.Background(), e.TraceID), e.Topic, e.ID.String())
	err := r.try(e)
	failpoint.Hit("bus.event.published")
	end(err)
	defer r.land(e)
	ctx, cancel := r.leased(e)
	defer cancel()
	if err == nil {
		r.published.Add(1)
		if err := r.sent.do(e); err != nil {
			r.log(e).ErrorContext(ctx, "a published event cannot be taken off the outbox, and will be published again", "error", err)
		}
		return
	}
	r.failed.Add(1)
	r.log(e).WarnContext(ctx, "an event cannot be published", "error", err)
	pause := func(attempts int) time.Duration { return backoff.Pause(r.o.Pause, r.o.MaxPause, attempts) }
	if err := r.outbox.Delay(ctx, e, pause, err.Error()); err != nil {
		r.log(e).ErrorContext(ctx, "an event cannot be put back, and will be published when its lease ends", "error", err)
	}
}

func (r *Relay) log(e event.Envelope) *slog.Logger {
	return r.o.Log.With("event", e.ID.String(), "topic", e.Topic)
}

// leased is a context for what is done about a claimed event.
func (r *Relay) leased(e event.Envelope) (context.Context, context.CancelFunc) {
	return context.WithTimeout(trace.With(context.Background(), e.TraceID), r.o.Lease)
}

func (r *Relay) takeOff(events []event.Envelope) error {
	ctx, cancel := r.leased(events[0])
	defer cancel()
	return r.outbox.Sent(ctx, events...)
}

func (r *Relay) try(e event.Envelope) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return r.publisher.Publish(e.Topic, encode(e))
}

// room is how many more events may be published now, and which topics have
// their share.
func (r *Relay) room(share int) (free int, full []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := map[string]int{}
	for _, e := range r.flights {
		if count[e.Topic]++; count[e.Topic] == share {
			full = append(full, e.Topic)
		}
	}
	slices.Sort(full)
	return r.o.Concurrency - len(r.flights), full
}

func (r *Relay) depart(e event.Envelope) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flights[e.Delivery] = e
}

func (r *Relay) land(e event.Envelope) {
	r.mu.Lock()
	delete(r.flights, e.Delivery)
	r.mu.Unlock()
	select {
	case r.freed <- struct{}{}:
	default:
	}
}

// keep holds on to what takes long to publish.
func (r *Relay) keep(ctx context.Context) {
	r.mu.Lock()
	events := slices.Collect(maps.Values(r.flights))
	r.mu.Unlock()
	if len(events) == 0 {
		return
	}
	if err := r.outbox.Keep(ctx, events, r.o.Now().Add(r.o.Lease)); err != nil && ctx.Err() == nil {
		r.o.Log.ErrorContext(ctx, "events being published cannot be kept", "error", err)
	}
}
