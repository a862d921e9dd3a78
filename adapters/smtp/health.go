package smtp

import (
	"context"
	"time"

	port "github.com/sajin-sns/sajin/ports/health"
)

// How long what was found out about the server is believed: a mail server is
// not called each time that a load balancer looks.
const (
	wellFor = time.Minute
	illFor  = 15 * time.Second
)

// health is what was found out last.
type health struct {
	asking chan struct{} // holds one who asks
	at     time.Time
	err    error
}

func newHealth() health { return health{asking: make(chan struct{}, 1)} }

// Ready tells whether the server answers and lets us in, for a health.Check. It
// calls the server once a minute, or more often while it does not answer.
func (s *Sender) Ready(ctx context.Context) error {
	select {
	case s.health.asking <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.health.asking }()
	now, believed := s.o.Now(), wellFor
	if s.health.err != nil {
		believed = illFor
	}
	if age := now.Sub(s.health.at); age >= 0 && age < believed {
		return s.health.err
	}
	err := s.look(ctx)
	if ctx.Err() != nil && err != nil {
		return err // nothing was found out
	}
	s.health.at, s.health.err = now, err
	return err
}

func (s *Sender) look(ctx context.Context) error {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	_, hangUp, err := s.call(ctx)
	if err != nil {
		return &port.Problem{Remedy: "correct mail.url, or see to the mail server at " + s.address + "; mail waits until then", Err: err}
	}
	hangUp()
	return nil
}
