package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/sajin-sns/sajin/ports/identity"
)

const (
	believedFor = time.Hour       // what was discovered; it is used for longer when the provider is away
	healthyFor  = time.Minute     // how long it counts as a sign of life
	pause       = 5 * time.Second // after a discovery that failed: anybody can ask for the next one
)

// endpoints are where a provider is asked for what.
type endpoints struct {
	oauth oauth2.Endpoint
	jwks  string
	keys  *oidc.RemoteKeySet
	asked time.Time // zero: it is in doubt
}

// discover answers where the provider is asked, and finds it out where that is
// not known or older than an age, one caller at a time.
func (p *Provider) discover(ctx context.Context, age time.Duration) (*endpoints, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("oidc: discover %s: %w", p.o.Issuer, ctx.Err())
	}
	now := p.o.Now()
	if p.known != nil && now.Before(p.known.asked.Add(age)) {
		return p.known, nil
	}
	if now.Before(p.retryAt) {
		return p.orElse(p.failed)
	}
	found, err := p.ask(ctx)
	if err != nil {
		if ctx.Err() != nil { // which says nothing of the provider
			return nil, fmt.Errorf("oidc: discover %s: %w", p.o.Issuer, ctx.Err())
		}
		p.failed, p.retryAt = identity.ErrUnavailable.Because(fmt.Errorf("oidc: discover %s: %w", p.o.Issuer, err)), now.Add(pause)
		return p.orElse(p.failed)
	}
	found.asked = now
	if p.known != nil && p.known.jwks == found.jwks {
		found.keys = p.known.keys // with those that it remembers
	}
	p.known, p.failed = found, nil
	return found, nil
}

// Ping implements identity.Provider.
func (p *Provider) Ping(ctx context.Context) error {
	if _, err := p.discover(ctx, healthyFor); err != nil {
		return err
	}
	p.turn <- struct{}{} // nobody holds it for long who does not ask, and that was just done
	defer func() { <-p.turn }()
	return p.failed
}

// doubt has the provider be asked again where an error says that it is away.
func (p *Provider) doubt(err error) {
	if !errors.Is(err, identity.ErrUnavailable) {
		return
	}
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	if p.known != nil {
		again := *p.known
		again.asked = time.Time{}
		p.known = &again
	}
}

// orElse answers what was known before; err, if nothing was.
func (p *Provider) orElse(err error) (*endpoints, error) {
	if p.known != nil {
		return p.known, nil
	}
	return nil, err
}

func (p *Provider) ask(ctx context.Context) (*endpoints, error) {
	provider, err := oidc.NewProvider(p.with(ctx), p.o.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		JWKS    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	at := &endpoints{oauth: provider.Endpoint(), jwks: more.JWKS}
	for _, address := range []string{at.oauth.AuthURL, at.oauth.TokenURL, at.jwks} {
		if err := p.trusted(address); err != nil {
			return nil, err
		}
	}
	at.oauth.AuthStyle = oauth2.AuthStyleInHeader
	if len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		at.oauth.AuthStyle = oauth2.AuthStyleInParams
	}
	at.keys = oidc.NewRemoteKeySet(p.with(context.Background()), at.jwks)
	return at, nil
}

// trusted refuses addresses that are no better protected than the issuer's.
func (p *Provider) trusted(address string) error {
	issuer, err := url.Parse(p.o.Issuer)
	if err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != issuer.Scheme {
		return errors.New("the discovery document lacks an address, or names one that is not https")
	}
	return nil
}
