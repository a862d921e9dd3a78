package oidc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

const (
	maxAnswer = 1 << 20  // bytes of whatever the provider answers
	maxToken  = 16 << 10 // bytes of an ID token
)

// unreachable is why there is no answer that says anything.
type unreachable struct {
	host string
	err  error
}

func (e *unreachable) Error() string { return e.host + ": " + e.err.Error() }
func (e *unreachable) Unwrap() error { return e.err }

var errTooLong = errors.New("the answer is too long")

// newClient makes the client of one provider. It follows no redirects: what is
// asked for is where the provider says, and a secret goes nowhere else.
func newClient(timeout time.Duration, around func(http.RoundTripper) http.RoundTripper) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 64 << 10
	base := http.RoundTripper(transport)
	if around != nil {
		base = around(base)
	}
	return &http.Client{
		Transport:     &whole{base, timeout},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// whole reads answers to their end before anybody looks at them, so that what
// breaks off, lasts or grows too long is told from what says something wrong:
// the libraries above keep of such errors the text alone.
type whole struct {
	base    http.RoundTripper
	timeout time.Duration
}

// RoundTrip implements http.RoundTripper.
func (t *whole) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), t.timeout)
	defer cancel()
	away := func(err error) error { return &unreachable{req.URL.Host, err} }
	resp, err := t.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, away(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, away(err)
	case len(body) > maxAnswer:
		return nil, away(errTooLong)
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests,
		resp.StatusCode != http.StatusOK && req.Method == http.MethodGet: // for addresses and keys
		return nil, away(fmt.Errorf("status %d", resp.StatusCode))
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// with has the libraries use the provider's client.
func (p *Provider) with(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}
