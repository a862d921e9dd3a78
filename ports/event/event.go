// Package event is how modules tell each other what happened. An event is
// written down in the transaction that made it so, and reaches every consumer
// at least once, in no particular order; consumers make that exactly once.
package event

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
)

// Envelope is an event on its way.
type Envelope struct {
	ID         ident.EventID
	Topic      string // "content.post.published.v1"
	OccurredAt time.Time
	TraceID    string // of the request that caused it
	Payload    []byte // JSON

	// Delivery tells the sendings of an event apart: it is the ID at first, and
	// another one when an operator sends the event again.
	Delivery ident.EventID
}

// Payload is the versioned body of an event. Its JSON is a contract: a version
// only ever gains optional members, anything else is a new version.
type Payload interface {
	Topic() string
}

// Outbox takes events in.
type Outbox interface {
	// Append writes the domain events down in the transaction that ctx carries.
	// It fails, and so must the transaction, for an event that the catalog
	// does not know.
	Append(ctx context.Context, events ...any) error
}

// Handler is one consumer of one topic.
type Handler struct {
	Consumer string // "subscriptions.fan-out": names the consumer for good
	Topic    string

	// Handle does the consumer's work, in a transaction that also records that
	// it was done: an event that was handled before does not get here. It
	// touches stores only. When it fails it is tried again with growing pauses,
	// and in the end parked.
	Handle func(ctx context.Context, e Envelope) error

	// HandleAll takes the place of Handle where there is one. It is given events
	// that came at the same time, no two of them the same, in one such
	// transaction; when it fails, each of them comes again alone.
	HandleAll func(ctx context.Context, events []Envelope) error
}

// On makes a handler out of a function that takes the payload as its type.
func On[P Payload](consumer string, handle func(ctx context.Context, e Envelope, p P) error) Handler {
	var zero P
	return Handler{
		Consumer: consumer,
		Topic:    zero.Topic(),
		Handle: func(ctx context.Context, e Envelope) error {
			p, err := read[P](e)
			if err != nil {
				return err
			}
			return handle(ctx, e, p)
		},
	}
}

// OnAll makes a handler out of a function that takes several events at once, the
// payload of each at its place. It should ask the database little more for many
// than for one, and must lock rows in an order that is the same for everybody.
// The context is of the first event.
func OnAll[P Payload](consumer string, handle func(ctx context.Context, events []Envelope, all []P) error) Handler {
	var zero P
	several := func(ctx context.Context, events []Envelope) error {
		all := make([]P, len(events))
		for i, e := range events {
			var err error
			if all[i], err = read[P](e); err != nil {
				return err
			}
		}
		return handle(ctx, events, all)
	}
	return Handler{Consumer: consumer, Topic: zero.Topic(), HandleAll: several}
}

func read[P Payload](e Envelope) (p P, err error) {
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return p, fmt.Errorf("payload of %s %s: %w", e.Topic, e.ID, err)
	}
	return p, nil
}
