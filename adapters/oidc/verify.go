package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/sajin-sns/sajin/ports/identity"
)

// algorithms are those with a public key. With the others, and with none at
// all, whoever can read the keys of the issuer could sign.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512,
	oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
}

// claims are those of an ID token that matter here.
type claims struct {
	Party         string   `json:"azp"`
	Expiry        *seconds `json:"exp"`
	IssuedAt      *seconds `json:"iat"`
	NotBefore     *seconds `json:"nbf"`
	AuthTime      *seconds `json:"auth_time"`
	Email         string   `json:"email"`
	EmailVerified truth    `json:"email_verified"`
	Name          string   `json:"name"`
}

// verify answers what a token says that holds.
//
// The library checks form and signature. The rest is checked here: it would
// pass over iat, allow five minutes to nbf, and not tell one refusal from
// another.
func (p *Provider) verify(ctx context.Context, at *endpoints, text, nonce string) (identity.Claims, error) {
	keys := &remembering{KeySet: at.keys}
	token, err := oidc.NewVerifier(p.o.Issuer, keys, &oidc.Config{
		SupportedSigningAlgs: algorithms, SkipClientIDCheck: true, SkipIssuerCheck: true, SkipExpiryCheck: true,
	}).Verify(ctx, text)
	if keys.err != nil {
		return identity.Claims{}, refusal(ctx, keys.err, identity.ErrSignature, "check the token")
	}
	if err != nil {
		return identity.Claims{}, refusal(ctx, err, identity.ErrMalformed, "read the token")
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return identity.Claims{}, refusal(ctx, err, identity.ErrMalformed, "read the token")
	}
	if why := p.check(token, c, nonce); why != nil {
		return identity.Claims{}, identity.ErrRefused.Because(fmt.Errorf("oidc: check the token: %w", why))
	}
	said := identity.Claims{
		Issuer: p.o.Issuer, Subject: token.Subject, Email: c.Email, EmailVerified: bool(c.EmailVerified), Name: c.Name,
	}
	if c.AuthTime != nil {
		said.AuthTime = time.Time(*c.AuthTime)
	}
	return said, nil
}

func (p *Provider) check(token *oidc.IDToken, c claims, nonce string) error {
	now := p.o.Now()
	switch {
	case !p.issued(token.Issuer):
		return fmt.Errorf("%w: %.200q", identity.ErrIssuer, token.Issuer)
	case !slices.Contains(token.Audience, p.o.ClientID), // and, where it is for several, to whom it was given:
		c.Party != "" && c.Party != p.o.ClientID, c.Party == "" && len(token.Audience) > 1:
		return identity.ErrAudience
	case nonce == "" || subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) == 0:
		return identity.ErrNonce
	case token.Subject == "" || len(token.Subject) > 255 || c.Expiry == nil || c.IssuedAt == nil:
		return fmt.Errorf("%w: the token lacks sub, exp or iat", identity.ErrMalformed)
	case strings.ContainsFunc(token.Subject, nameless):
		return fmt.Errorf("%w: the sub has characters that no name has", identity.ErrMalformed)
	case !now.Before(c.Expiry.time().Add(Skew)):
		return fmt.Errorf("%w at %s", identity.ErrExpired, c.Expiry.time())
	case c.IssuedAt.time().After(now.Add(Skew)), c.NotBefore != nil && c.NotBefore.time().After(now.Add(Skew)),
		c.AuthTime != nil && c.AuthTime.time().After(now.Add(Skew)):
		return fmt.Errorf("%w: issued at %s", identity.ErrClock, c.IssuedAt.time())
	}
	return nil
}

// nameless finds what is kept by no database as it is, or was not UTF-8.
func nameless(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }

// issued tells whether the issuer of a token is the configured one. Google says
// of itself that it may leave the scheme out.
func (p *Provider) issued(by string) bool {
	return by == p.o.Issuer || p.o.Issuer == Google && by == "accounts.google.com"
}

// remembering keeps the error of a key set, of which the library keeps the text.
type remembering struct {
	oidc.KeySet
	err error
}

func (k *remembering) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	k.err = err
	return payload, err
}

// seconds is a time as tokens have it; some providers send fractions.
type seconds time.Time

func (s *seconds) time() time.Time { return time.Time(*s) }

func (s *seconds) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || n < 0 || n > 1<<40 {
		return errors.New("not a time in seconds")
	}
	*s = seconds(time.Unix(int64(n), 0).UTC())
	return nil
}

// truth is a boolean, which some providers send as text.
type truth bool

func (t *truth) UnmarshalJSON(text []byte) error {
	*t = string(text) == `true` || string(text) == `"true"`
	return nil
}
