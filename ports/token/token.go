// Package token is about access tokens: short-lived proofs of who is calling,
// that any server with the same keys can check without asking a database.
// Whether the session has been ended since is for the caller to find out.
package token

import (
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

// Claims are what a token says. Times are of whole seconds, UTC.
type Claims struct {
	Account   ident.AccountID
	Session   ident.SessionID
	Role      string
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Issuer makes tokens and checks them. It is safe for concurrent use.
type Issuer interface {
	// Issue makes a token; fractions of seconds are dropped. It fails for claims
	// that Verify would never accept: without account or session, or that
	// expire before they are issued.
	Issue(c Claims) (string, error)

	// Verify answers the claims of a token that was made here and is used
	// before ExpiresAt. ErrExpired when the time alone is wrong; ErrInvalid,
	// always the same one, whatever else is.
	Verify(token string) (Claims, error)

	// PublicKeys is the JSON Web Key Set (RFC 7517) by which others may check
	// tokens: those that are made now, and those made before a rotation.
	PublicKeys() []byte
}

// What is wrong with a token.
var (
	ErrInvalid = fault.New(fault.Unauthenticated, "accounts.token-invalid", "the access token is not valid")
	ErrExpired = fault.New(fault.Unauthenticated, "accounts.token-expired", "the access token has expired")
)
