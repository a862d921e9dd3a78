package sajin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/sdk/go/api"
)

// Tokens keep somebody signed in. Whoever holds them is that somebody.
type Tokens struct {
	Access  string
	Refresh string
	Expires time.Time // when Access is to be renewed

	// Device lets nobody in. Sent when signing in again, it keeps those who guess
	// at the password from locking its holder out; so keep it after signing out.
	Device string
}

// session holds the tokens; one renewal runs at a time.
type session struct {
	mu     sync.Mutex
	tokens Tokens
	saved  func(Tokens)
}

// SignUp makes an account and signs in to it.
func (c *Client) SignUp(ctx context.Context, account api.NewAccount) (*api.Account, error) {
	if _, err := c.RegisterWithResponse(ctx, account); err != nil {
		return nil, err
	}
	return c.SignInWith(ctx, account.Email, account.Password)
}

// SignInWith opens a session.
func (c *Client) SignInWith(ctx context.Context, email, password string) (*api.Account, error) {
	in := api.NewSession{Email: email, Password: password}
	if device := c.Tokens().Device; device != "" {
		in.DeviceToken = &device
	}
	resp, err := c.SignInWithResponse(ctx, in)
	if err != nil {
		return nil, err
	}
	c.session.set(*resp.JSON201)
	return &resp.JSON201.Account, nil
}

// SignOutNow ends the session. The device is remembered.
func (c *Client) SignOutNow(ctx context.Context) error {
	_, err := c.SignOutWithResponse(ctx)
	c.Resume(Tokens{Device: c.Tokens().Device}, c.session.saved)
	return err
}

// Resume goes on with the tokens of a session that was opened before. saved, if
// not nil, is called with new tokens whenever they have been renewed: the old
// refresh token is then of no use any more.
func (c *Client) Resume(t Tokens, saved func(Tokens)) {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	c.session.tokens, c.session.saved = t, saved
}

// Tokens are those of the session now.
func (c *Client) Tokens() Tokens {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.session.tokens
}

func (s *session) set(granted api.Credentials) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(granted)
}

func (s *session) keep(granted api.Credentials) {
	device := s.tokens.Device
	if granted.DeviceToken != nil {
		device = *granted.DeviceToken
	}
	s.tokens = Tokens{
		Device: device,
		Access: granted.AccessToken, Refresh: granted.RefreshToken,
		Expires: time.Now().Add(time.Duration(granted.ExpiresIn) * time.Second * 9 / 10), // before the server thinks so
	}
	if s.saved != nil {
		s.saved(s.tokens)
	}
}

// token is an access token that is good for a while yet, or "" for nobody.
func (s *session) token(ctx context.Context, c *Client) (string, error) {
	s.mu.Lock()
	t := s.tokens
	s.mu.Unlock()
	if t.Access == "" || t.Refresh == "" || time.Until(t.Expires) > 0 {
		return t.Access, nil
	}
	return s.renew(ctx, c, t.Access)
}

// renew exchanges the refresh token, unless somebody else has just done so.
func (s *session) renew(ctx context.Context, c *Client, old string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens.Access != old {
		return s.tokens.Access, nil
	}
	body, err := json.Marshal(api.ShownToken{RefreshToken: s.tokens.Refresh})
	if err != nil {
		return "", fmt.Errorf("sajin: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v1/sessions/refresh", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("sajin: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.send(req, "")
	if err != nil {
		return "", fmt.Errorf("renew the session: %w", err)
	}
	defer resp.Body.Close()
	var granted api.Credentials
	if err := json.NewDecoder(resp.Body).Decode(&granted); err != nil {
		return "", fmt.Errorf("sajin: renew the session: %w", err)
	}
	s.keep(granted)
	return s.tokens.Access, nil
}
