package instrument

import (
	"context"
	"net/http"
	"time"

	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
)

// Provider stands around a payment provider; the labels are its name and the
// operation. It offers payment.Provider alone: whoever needs more of a provider
// asks the one within.
func Provider(p payment.Provider, around ...Around) payment.Provider {
	if len(around) == 0 {
		return p
	}
	return &provider{p, all(around)}
}

type provider struct {
	payment.Provider
	around Around
}

func (p *provider) Start(ctx context.Context, order payment.Order) (payment.Started, error) {
	return call(ctx, p.around, func(ctx context.Context) (payment.Started, error) { return p.Provider.Start(ctx, order) }, p.ID(), "start")
}

func (p *provider) Get(ctx context.Context, ref, reference string) (wallet.Payment, error) {
	return call(ctx, p.around, func(ctx context.Context) (wallet.Payment, error) { return p.Provider.Get(ctx, ref, reference) }, p.ID(), "get")
}

func (p *provider) Cancel(ctx context.Context, ref string) error {
	ctx, end := p.around(ctx, p.ID(), "cancel")
	err := p.Provider.Cancel(ctx, ref)
	end(err)
	return err
}

// Parse is no call, but tells who sends webhooks that do not hold.
func (p *provider) Parse(header http.Header, body []byte, now time.Time) ([]payment.Hint, error) {
	_, end := p.around(context.Background(), p.ID(), "parse_webhook")
	hints, err := p.Provider.Parse(header, body, now)
	end(err)
	return hints, err
}
