package sandboxpay

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
)

// Controls make the sandbox misbehave as real providers do, for tests.
type Controls struct {
	p *Provider

	mu        sync.Mutex
	lose      int
	duplicate int
	lostStart int
	away      bool
}

// Controls are those of this sandbox.
func (p *Provider) Controls() *Controls { return &p.controls }

// Outcome plays an attempt to pay (Succeeded, Failed, Pending) of which no
// webhook tells.
func (c *Controls) Outcome(ctx context.Context, ref, outcome string) error {
	_, err := c.p.change(ctx, ref, func(r *record) error { return r.attempt(outcome) })
	return err
}

// Status makes the book say what no customer could bring about.
func (c *Controls) Status(ctx context.Context, ref string, status wallet.PaymentStatus) error {
	_, err := c.p.change(ctx, ref, func(r *record) error { r.Status = status; return nil })
	return err
}

// Amount makes the book say another amount than was ordered.
func (c *Controls) Amount(ctx context.Context, ref string, amount money.Amount) error {
	_, err := c.p.change(ctx, ref, func(r *record) error { r.Amount, r.Currency = amount.Minor, amount.Currency; return nil })
	return err
}

// Reference makes the book say that the payment is somebody else's.
func (c *Controls) Reference(ctx context.Context, ref, reference string) error {
	_, err := c.p.change(ctx, ref, func(r *record) error { r.Reference = reference; return nil })
	return err
}

// Webhook is the message about where a payment stands, signed as of a time,
// for a test to deliver as often and as late as it likes.
func (c *Controls) Webhook(ctx context.Context, ref string, at time.Time) (http.Header, []byte, error) {
	r, _, err := c.p.load(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	m, err := c.p.message(r)
	return m.header(c.p.key, at), m.body, err
}

// Sign makes a message of the sandbox out of any body.
func (c *Controls) Sign(id string, body []byte, at time.Time) http.Header {
	return message{id: id, body: body}.header(c.p.key, at)
}

// LoseWebhooks loses the next n webhooks that Pay would deliver.
func (c *Controls) LoseWebhooks(n int) { c.set(func() { c.lose = n }) }

// DuplicateWebhooks delivers the next n of them twice.
func (c *Controls) DuplicateWebhooks(n int) { c.set(func() { c.duplicate = n }) }

// LoseAnswers does what the next n calls of Start ask for, and does not say so.
func (c *Controls) LoseAnswers(n int) { c.set(func() { c.lostStart = n }) }

// Away makes the sandbox unreachable, or reachable again.
func (c *Controls) Away(away bool) { c.set(func() { c.away = away }) }

func (c *Controls) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// copies is how often the next webhook is to be delivered.
func (c *Controls) copies() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.lose > 0:
		c.lose--
		return 0
	case c.duplicate > 0:
		c.duplicate--
		return 2
	}
	return 1
}

func (c *Controls) answerLost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lostStart == 0 {
		return false
	}
	c.lostStart--
	return true
}

func (c *Controls) isAway() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.away
}
