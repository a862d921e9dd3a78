// Package sajin is the Go client of a sajin server. It signs in and stays signed
// in, sends files in parts and goes on where a connection broke, and turns the
// server's problems into errors. Every operation of the API is a method of the
// embedded api.ClientWithResponses; when it answers no error, the field of its
// success (JSON200, JSON201 ...) is set.
package sajin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/sdk/go/api"
)

// Client talks to one server as one account, or as nobody. It is safe for
// concurrent use.
type Client struct {
	*api.ClientWithResponses
	session session
	base    string
	http    *http.Client
}

// New makes a client of the server at base, "https://photos.example.com".
// transport may be nil.
func New(base string, transport http.RoundTripper) (*Client, error) {
	c := &Client{base: strings.TrimRight(base, "/"), http: &http.Client{Transport: transport}}
	c.http.CheckRedirect = c.follow
	generated, err := api.NewClientWithResponses(c.base, api.WithHTTPClient(c))
	if err != nil {
		return nil, fmt.Errorf("sajin: %w", err)
	}
	c.ClientWithResponses = generated
	return c, nil
}

// Error is a problem that the server answered.
type Error struct {
	api.Problem
	RetryAfter string         // the header, if there was one: seconds to wait
	Details    map[string]any // further members: "needed", "available" ...
}

func (e *Error) Error() string {
	text := "sajin: " + e.Code + ": " + e.Detail
	if e.Errors != nil {
		for _, field := range *e.Errors {
			text += "; " + field.Location + " " + field.Message
		}
	}
	if e.RetryAfter != "" {
		text += " (in " + e.RetryAfter + " s)"
	}
	return text
}

// NewKey makes an Idempotency-Key. Keep it until the operation has answered, and
// send the same one again if it has not.
func NewKey() string { return rand.Text() }

// Do sends a request with the access token, renews the token when it has
// expired, and makes an error of every answer that is not a success. It is what
// the generated methods call; use it for links that the server gave.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	token, err := c.session.token(req.Context(), c)
	if err != nil {
		return nil, err
	}
	resp, err := c.send(req, token)
	if problem, ok := err.(*Error); ok && token != "" && problem.Code == "accounts.token-expired" && rewind(req) {
		if token, err = c.session.renew(req.Context(), c, token); err != nil {
			return nil, err
		}
		return c.send(req, token)
	}
	return resp, err
}

// follow lets a redirect be followed, without the access token where it leads
// to somebody else: to a bucket, which has its own signature in the link.
func (c *Client) follow(req *http.Request, via []*http.Request) error {
	if !strings.HasPrefix(req.URL.String(), c.base+"/") {
		req.Header.Del("Authorization")
	}
	if len(via) >= 10 {
		return errors.New("sajin: redirected too often")
	}
	return nil
}

func (c *Client) send(req *http.Request, token string) (*http.Response, error) {
	if token != "" && strings.HasPrefix(req.URL.String(), c.base+"/") {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < http.StatusBadRequest {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, problemOf(resp)
}

func rewind(req *http.Request) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return true
	}
	if req.GetBody == nil {
		return false
	}
	body, err := req.GetBody()
	req.Body = body
	return err == nil
}

func problemOf(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("sajin: %s: %w", resp.Status, err)
	}
	e := &Error{RetryAfter: resp.Header.Get("Retry-After")}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "application/problem+json" || json.Unmarshal(body, &e.Problem) != nil {
		return fmt.Errorf("sajin: %s %s: %s", resp.Request.Method, resp.Request.URL.Path, resp.Status)
	}
	_ = json.Unmarshal(body, &e.Details)
	for _, known := range []string{"type", "title", "status", "detail", "code", "errors", "trace_id"} {
		delete(e.Details, known)
	}
	return e
}

// Open fetches a rendition, by the link that the server gave.
func (c *Client) Open(ctx context.Context, link string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, fmt.Errorf("sajin: %w", err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// until asks again and again, ever less often, until it hears an answer.
func until(ctx context.Context, ask func() (bool, error)) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		if done, err := ask(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
