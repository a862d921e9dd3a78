// Package health is how a part of the server tells whether it works, and what
// an operator can do where it does not. The same checks answer /readyz while
// the server runs, and `sajin doctor` before it does.
package health

import (
	"context"
	"errors"
)

// Check looks at one thing that the server stands on.
type Check struct {
	Name string // "database"

	// Optional tells that the server is of use without it for a while: it shows
	// as degraded, and a load balancer goes on sending requests.
	Optional bool

	// Run answers nil when the thing works now. It changes nothing that others
	// see, may be called at any time and by several at once, and returns soon
	// after ctx has ended. Its error may be a *Problem.
	Run func(ctx context.Context) error
}

// Problem is an error that says what to do about it. It holds no secret: it is
// shown to whoever runs the server.
type Problem struct {
	Remedy string // "make the bucket, or correct blob.url"
	Err    error
}

func (p *Problem) Error() string { return p.Err.Error() }
func (p *Problem) Unwrap() error { return p.Err }

// Remedy is what the error says can be done, or "".
func Remedy(err error) string {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Remedy
	}
	return ""
}
