package accounts

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

// TicketTTL is how long a browser may take at the provider.
const TicketTTL = 10 * time.Minute

// aim is what somebody goes to a provider for.
type aim string

const (
	toSignIn aim = "sign-in"
	toLink   aim = "link"
	toProve  aim = "prove" // that it is still the same person
)

// ticket is what a browser keeps while it is at the provider. It can read it,
// and not change it. What it must not know, the verifier above all, is derived
// from Secret with the keys of this server, so that nothing is to be stored of
// sign-ins that anybody may begin and nobody has to finish. (Whoever is at the
// provider while the keys are rotated begins again.)
type ticket struct {
	Provider string          `json:"provider"`
	For      aim             `json:"for"`
	ReturnTo string          `json:"return_to"`
	Account  ident.AccountID `json:"account"` // who is signed in already; zero: nobody
	Session  ident.SessionID `json:"session"`
	BegunAt  time.Time       `json:"begun_at"`
	Secret   []byte          `json:"secret"`
}

const ticketPurpose = "accounts.sign-in-ticket"

func (s *Identities) newTicket(t ticket) (ticket, error) {
	t.BegunAt, t.Secret = s.Now(), make([]byte, 32)
	if _, err := io.ReadFull(s.Random, t.Secret); err != nil {
		return ticket{}, fmt.Errorf("make sign-in ticket: %w", err)
	}
	return t, nil
}

func (s *Identities) seal(t ticket) (string, error) {
	data, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("make sign-in ticket: %w", err)
	}
	return s.Sealer.Seal(ticketPurpose, data), nil
}

// unseal reads a ticket that is good for what is wanted; ErrTicket.
func (s *Identities) unseal(text string) (ticket, error) {
	data, err := s.Sealer.Unseal(ticketPurpose, text)
	if err != nil {
		return ticket{}, ErrTicket
	}
	var t ticket
	if err := json.Unmarshal(data, &t); err != nil {
		return ticket{}, ErrTicket
	}
	if age := s.Now().Sub(t.BegunAt); age < 0 || age >= TicketTTL {
		return ticket{}, ErrTicket
	}
	return t, nil
}

// derived is a secret of the ticket that its holder cannot tell.
func (s *Identities) derived(t ticket, name string) string {
	sum := sha256.Sum256([]byte(s.Sealer.Seal(ticketPurpose+" "+name, t.Secret)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (s *Identities) state(t ticket) string    { return s.derived(t, "state") }
func (s *Identities) nonce(t ticket) string    { return s.derived(t, "nonce") }
func (s *Identities) verifier(t ticket) string { return s.derived(t, "verifier") }

// challenge is S256 of the verifier (RFC 7636).
func (s *Identities) challenge(t ticket) string {
	sum := sha256.Sum256([]byte(s.verifier(t)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// maxReturn is the most bytes of a path to come back to.
const maxReturn = 512

// checkReturn answers the path that a browser is sent back to in the end, "/" if
// it names none. Only a path of this server is one: browsers read a second
// slash, or a backslash, as the beginning of another server's name, and pass
// over controls to find them.
func checkReturn(path string) (string, error) {
	if path == "" {
		return "/", nil
	}
	u, err := url.Parse(path)
	if err != nil || len(path) > maxReturn || path[0] != '/' || strings.HasPrefix(path, "//") || u.Scheme != "" || u.Host != "" ||
		strings.ContainsAny(path, `\#`) || strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fault.Invalidf("accounts.return-to", "return_to", "must be a path of this server, such as /library, percent-encoded, of at most %d bytes", maxReturn)
	}
	return path, nil
}
