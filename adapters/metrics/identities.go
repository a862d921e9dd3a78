package metrics

import "github.com/sajin-sns/sajin/ports/identity"

// NewIdentityCalls counts the calls of identity providers. What they answer and
// does not hold is told apart: a clock that is wrong is mended here or there,
// a signature that is wrong may be somebody else's.
func NewIdentityCalls() *Calls {
	return newCalls("sajin_identity_provider", "Calls of identity providers", []outcome{
		{identity.ErrUnavailable, "unavailable"}, {identity.ErrCode, "code"}, {identity.ErrMalformed, "malformed"},
		{identity.ErrSignature, "signature"}, {identity.ErrIssuer, "issuer"}, {identity.ErrAudience, "audience"},
		{identity.ErrNonce, "nonce"}, {identity.ErrExpired, "expired"}, {identity.ErrClock, "clock"},
	}, "provider")
}
