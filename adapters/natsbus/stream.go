package natsbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sajin-sns/sajin/ports/health"
)

const (
	sameMessage = 10 * time.Minute // within which one that is published twice is kept once
	mostPending = 256              // messages of a queue that are being worked on or were refused
)

func (b *Bus) subject(topic string) string { return b.o.Stream + "." + topic }

// stream finds the stream, and makes it if there is none. One that is there is
// left as an operator may have made it: with replicas, or kept for longer.
func (b *Bus) stream(ctx context.Context) error {
	s, err := b.js.Stream(ctx, b.o.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = b.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: b.o.Stream, Description: "events of sajin on their way; its database has them all",
			Subjects: []string{b.subject(">")}, Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage,
			MaxAge: b.o.Keep, Duplicates: min(sameMessage, b.o.Keep),
		})
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another process was faster
			s, err = b.js.Stream(ctx, b.o.Stream)
		}
	}
	if err != nil {
		return fmt.Errorf("stream %q: %w", b.o.Stream, err)
	}
	return b.suits(s.CachedInfo().Config)
}

// suits holds a stream that somebody else has made to what is needed of it.
func (b *Bus) suits(c jetstream.StreamConfig) error {
	var wrong string
	switch {
	case !slices.Contains(c.Subjects, b.subject(">")):
		wrong = fmt.Sprintf("it does not take the subjects %s", b.subject(">"))
	case c.Retention != jetstream.LimitsPolicy:
		wrong = "it drops messages that one consumer has done with, which others may not have: its retention must be limits"
	case c.Sealed || c.Mirror != nil:
		wrong = "nothing can be published to it"
	case c.MaxAge <= 0 || c.MaxAge >= b.o.Forget:
		wrong = fmt.Sprintf("it keeps messages for longer than the database remembers that they were handled: its age must be below %s", b.o.Forget)
	default:
		return nil
	}
	return &health.Problem{
		Remedy: "name another stream in events.stream, or delete this one: it is made anew",
		Err:    fmt.Errorf("stream %q: %s", b.o.Stream, wrong),
	}
}

// queue is what one consumer has not done yet of a topic. It begins with
// everything that the stream keeps: a queue that the broker has lost must not
// pass over what was published before it is made anew, and what was done is
// known to the database.
func (b *Bus) queue(ctx context.Context, consumer, topic string) (jetstream.Consumer, error) {
	q, err := b.makeQueue(ctx, consumer, topic)
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trouble = err
	return q, err
}

func (b *Bus) makeQueue(ctx context.Context, consumer, topic string) (jetstream.Consumer, error) {
	if err := b.stream(ctx); err != nil {
		return nil, err
	}
	name := queueName(consumer, topic)
	q, err := b.js.CreateOrUpdateConsumer(ctx, b.o.Stream, jetstream.ConsumerConfig{
		Durable: name, Description: consumer + " of " + topic, FilterSubject: b.subject(topic),
		DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckExplicitPolicy, AckWait: b.o.AckWait,
		MaxDeliver: -1, MaxAckPending: mostPending,
	})
	if err != nil {
		return nil, fmt.Errorf("queue %q: %w", name, err)
	}
	return q, nil
}

// queueName keeps to what a name may hold: no dots.
func queueName(consumer, topic string) string {
	return strings.NewReplacer(".", "_", " ", "_", "*", "_", ">", "_", "/", "_", `\`, "_").Replace(consumer + " " + topic)
}
