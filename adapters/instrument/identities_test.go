package instrument_test

import (
	"context"
	"errors"
	"testing"

	"github.com/sajin-sns/sajin/adapters/instrument"
	"github.com/sajin-sns/sajin/ports/identity"
)

// liar is an identity provider that is there and refuses everybody.
type liar struct{}

func (liar) AuthURL(context.Context, identity.Request) (string, error) {
	return "https://liar.test", nil
}

func (liar) Exchange(context.Context, identity.Answer) (identity.Claims, error) {
	return identity.Claims{Subject: "x"}, identity.ErrRefused.Because(identity.ErrNonce)
}
func (liar) Ping(context.Context) error { return nil }

func TestIdentities(t *testing.T) {
	seen := &told{}
	p := instrument.Identities("google", liar{}, seen.around)
	if link, err := p.AuthURL(t.Context(), identity.Request{}); link != "https://liar.test" || err != nil {
		t.Error(link, err)
	}
	seen.want(t, "google start")
	if said, err := p.Exchange(t.Context(), identity.Answer{}); said.Subject != "x" || !errors.Is(err, identity.ErrNonce) || !errors.Is(seen.last, identity.ErrNonce) {
		t.Error(said, err)
	}
	seen.want(t, "google exchange")
	if err := p.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	seen.want(t)
}
