// Package link signs paths of this server, so that whoever holds a link may
// follow it for a while: the parts of an upload, the renditions of a medium.
package link

import (
	"net/url"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

// Grant is what a link allows: one method on one path, until a time, to one
// account or, when Viewer is zero, to whoever holds it.
type Grant struct {
	Method    string // "GET" allows HEAD too
	Path      string // the path as routed, unescaped, without the query
	Viewer    ident.AccountID
	ExpiresAt time.Time // a fraction of a second is dropped
}

// Signer makes links and checks them.
type Signer interface {
	// Sign answers the path, escaped, with its query:
	// /path?exp=&vid=&kid=&sig=. Two calls with the same grant give the same
	// text until another key signs.
	Sign(g Grant) string

	// Check tells whether query allows viewer the method on the path now, which
	// is before ExpiresAt, and answers what was granted; or ErrRefused, always the
	// same one, whatever is wrong. Every parameter must be there exactly once, and
	// no other one.
	Check(method, path string, query url.Values, viewer ident.AccountID) (Grant, error)
}

// ErrRefused is what Check answers to a link that does not hold.
var ErrRefused = fault.New(fault.Forbidden, "link.refused", "this link is not valid, is not yours, or has expired")
