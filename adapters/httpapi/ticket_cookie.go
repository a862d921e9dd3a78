package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/app/accounts"
)

// TicketCookie is how a browser keeps the ticket of a sign-in with an identity
// provider.
type TicketCookie struct {
	// Secure is for a server that is reached by https. Then no other server, of
	// whichever subdomain, can put a ticket of its own in the place of ours.
	Secure bool
}

func (c TicketCookie) name() string {
	if c.Secure {
		return "__Host-sajin_oidc"
	}
	return "sajin_oidc"
}

func (c TicketCookie) keep(ticket string) string {
	return c.make(ticket, int(accounts.TicketTTL.Seconds()))
}
func (c TicketCookie) drop() string { return c.make("", -1) }

// make makes the header. Lax: the cookie has to come with the browser from the
// provider's page, and with nothing else that another site begins.
func (c TicketCookie) make(value string, age int) string {
	return (&http.Cookie{
		Name: c.name(), Value: value, Path: "/", MaxAge: age, Secure: c.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}).String()
}

// of is the ticket among the cookies that a browser sent; empty if there is none.
func (c TicketCookie) of(sent []*http.Cookie) string {
	for _, cookie := range sent {
		if cookie.Name == c.name() {
			return cookie.Value
		}
	}
	return ""
}

// Cookies is embedded by the inputs of operations that want a cookie. It is no
// parameter: browsers send them by themselves.
type Cookies struct{ sent []*http.Cookie }

// Resolve implements huma.Resolver.
func (c *Cookies) Resolve(ctx huma.Context) []error {
	req, _ := unwrap(ctx)
	c.sent = req.Cookies()
	return nil
}

var _ huma.Resolver = (*Cookies)(nil)
