package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/identity"
	"github.com/sajin-sns/sajin/ports/store"
)

// CodeTTL is how long a browser may take to exchange the code that it came back
// with for a session.
const CodeTTL = time.Minute

const (
	codePurpose = "accounts.sign-in-code"
	codePrefix  = "sjc_"
)

// recognise finds out whose account somebody signs in to, and makes them one if
// they have none. It answers the code for a session.
func (s *Identities) recognise(ctx context.Context, t ticket, who accounts.Introduction, authTime time.Time) (string, error) {
	suffix := ""
	for range 5 {
		code, err := s.recogniseAs(ctx, t, who, authTime, suffix)
		switch {
		case errors.Is(err, accounts.ErrEmailTaken), errors.Is(err, accounts.ErrIdentityTaken): // meanwhile: it is known now
		case errors.Is(err, accounts.ErrHandleTaken):
			if suffix, err = s.suffix(); err != nil {
				return "", err
			}
		default:
			return code, err
		}
	}
	return "", fmt.Errorf("sign in with %s: no free handle for %q", t.Provider, who.Handle(""))
}

func (s *Identities) recogniseAs(ctx context.Context, t ticket, who accounts.Introduction, authTime time.Time, suffix string) (code string, err error) {
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		known, err := s.Identities.Find(ctx, who.Issuer, who.Subject)
		switch {
		case errors.Is(err, accounts.ErrIdentityNotFound):
			known, err = s.admit(ctx, who, suffix)
		case err == nil:
			err = s.welcome(ctx, known)
		}
		if err != nil {
			return err
		}
		code, err = s.issueCode(ctx, t, codeFor{known.ID, authTime})
		return err
	})
	return code, err
}

// welcome fails with identity.ErrRefused if the account is gone.
func (s *Identities) welcome(ctx context.Context, known accounts.Identity) error {
	a, err := s.Accounts.Get(ctx, known.Account)
	if err != nil {
		return err
	}
	if err := a.Return(s.Now()); err != nil { // for now only to know: SignIn does it
		return identity.ErrRefused.Because(err)
	}
	return nil
}

// admit links somebody who is not known here to the account with their address,
// or to a new one.
func (s *Identities) admit(ctx context.Context, who accounts.Introduction, suffix string) (accounts.Identity, error) {
	email, profile, err := who.Application(who.Handle(suffix))
	if err != nil {
		return accounts.Identity{}, err
	}
	held, err := s.Accounts.ByEmail(ctx, email.Key)
	switch {
	case err == nil:
		return s.join(ctx, held.ID(), who)
	case !errors.Is(err, accounts.ErrNotFound):
		return accounts.Identity{}, err
	}
	a := accounts.RegisterIntroduced(ident.New[ident.AccountID](s.IDs), email, profile, who, s.Now())
	if err := s.Accounts.Insert(ctx, a); err != nil {
		return accounts.Identity{}, err
	}
	if a.Record().EmailVerifiedAt.IsZero() {
		if err := s.Letters.write(ctx, verifyLetter, a.ID(), email.Address); err != nil {
			return accounts.Identity{}, err
		}
	}
	i, err := s.link(ctx, a, who)
	if err != nil {
		return accounts.Identity{}, err
	}
	return i, s.Outbox.Append(ctx, a.Events()...)
}

// join links somebody to the account that has their address, if that is theirs.
// An account that was deleted comes back, as it does when they sign in.
func (s *Identities) join(ctx context.Context, held ident.AccountID, who accounts.Introduction) (i accounts.Identity, err error) {
	err = s.change(ctx, held, func(ctx context.Context, a *accounts.Account) error {
		i, err = s.Identities.Find(ctx, who.Issuer, who.Subject)
		if !errors.Is(err, accounts.ErrIdentityNotFound) { // it was made, with the account, since this began
			return err
		}
		if err := a.Recognise(who); err != nil {
			return err
		}
		if err := a.Return(s.Now()); err != nil {
			return identity.ErrRefused.Because(err)
		}
		i, err = s.link(ctx, a, who)
		return err
	})
	return i, err
}

// suffix tells a handle from one that is taken.
func (s *Identities) suffix() (string, error) {
	var random [8]byte
	if _, err := io.ReadFull(s.Random, random[:]); err != nil {
		return "", fmt.Errorf("make handle: %w", err)
	}
	var n uint64
	for _, b := range random {
		n = n<<8 | uint64(b)
	}
	return fmt.Sprintf("%06d", n%1_000_000), nil
}

// codeFor is what a sign-in code stands for.
type codeFor struct {
	Identity ident.IdentityID `json:"identity"`
	AuthTime time.Time        `json:"auth_time"` // zero: the provider did not say
}

// issueCode makes the code that signs in whoever has the ticket.
func (s *Identities) issueCode(ctx context.Context, t ticket, what codeFor) (string, error) {
	payload, err := json.Marshal(what)
	if err != nil {
		return "", fmt.Errorf("make sign-in code: %w", err)
	}
	var secret [32]byte
	if _, err := io.ReadFull(s.Random, secret[:]); err != nil {
		return "", fmt.Errorf("make sign-in code: %w", err)
	}
	code := codePrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	return code, s.Tokens.Issue(ctx, store.OneTimeToken{
		Hash: codeHash(code, t), Purpose: codePurpose, Payload: string(payload), ExpiresAt: s.Now().Add(CodeTTL),
	})
}

// codeHash is of both, so that a code is unknown where the ticket is another one.
func codeHash(code string, t ticket) [32]byte {
	return sha256.Sum256(append([]byte(code+"."), t.Secret...))
}

// SignInByCode is what a browser shows to be let in.
type SignInByCode struct {
	Code   string
	Ticket string
	Device accounts.Device
}

// SignIn opens a session, once for each code. An account that was deleted comes
// back with it while its grace lasts. It fails with ErrSignInCode.
func (s *Identities) SignIn(ctx context.Context, in SignInByCode) (Grant, error) {
	t, err := s.unseal(in.Ticket)
	if err != nil {
		return Grant{}, ErrSignInCode
	}
	refresh, err := s.Mint.refreshToken()
	if err != nil {
		return Grant{}, err
	}
	var (
		now     = s.Now()
		session *accounts.Session
		role    accounts.Role
	)
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		i, authTime, err := s.redeemed(ctx, codeHash(in.Code, t))
		if err != nil {
			return err
		}
		a, err := s.Accounts.Lock(ctx, i.Account)
		if err != nil {
			return err
		}
		if _, err := s.Identities.Get(ctx, i.ID); err != nil { // it may have been unlinked before the lock
			return err
		}
		before := a.Record()
		if err := a.Return(now); err != nil {
			return err
		}
		if a.Record() != before {
			if err := s.Accounts.Save(ctx, a); err != nil {
				return err
			}
		}
		session = accounts.OpenSession(ident.New[ident.SessionID](s.IDs), a.ID(), in.Device, refresh.hash, s.Mint.RefreshTTL, now)
		session.SignedInAt(authTime)
		role = before.Role
		if err := s.Sessions.Insert(ctx, session); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, a.Events()...)
	})
	switch {
	case errors.Is(err, store.ErrOneTimeToken), errors.Is(err, accounts.ErrIdentityNotFound), errors.Is(err, accounts.ErrBadCredentials):
		return Grant{}, ErrSignInCode
	case err != nil:
		return Grant{}, err
	}
	return s.Mint.opened(session.Record(), role, refresh, now)
}

// redeemed is the identity that a code was issued for, and when its holder
// proved who they are.
func (s *Identities) redeemed(ctx context.Context, hash [32]byte) (i accounts.Identity, authTime time.Time, err error) {
	code, err := s.Tokens.Redeem(ctx, codePurpose, hash, s.Now())
	if err != nil {
		return i, authTime, err
	}
	var what codeFor
	if err := json.Unmarshal([]byte(code.Payload), &what); err != nil {
		return i, authTime, fmt.Errorf("sign-in code: %w", err)
	}
	i, err = s.Identities.Get(ctx, what.Identity)
	return i, what.AuthTime, err
}
