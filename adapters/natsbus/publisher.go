package natsbus

import (
	"context"
	"errors"
	"fmt"

	waternats "github.com/ThreeDotsLabs/watermill-nats/v2/pkg/nats"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
)

// publisher answers success when JetStream has said that it has the message,
// or had it before. What that is worth is for the broker's settings to say.
type publisher struct{ *Bus }

func newPublisher(b *Bus) (*waternats.Publisher, error) {
	return waternats.NewPublisherWithNatsConn(b.conn, waternats.PublisherPublishConfig{
		Marshaler: &waternats.NATSMarshaler{}, SubjectCalculator: waternats.DefaultSubjectCalculator,
		JetStream: waternats.JetStreamConfig{
			TrackMsgId:     true, // Nats-Msg-Id is the id of the message
			ConnectOptions: []nats.JSOpt{nats.MaxWait(b.o.Patience)},
			PublishOptions: []nats.PubOpt{nats.ExpectStream(b.o.Stream)},
		},
	}, nil)
}

// Publish fails at once without a connection. A stream that is missing is made.
func (p publisher) Publish(topic string, messages ...*message.Message) error {
	if _, lost := p.state(); lost != nil {
		return p.explain(lost)
	}
	err := p.pub.Publish(p.subject(topic), messages...)
	if errors.Is(err, nats.ErrNoStreamResponse) {
		ctx, cancel := context.WithTimeout(context.Background(), p.o.Patience)
		defer cancel()
		if err = p.stream(ctx); err == nil {
			err = p.pub.Publish(p.subject(topic), messages...)
		}
	}
	if err != nil {
		return fmt.Errorf("publish to %s: %w", p.subject(topic), p.explain(err))
	}
	return nil
}

// Close does nothing: the connection is the bus's.
func (publisher) Close() error { return nil }
