package httpapi

import (
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

var _ huma.HeadersError = (*Problem)(nil)

// GetHeaders says when to come again, where the fault knows: its detail
// retry_after, in seconds, is also the header that clients look at.
func (p *Problem) GetHeaders() http.Header {
	after, ok := p.details["retry_after"]
	if !ok {
		return nil
	}
	return http.Header{"Retry-After": {fmt.Sprint(after)}}
}
