package smtp

import (
	"context"
	"errors"
	"slices"
	"strings"

	protocol "github.com/wneessen/go-mail/smtp"
)

// signIn takes the best way in that the server offers. The password goes over a
// line that others can read only if the operator said that there is none.
func (s *Sender) signIn(ctx context.Context, c *protocol.Client) error {
	_, offered := c.Extension("AUTH")
	ways := strings.Fields(strings.ToUpper(offered))
	var way protocol.Auth
	switch {
	case slices.Contains(ways, "SCRAM-SHA-256"):
		way = protocol.ScramSHA256Auth(s.user, s.password)
	case slices.Contains(ways, "PLAIN"):
		way = protocol.PlainAuth("", s.user, s.password, s.host, s.plain)
	case slices.Contains(ways, "LOGIN"):
		way = protocol.LoginAuth(s.user, s.password, s.host, s.plain)
	default:
		return errors.New("smtp: AUTH: the mail server offers no way to sign in that is known here")
	}
	if err := c.Auth(way); err != nil {
		return said(ctx, "AUTH", err)
	}
	return nil
}
