// Package oidc is identity.Provider for whatever speaks OpenID Connect: the
// authorization code flow with PKCE, and ID tokens that are checked to the last
// claim. It finds the provider's addresses and keys out by itself, when they are
// first needed: a provider that is away stops nothing but signing in with it.
package oidc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"github.com/sajin-sns/sajin/ports/identity"
)

// Google is Google's issuer.
const Google = "https://accounts.google.com"

// Skew is by how much the clocks of the provider and of this server may differ.
const Skew = time.Minute

// Options say which provider it is, and what it knows this server as.
type Options struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	RedirectURL  string   // where browsers come back to, as registered with the provider
	Scopes       []string // openid, email and profile if there are none

	Timeout time.Duration // of one request to the provider; 10 seconds if zero
	Now     func() time.Time

	Around func(http.RoundTripper) http.RoundTripper // stands around what makes the requests; nil: nothing
}

// Provider is one OpenID Connect provider.
type Provider struct {
	o       Options
	client  *http.Client
	turn    chan struct{} // held by who changes what follows
	known   *endpoints    // nil: not discovered yet
	failed  error         // of the last discovery
	retryAt time.Time
}

var _ identity.Provider = (*Provider)(nil)

// New makes a Provider, and asks it nothing yet.
func New(o Options) *Provider {
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"openid", "email", "profile"}
	} else if !slices.Contains(o.Scopes, "openid") {
		o.Scopes = append([]string{"openid"}, o.Scopes...)
	}
	return &Provider{o: o, client: newClient(o.Timeout, o.Around), turn: make(chan struct{}, 1)}
}

// AuthURL implements identity.Provider.
func (p *Provider) AuthURL(ctx context.Context, r identity.Request) (string, error) {
	at, err := p.discover(ctx, believedFor)
	if err != nil {
		return "", err
	}
	params := []oauth2.AuthCodeOption{
		oauth2.SetAuthURLParam("nonce", r.Nonce),
		oauth2.SetAuthURLParam("code_challenge", r.Challenge),
		oauth2.SetAuthURLParam("code_challenge_method", "S256"),
	}
	if r.Fresh {
		params = append(params, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return p.oauth(at).AuthCodeURL(r.State, params...), nil
}

// Exchange implements identity.Provider.
func (p *Provider) Exchange(ctx context.Context, a identity.Answer) (identity.Claims, error) {
	at, err := p.discover(ctx, believedFor)
	if err != nil {
		return identity.Claims{}, err
	}
	said, err := p.exchange(ctx, at, a)
	p.doubt(err)
	return said, err
}

func (p *Provider) exchange(ctx context.Context, at *endpoints, a identity.Answer) (identity.Claims, error) {
	token, err := p.oauth(at).Exchange(p.with(ctx), a.Code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return identity.Claims{}, refusal(ctx, err, identity.ErrCode, "exchange the code")
	}
	text, ok := token.Extra("id_token").(string)
	if !ok || len(text) > maxToken {
		return identity.Claims{}, identity.ErrRefused.Because(fmt.Errorf("oidc: exchange the code: no usable id_token: %w", identity.ErrMalformed))
	}
	return p.verify(p.with(ctx), at, text, a.Nonce)
}

func (p *Provider) oauth(at *endpoints) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: at.oauth,
		RedirectURL: p.o.RedirectURL, Scopes: p.o.Scopes,
	}
}

// refusal sorts an error of a call to the provider: it was away, or what it
// said is why.
func refusal(ctx context.Context, err, why error, attempt string) error {
	if ctx.Err() != nil { // nobody waits for it
		return fmt.Errorf("oidc: %s: %w", attempt, ctx.Err())
	}
	if away, ok := errors.AsType[*unreachable](err); ok {
		return identity.ErrUnavailable.Because(fmt.Errorf("oidc: %s: %w", attempt, away))
	}
	if said, ok := errors.AsType[*oauth2.RetrieveError](err); ok { // its text holds the whole answer
		err = fmt.Errorf("status %d, error %.60q", said.Response.StatusCode, said.ErrorCode)
	}
	return identity.ErrRefused.Because(fmt.Errorf("oidc: %s: %w: %w", attempt, why, err))
}
