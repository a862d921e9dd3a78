package instrument

import (
	"context"

	"github.com/sajin-sns/sajin/ports/identity"
)

// Identities stands around an identity provider; the labels are its name and the
// operation. To be asked how it is counts as no call.
func Identities(name string, p identity.Provider, around ...Around) identity.Provider {
	if len(around) == 0 {
		return p
	}
	return &identities{p, name, all(around)}
}

type identities struct {
	identity.Provider
	name   string
	around Around
}

func (p *identities) AuthURL(ctx context.Context, r identity.Request) (string, error) {
	return call(ctx, p.around, func(ctx context.Context) (string, error) { return p.Provider.AuthURL(ctx, r) }, p.name, "start")
}

func (p *identities) Exchange(ctx context.Context, a identity.Answer) (identity.Claims, error) {
	return call(ctx, p.around, func(ctx context.Context) (identity.Claims, error) { return p.Provider.Exchange(ctx, a) }, p.name, "exchange")
}
