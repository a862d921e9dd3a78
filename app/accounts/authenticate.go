package accounts

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/ports/token"
)

const (
	verifiedTokens = 20_000      // verified access tokens are remembered at most, about
	verifiedFor    = time.Minute // until a signature is checked again
)

// Authenticator finds out who holds an access token. It is safe for concurrent
// use, and asks the database seldom: a token's signature is checked once a
// minute, and a session is looked at again after a few seconds.
type Authenticator struct {
	tokens    token.Issuer
	standings *Standings
	now       func() time.Time
	verified  recent[[32]byte, verified]
}

// verified is what a token was found to say, and when.
type verified struct {
	token.Claims
	at time.Time
}

// NewAuthenticator makes one over the standings that the use cases share.
func NewAuthenticator(tokens token.Issuer, standings *Standings, now func() time.Time) *Authenticator {
	return &Authenticator{tokens: tokens, standings: standings, now: now, verified: newRecent[[32]byte, verified](verifiedTokens)}
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

// claims keeps digests, not tokens: a dump of the memory is no way in. What was
// verified is not believed for long: a key that was stolen and is taken out of
// use must not go on opening doors for as long as its tokens say.
func (s *Authenticator) claims(text string) (token.Claims, error) {
	digest, now := sha256.Sum256([]byte(text)), s.now()
	if known, ok := s.verified.get(digest); ok && now.Sub(known.at) < verifiedFor {
		if !now.Before(known.ExpiresAt) {
			return token.Claims{}, token.ErrExpired
		}
		return known.Claims, nil
	}
	claims, err := s.tokens.Verify(text)
	if err != nil {
		s.verified.remove(digest)
		return token.Claims{}, err
	}
	s.verified.put(digest, verified{claims, now})
	return claims, nil
}
