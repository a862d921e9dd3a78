package accounts

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/password"
	"github.com/sajin-sns/sajin/ports/store"
)

// Sessions signs people in and out.
type Sessions struct {
	Shared
	Devices   store.Devices
	Passwords password.Hasher
	IDs       *ident.Source
	Mint      Mint
}

// SignIn is what somebody shows to be let in.
type SignIn struct {
	Email    string
	Password string
	Device   accounts.Device
}

// SignIn opens a session. An account that was deleted comes back with it while
// its grace lasts. A password whose hash is out of date is hashed again.
//
// It fails with accounts.ErrBadCredentials, after as long a time, whether there
// is no such account, it is gone, or the password is another one.
func (s *Sessions) SignIn(ctx context.Context, in SignIn) (Grant, error) {
	for range 3 {
		grant, err := s.signIn(ctx, in)
		if !errors.Is(err, errRehashed) {
			return grant, err
		}
	}
	return Grant{}, accounts.ErrBadCredentials
}

// errRehashed is what signing in meets when the hash is replaced while the
// password is compared with it.
var errRehashed = errors.New("the password was hashed again meanwhile")

func (s *Sessions) signIn(ctx context.Context, in SignIn) (Grant, error) {
	id, held, err := s.candidate(ctx, in.Email)
	if err != nil {
		return Grant{}, err
	}
	ok, stale, err := verify(ctx, s.Passwords, in.Password, held)
	if err != nil {
		return Grant{}, err
	}
	if !ok {
		return Grant{}, accounts.ErrBadCredentials
	}
	better := held
	if stale {
		if better, err = s.Passwords.Hash(ctx, in.Password); err != nil {
			return Grant{}, err
		}
	}
	token, err := s.Mint.refreshToken()
	if err != nil {
		return Grant{}, err
	}
	now := s.Now()
	session := accounts.OpenSession(ident.New[ident.SessionID](s.IDs), id, in.Device, token.hash, s.Mint.RefreshTTL, now)
	var role accounts.Role
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		a, err := s.Accounts.Lock(ctx, id)
		if err != nil {
			return err
		}
		before := a.Record()
		if before.PasswordHash != held {
			return errRehashed
		}
		if err := a.Return(now); err != nil {
			return err
		}
		a.Rehash(better)
		if a.Record() != before {
			if err := s.Accounts.Save(ctx, a); err != nil {
				return err
			}
		}
		if err := s.Sessions.Insert(ctx, session); err != nil {
			return err
		}
		role = before.Role
		return s.Outbox.Append(ctx, a.Events()...)
	})
	if err != nil {
		return Grant{}, err
	}
	return s.Mint.grant(session.Record(), role, token, now)
}

// candidate is who would sign in with an address, and his hash: none, and the
// hash of no password, if there is nobody.
func (s *Sessions) candidate(ctx context.Context, address string) (ident.AccountID, string, error) {
	email, err := accounts.ParseEmail(address)
	if err != nil {
		return ident.AccountID{}, "", nil //nolint:nilerr // an address that cannot be is one that nobody has
	}
	a, err := s.Accounts.ByEmail(ctx, email.Key)
	if errors.Is(err, accounts.ErrNotFound) {
		return ident.AccountID{}, "", nil
	}
	if err != nil {
		return ident.AccountID{}, "", err
	}
	return a.ID(), a.Record().PasswordHash, nil
}

// verify spares the hasher what can be no password, but not the time.
func verify(ctx context.Context, passwords password.Hasher, text, hash string) (ok, stale bool, err error) {
	if len(text) > accounts.MaxPasswordBytes {
		text, hash = "", ""
	}
	return passwords.Verify(ctx, text, hash)
}
