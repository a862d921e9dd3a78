// Package bus carries events from the outbox to their consumers. A Relay takes
// them from the outbox to a Watermill publisher, a Router from a Watermill
// subscriber to the handlers. Which publisher and subscriber that are is for
// configuration to say: InProcess for one process at a time, a broker for many.
//
// The bus keeps nothing: an event is in the outbox until it was published, and
// whether it was handled is written down in the transaction that handles it.
package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
)

// Outbox is where a Relay finds events. Many relays may share one.
type Outbox interface {
	// Claim takes due events, the oldest first, but those of some topics;
	// nobody else is given them until a time.
	Claim(ctx context.Context, limit int, until time.Time, except []string) ([]event.Envelope, error)

	// Keep moves the time until which nobody else is given claimed events.
	Keep(ctx context.Context, events []event.Envelope, until time.Time) error

	// Sent takes published events off. If one was taken off before and sent
	// again since, that is another delivery, which stays.
	Sent(ctx context.Context, events ...event.Envelope) error

	// Delay puts an event that could not be published back, for as long as
	// pause answers to how often that was tried; not another delivery of it.
	Delay(ctx context.Context, e event.Envelope, pause func(attempts int) time.Duration, why string) error

	// Wake receives after this process has committed an event.
	Wake() <-chan struct{}
}

// Inbox is where a Router writes down what was handled.
type Inbox interface {
	// Consume records, in ctx's transaction, that a consumer is done with
	// events, and answers those that it was not done with before. It waits for
	// another transaction that is about to record the same.
	Consume(ctx context.Context, consumer string, ids ...ident.EventID) (fresh []ident.EventID, err error)

	// Park sets an event aside that a consumer could not handle, and records
	// that the consumer is done with it.
	Park(ctx context.Context, consumer string, e event.Envelope, cause string) error
}

// Bus is a Relay and a Router that start and stop in the order in which nothing
// is lost: an event must not be published before its consumers listen, nor
// after they have stopped.
type Bus struct {
	relay  *Relay
	router *Router
}

// New makes a bus of its two halves.
func New(relay *Relay, router *Router) *Bus { return &Bus{relay, router} }

// Start returns when events are being delivered. ctx bounds the start alone.
func (b *Bus) Start(ctx context.Context) error {
	if err := b.router.Start(ctx); err != nil {
		return err
	}
	return b.relay.Start(ctx)
}

// Stop takes no more events, gives the handlers that run a moment, and then
// ends them. What they were about stays in the outbox. It returns when ctx
// ends, at the latest.
func (b *Bus) Stop(ctx context.Context) error {
	drained := b.relay.Stop(ctx)
	err := b.router.Stop(ctx)
	if drained == nil {
		return err
	}
	return errors.Join(err, b.relay.wait(ctx)) // without consumers, what was being published fails
}

// Around is told of a piece of work before it is done, and by the function that
// it answers, of how it ended. The context is for the work.
type Around func(ctx context.Context, labels ...string) (context.Context, func(err error))

func untold(ctx context.Context, _ ...string) (context.Context, func(error)) {
	return ctx, func(error) {}
}

// Stats is what both halves have done since the start.
func (b *Bus) Stats() (RelayStats, []ConsumerStats) { return b.relay.Stats(), b.router.Stats() }

// What a message says of its event beside the payload. Its own id is that of the
// delivery: a broker that drops what it had before must not drop what an
// operator sends again.
const (
	metaEvent      = "event_id"
	metaTrace      = "trace_id"
	metaOccurredAt = "occurred_at"
)

// encode makes the message of an event.
func encode(e event.Envelope) *message.Message {
	m := message.NewMessage(e.Delivery.String(), message.Payload(e.Payload))
	m.Metadata.Set(metaEvent, e.ID.String())
	m.Metadata.Set(metaTrace, e.TraceID)
	m.Metadata.Set(metaOccurredAt, e.OccurredAt.UTC().Format(time.RFC3339Nano))
	return m
}

// decode reads the event of a message.
func decode(topic string, m *message.Message) (event.Envelope, error) {
	delivery, err := ident.Parse[ident.EventID](m.UUID)
	if err != nil {
		return event.Envelope{}, fmt.Errorf("id of message %q: %w", m.UUID, err)
	}
	id, err := ident.Parse[ident.EventID](m.Metadata.Get(metaEvent))
	if err != nil {
		return event.Envelope{}, fmt.Errorf("%s of message %s: %w", metaEvent, m.UUID, err)
	}
	at, err := time.Parse(time.RFC3339Nano, m.Metadata.Get(metaOccurredAt))
	if err != nil {
		return event.Envelope{}, fmt.Errorf("%s of message %s: %w", metaOccurredAt, m.UUID, err)
	}
	return event.Envelope{
		ID: id, Topic: topic, OccurredAt: at, TraceID: m.Metadata.Get(metaTrace), Payload: m.Payload, Delivery: delivery,
	}, nil
}

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
