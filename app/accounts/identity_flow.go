package accounts

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/identity"
	"github.com/sajin-sns/sajin/ports/store"
)

// Begun is a browser on its way to a provider.
type Begun struct {
	URL    string // where it goes
	Ticket string // what it keeps, for TicketTTL, and shows nobody but this server
}

// Begin sends a browser to a provider to be signed in. returnTo is the path of
// this server that it is to end up at; "/" if empty.
//
// It fails with ErrNoProvider, with Invalid for a path that is none, and with
// identity.ErrUnavailable.
func (s *Identities) Begin(ctx context.Context, provider, returnTo string) (Begun, error) {
	return s.begin(ctx, ticket{Provider: provider, For: toSignIn, ReturnTo: returnTo})
}

// BeginLink sends the actor's browser to a provider, to have whom it names there
// sign in to his account from then on. It fails as Begin does.
func (s *Identities) BeginLink(ctx context.Context, actor ident.AccountID, session ident.SessionID, provider, returnTo string) (Begun, error) {
	return s.begin(ctx, ticket{Provider: provider, For: toLink, ReturnTo: returnTo, Account: actor, Session: session})
}

// BeginProof sends the actor's browser to a provider to have him prove anew who
// he is, as StepUp wants it. It fails as Begin does.
func (s *Identities) BeginProof(ctx context.Context, actor ident.AccountID, session ident.SessionID, provider, returnTo string) (Begun, error) {
	return s.begin(ctx, ticket{Provider: provider, For: toProve, ReturnTo: returnTo, Account: actor, Session: session})
}

func (s *Identities) begin(ctx context.Context, t ticket) (Begun, error) {
	provider, ok := s.Providers[t.Provider]
	if !ok {
		return Begun{}, ErrNoProvider
	}
	var err error
	if t.ReturnTo, err = checkReturn(t.ReturnTo); err != nil {
		return Begun{}, err
	}
	if t, err = s.newTicket(t); err != nil {
		return Begun{}, err
	}
	sealed, err := s.seal(t)
	if err != nil {
		return Begun{}, err
	}
	url, err := provider.AuthURL(ctx, identity.Request{State: s.state(t), Nonce: s.nonce(t), Challenge: s.challenge(t), Fresh: t.For == toProve})
	if err != nil {
		return Begun{}, err
	}
	return Begun{URL: url, Ticket: sealed}, nil
}

// Finish is what a browser comes back with.
type Finish struct {
	Provider string
	Ticket   string
	State    string
	Code     string
	Error    string // what the provider says instead of giving a code
}

// Finished says where a browser goes in the end.
type Finished struct {
	ReturnTo string // "/" where nobody knows better
	Code     string // for SignIn, within CodeTTL; empty if it was not to sign in
	Linked   bool   // the identity signs in to the account
	Proved   bool   // the session is proved to be its owner's
}

// Finish takes the provider's answer. Where to go back to it answers with an
// error as well.
//
// It fails with ErrTicket if the browser did not begin this, or did so too long
// ago, or has finished it already; with ErrDenied if somebody said no at the
// provider, with identity.ErrUnavailable and ErrRefused, and with
// accounts.ErrLinkSignInFirst, ErrNoAddress, ErrIdentityTaken,
// ErrTooManyIdentities, ErrSessionEnded, ErrIdentityNotFound and ErrNoProof.
func (s *Identities) Finish(ctx context.Context, in Finish) (Finished, error) {
	nowhere := Finished{ReturnTo: "/"}
	provider, ok := s.Providers[in.Provider]
	if !ok {
		return nowhere, ErrNoProvider
	}
	t, err := s.unseal(in.Ticket)
	if err != nil || t.Provider != in.Provider {
		return nowhere, ErrTicket
	}
	back := Finished{ReturnTo: t.ReturnTo}
	if !equal(in.State, s.state(t)) {
		return back, ErrTicket
	}
	if in.Error != "" {
		return back, refusedThere(in.Error)
	}
	if err := s.use(ctx, t); err != nil {
		return back, err
	}
	said, err := provider.Exchange(ctx, identity.Answer{Code: in.Code, Verifier: s.verifier(t), Nonce: s.nonce(t)})
	if err != nil {
		return back, err
	}
	who := accounts.Introduction{
		Provider: t.Provider, Issuer: said.Issuer, Subject: said.Subject, Email: said.Email, EmailVerified: said.EmailVerified, Name: said.Name,
	}
	switch t.For {
	case toSignIn:
		back.Code, err = s.recognise(ctx, t, who, said.AuthTime)
	case toLink:
		back.Linked, err = true, s.linkOwn(ctx, t, who)
	case toProve:
		back.Proved, err = true, s.prove(ctx, t, said)
	default:
		err = ErrTicket
	}
	if err != nil {
		return Finished{ReturnTo: t.ReturnTo}, err
	}
	return back, nil
}

// refusedThere is what the error of a provider means (RFC 6749, 4.1.2.1).
func refusedThere(code string) error {
	cause := fmt.Errorf("the provider sent the browser back with the error %.60q", code)
	switch code {
	case "access_denied", "login_required", "interaction_required", "consent_required":
		return ErrDenied.Because(cause)
	case "server_error", "temporarily_unavailable":
		return identity.ErrUnavailable.Because(cause)
	default:
		return identity.ErrRefused.Because(cause)
	}
}

// use uses the ticket up, before anybody else is troubled with it: of all who
// come back with it one gets any further. It fails with ErrTicket.
func (s *Identities) use(ctx context.Context, t ticket) error {
	hash := sha256.Sum256([]byte(s.derived(t, "used")))
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		used := store.OneTimeToken{Hash: hash, Purpose: ticketPurpose, ExpiresAt: t.BegunAt.Add(TicketTTL)}
		if err := s.Tokens.Issue(ctx, used); err != nil {
			return err
		}
		_, err := s.Tokens.Redeem(ctx, ticketPurpose, hash, s.Now())
		return err
	})
	if errors.Is(err, store.ErrOneTimeToken) {
		return ErrTicket
	}
	return err
}

// linkOwn links who came back to the account of who went.
func (s *Identities) linkOwn(ctx context.Context, t ticket, who accounts.Introduction) error {
	return s.change(ctx, t.Account, func(ctx context.Context, a *accounts.Account) error {
		if err := s.still(ctx, t); err != nil {
			return err
		}
		known, err := s.Identities.Find(ctx, who.Issuer, who.Subject)
		switch {
		case errors.Is(err, accounts.ErrIdentityNotFound):
			_, err = s.link(ctx, a, who)
			return err
		case err != nil:
			return err
		case known.Account != a.ID():
			return accounts.ErrIdentityTaken
		}
		return nil // it was before
	})
}

// still fails with accounts.ErrSessionEnded if who went to the provider has been
// signed out meanwhile.
func (s *Identities) still(ctx context.Context, t ticket) error {
	session, err := s.Sessions.Lock(ctx, t.Session)
	switch {
	case errors.Is(err, accounts.ErrSessionNotFound):
		return accounts.ErrSessionEnded
	case err != nil:
		return err
	case !session.Live(s.Now()):
		return accounts.ErrSessionEnded
	}
	return nil
}

// proofSkew is by how much the clock of a provider may be behind.
const proofSkew = time.Minute

// prove has the session that a ticket was made in be proved, if whoever came back
// is its owner, and has shown that to the provider since.
func (s *Identities) prove(ctx context.Context, t ticket, said identity.Claims) error {
	if said.AuthTime.Before(t.BegunAt.Add(-proofSkew)) { // or it does not say
		return accounts.ErrNoProof
	}
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		known, err := s.Identities.Find(ctx, said.Issuer, said.Subject)
		if err != nil {
			return err
		}
		if known.Account != t.Account {
			return accounts.ErrIdentityNotFound
		}
		if err := s.still(ctx, t); err != nil {
			return err
		}
		return s.proved(ctx, t.Account, t.Session)
	})
}
