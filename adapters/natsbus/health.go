package natsbus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sajin-sns/sajin/ports/health"
)

// Check answers nil when events can be published and consumed now, and
// otherwise mostly a *health.Problem. It makes nothing.
func (b *Bus) Check(ctx context.Context) error {
	if _, lost := b.state(); lost != nil {
		return b.explain(lost)
	}
	ctx, cancel := context.WithTimeout(ctx, b.o.Patience)
	defer cancel()
	s, err := b.js.Stream(ctx, b.o.Stream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound): // it is made by who subscribes
		b.mu.Lock()
		err = b.trouble
		b.mu.Unlock()
	case err == nil:
		err = b.suits(s.CachedInfo().Config)
	}
	return b.explain(err)
}

// explain adds what can be done about an error, where that is known.
func (b *Bus) explain(err error) error {
	var remedy string
	_, explained := errors.AsType[*health.Problem](err)
	switch {
	case err == nil || explained:
		return err
	case refused(err):
		remedy = "correct the user and password in events.url, or events.token or events.credentials_file"
		err = fmt.Errorf("the event broker does not let us in: %w", err)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount),
		errors.Is(err, nats.ErrNoStreamResponse), errors.Is(err, nats.ErrNoResponders):
		remedy = "start the broker with JetStream (nats-server --jetstream --store_dir ...), and enable it for the account"
		err = fmt.Errorf("the event broker has no JetStream: %w", err)
	case !b.conn.IsConnected():
		remedy = "start the event broker, or correct events.url; events wait in the database until it is there"
		err = fmt.Errorf("no connection to the event broker: %w", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		remedy = "look at the broker: it accepts connections and does not answer"
		err = fmt.Errorf("the event broker does not answer: %w", err)
	default:
		return err
	}
	return &health.Problem{Remedy: remedy, Err: err}
}

func refused(err error) bool {
	for _, known := range []error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired, nats.ErrPermissionViolation} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
