package httpapi

import (
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

var _ huma.HeadersError = (*Problem)(nil)

// GetHeaders says what the status alone does not: how to sign in, and when to
// come again, where the fault knows that. Its detail retry_after, in seconds, is
// also the header that clients look at.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="sajin"`)
	}
	if after, ok := p.details["retry_after"]; ok {
		h.Set("Retry-After", fmt.Sprint(after))
	}
	return h
}
