// Package sandboxpay is a payment provider that takes no money, for trying
// sajin out and for tests. Everything else is as with a real one: it keeps its
// own book, sends signed webhooks over HTTP, and customers pay at a URL of its
// own, where one request plays both the customer and the provider.
//
// It knows nothing of top-ups or wallets.
package sandboxpay

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
)

// ID is the provider's name.
const ID = "sandbox"

// PayPath is where on this server customers pay, before the token.
const PayPath = "/v1/sandbox/payments/"

const webhookPath = "/v1/webhooks/" + ID

// Options are what the sandbox needs to know. Only PublicURL and WebhookSecret
// have no default.
type Options struct {
	PublicURL     string          // of this server; pay_url is made of it
	WebhookURL    string          // where webhooks go, if PublicURL cannot be reached from inside
	WebhookSecret string          // whsec_ and base64, or any text; the same in every process
	Late          time.Duration   // how late a late webhook is; 3 s
	Backoff       []time.Duration // pauses before a webhook is tried again; 1 s to 10 min
	Client        *http.Client    // sends webhooks; one with a timeout of 10 s
	Now           func() time.Time
	Random        io.Reader
	Log           *slog.Logger
}

// Provider is the sandbox.
type Provider struct {
	book     Book
	payURL   string
	key      []byte
	late     time.Duration
	now      func() time.Time
	random   io.Reader
	courier  *courier
	controls Controls
}

var _ payment.Provider = (*Provider)(nil)

// New makes the sandbox. It refuses an empty secret, with which anybody could
// sign webhooks.
func New(book Book, o Options) (*Provider, error) {
	key, err := signingKey(o.WebhookSecret)
	if err != nil {
		return nil, err
	}
	public, err := url.Parse(o.PublicURL)
	if err != nil || public.Host == "" || public.Scheme != "http" && public.Scheme != "https" {
		return nil, errors.New("sandbox: the public URL must be an absolute one, of http or https")
	}
	base := strings.TrimRight(o.PublicURL, "/")
	if o.WebhookURL == "" {
		o.WebhookURL = base + webhookPath
	}
	if o.Late <= 0 {
		o.Late = 3 * time.Second
	}
	if o.Backoff == nil {
		o.Backoff = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Provider{book: book, payURL: base + PayPath, key: key, late: o.Late, now: o.Now, random: o.Random}
	p.controls.p = p
	p.courier = newCourier(o, key, &p.controls)
	return p, nil
}

// Close ends the deliveries that still wait. Their webhooks are lost, as those
// of a real provider may be.
func (p *Provider) Close() error {
	p.courier.close()
	return nil
}

// ID implements payment.Provider.
func (p *Provider) ID() string { return ID }

// Accepts implements payment.Provider: any money, of up to eight digits.
func (p *Provider) Accepts(price money.Amount) bool {
	return price.Currency.Known() && price.Minor > 0 && price.Minor <= 99_999_999
}

// Start implements payment.Provider.
func (p *Provider) Start(ctx context.Context, order payment.Order) (payment.Started, error) {
	if err := p.reachable(ctx); err != nil {
		return payment.Started{}, err
	}
	if order.Reference == "" || !p.Accepts(order.Price) {
		return payment.Started{}, fmt.Errorf("sandbox: %w: a reference and a price in a known currency are needed", payment.ErrInvalid)
	}
	r, err := p.open(ctx, order)
	if err != nil {
		return payment.Started{}, err
	}
	if r.amount() != order.Price {
		return payment.Started{}, fmt.Errorf("sandbox: %w: %s was started with another price", payment.ErrInvalid, order.Reference)
	}
	if p.controls.answerLost() {
		return payment.Started{}, fmt.Errorf("sandbox: %w: the answer is lost", payment.ErrUnknownOutcome)
	}
	return payment.Started{Ref: r.Ref, Client: map[string]string{"pay_url": p.payURL + token(r)}}, nil
}

// open finds or makes the payment of an order. The ref follows from the
// reference, so that the book cannot hold two for one.
func (p *Provider) open(ctx context.Context, order payment.Order) (record, error) {
	ref := refOf(order.Reference)
	secret := make([]byte, 16)
	if _, err := io.ReadFull(p.random, secret); err != nil {
		return record{}, fmt.Errorf("sandbox: %w: no randomness: %w", payment.ErrUnavailable, err)
	}
	made := record{
		Ref: ref, Reference: order.Reference, Secret: hex.EncodeToString(secret), Title: order.Title,
		Amount: order.Price.Minor, Currency: order.Price.Currency, Status: wallet.PaymentAwaiting,
		CreatedAt: p.now().UTC(), ExpiresAt: order.ExpiresAt.UTC(),
	}
	return p.insert(ctx, made)
}

func refOf(reference string) string {
	digest := sha256.Sum256([]byte(reference))
	return "sbx_" + hex.EncodeToString(digest[:12])
}

// Get implements payment.Provider.
func (p *Provider) Get(ctx context.Context, ref, reference string) (wallet.Payment, error) {
	if err := p.reachable(ctx); err != nil {
		return wallet.Payment{}, err
	}
	if ref == "" {
		ref = refOf(reference)
	}
	r, _, err := p.load(ctx, ref)
	if err != nil {
		return wallet.Payment{}, err
	}
	return r.payment(), nil
}

// Cancel implements payment.Provider.
func (p *Provider) Cancel(ctx context.Context, ref string) error {
	if err := p.reachable(ctx); err != nil {
		return err
	}
	_, err := p.change(ctx, ref, func(r *record) error {
		switch r.Status {
		case wallet.PaymentPaid:
			return fmt.Errorf("sandbox: %w", payment.ErrAlreadyPaid)
		case wallet.PaymentProcessing:
			return fmt.Errorf("sandbox: %w", payment.ErrProcessing)
		default:
			r.Status, r.Failure = wallet.PaymentCanceled, ""
			return nil
		}
	})
	return err
}

func (p *Provider) reachable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sandbox: %w: %w", payment.ErrUnavailable, err)
	}
	if p.controls.isAway() {
		return fmt.Errorf("sandbox: %w: it is away", payment.ErrUnavailable)
	}
	return nil
}
