// Package identity is about signing in with somebody else's word for it: an
// identity provider, such as Google, tells who is at the browser. What that
// means here, whose account it is, is for others to decide.
package identity

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
)

// Provider is one identity provider, which answers to this server alone. It is
// safe for concurrent use, and of use as soon as the provider answers, whether
// it did before or not.
type Provider interface {
	// AuthURL is where a browser goes to have its user tell the provider who
	// they are. It fails with ErrUnavailable.
	AuthURL(ctx context.Context, r Request) (string, error)

	// Exchange turns the code that the browser came back with into what the
	// provider says, once. It has checked who signed it, for whom, when, and that
	// it is the answer to the request with this nonce and challenge.
	//
	// It fails with ErrUnavailable where the same may work later, and with
	// ErrRefused where it will not; the cause is then one of those below.
	Exchange(ctx context.Context, a Answer) (Claims, error)

	// Ping tells whether the provider can be used now; it fails with
	// ErrUnavailable.
	Ping(ctx context.Context) error
}

// Request is what a browser takes to the provider.
type Request struct {
	State     string // comes back with the code
	Nonce     string // comes back in what the provider signs
	Challenge string // S256 of the verifier (RFC 7636)

	// Fresh asks that the user proves anew who they are, however recently they
	// did: Claims.AuthTime tells whether they have.
	Fresh bool
}

// Answer is what a browser brought back, and the secrets of the request that it
// must be the answer to.
type Answer struct {
	Code     string
	Verifier string
	Nonce    string
}

// Claims are what a provider says of somebody. Text is as it came.
type Claims struct {
	Issuer        string // the one that was configured
	Subject       string // names the person at the issuer for good; never empty
	Email         string // empty: it says none
	EmailVerified bool   // the issuer knows that it is theirs
	Name          string
	AuthTime      time.Time // when they proved who they are; zero: it does not say
}

// What Provider fails with.
var (
	ErrUnavailable = fault.New(fault.Unavailable, "accounts.provider-unavailable", "this way to sign in does not work at the moment; try again in a while")
	ErrRefused     = fault.New(fault.Unauthenticated, "accounts.sign-in-refused", "the sign-in could not be verified; begin again")
)

// Why an answer was refused: in the chain of ErrRefused, for the log.
var (
	ErrCode      = errors.New("the provider does not take the code, or who asks")
	ErrMalformed = errors.New("the answer is not one of OpenID Connect")
	ErrSignature = errors.New("the token is not signed with a key of the issuer")
	ErrIssuer    = errors.New("the token is of another issuer")
	ErrAudience  = errors.New("the token is for somebody else")
	ErrNonce     = errors.New("the token is the answer to another request")
	ErrExpired   = errors.New("the token has expired")
	ErrClock     = errors.New("the token is of the future: the clock of the issuer or of this server is wrong")
)
