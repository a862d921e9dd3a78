package accounts

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/ports/token"
)

// verifiedTokens is how many verified access tokens are remembered at most, about.
const verifiedTokens = 20_000

// Authenticator finds out who holds an access token. It is safe for concurrent
// use, and asks the database seldom: a token's signature is checked once, and a
// session is looked at again after a few seconds.
type Authenticator struct {
	tokens    token.Issuer
	standings *Standings
	now       func() time.Time
	verified  recent[[32]byte, token.Claims]
}

// NewAuthenticator makes one over the standings that the use cases share.
func NewAuthenticator(tokens token.Issuer, standings *Standings, now func() time.Time) *Authenticator {
	return &Authenticator{tokens: tokens, standings: standings, now: now, verified: newRecent[[32]byte, token.Claims](verifiedTokens)}
}

// Authenticate answers whose token it is, with the role that the account has
// now. It fails with token.ErrInvalid or ErrExpired, and with
// accounts.ErrSessionEnded if the session is over or the account was deleted:
// at once if that happened in this process, within seconds otherwise.
func (s *Authenticator) Authenticate(ctx context.Context, text string) (accounts.Actor, error) {
	claims, err := s.claims(text)
	if err != nil {
		return accounts.Actor{}, err
	}
	standing, err := s.standings.of(ctx, claims.Session)
	if err != nil {
		return accounts.Actor{}, err
	}
	if standing.Account != claims.Account || !s.now().Before(standing.ExpiresAt) {
		return accounts.Actor{}, accounts.ErrSessionEnded
	}
	return accounts.Actor{Account: claims.Account, Session: claims.Session, Role: string(standing.Role)}, nil
}

// claims keeps digests, not tokens: a dump of the memory is no way in.
func (s *Authenticator) claims(text string) (token.Claims, error) {
	digest := sha256.Sum256([]byte(text))
	if claims, ok := s.verified.get(digest); ok {
		if !s.now().Before(claims.ExpiresAt) {
			return token.Claims{}, token.ErrExpired
		}
		return claims, nil
	}
	claims, err := s.tokens.Verify(text)
	if err == nil {
		s.verified.put(digest, claims)
	}
	return claims, err
}
