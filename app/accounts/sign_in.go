package accounts

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/password"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/throttle"
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

	// DeviceToken, if there is one, is that of an earlier Grant. One that does
	// not hold, or is of another account, is taken for none.
	DeviceToken string
}

// SignIn opens a session. An account that was deleted comes back with it while
// its grace lasts. A password whose hash is out of date is hashed again.
//
// It fails with accounts.ErrBadCredentials, after as long a time, whether there
// is no such account, it is gone, or the password is another one; and with
// accounts.ErrTooManyAttempts, before anything is compared.
func (s *Sessions) SignIn(ctx context.Context, in SignIn) (Grant, error) {
	who, err := s.candidate(ctx, in.Email)
	if err != nil {
		return Grant{}, err
	}
	var buckets []throttle.Bucket
	device, known := s.Mint.device(in.DeviceToken, who.account)
	if s.Attempts != nil {
		f := from{account: who.account, email: typed(in.Email), network: in.Device.Network(), device: device}
		if f.familiar, err = s.familiar(ctx, f); err != nil {
			return Grant{}, err
		}
		buckets = s.Attempts.signIn(f)
	}
	var grant Grant
	err = s.Attempts.guess(ctx, buckets, func() (err error) {
		for range 3 {
			if grant, err = s.signIn(ctx, in, who); !errors.Is(err, errRehashed) {
				return err
			}
			if who, err = s.candidate(ctx, in.Email); err != nil {
				return err
			}
		}
		return accounts.ErrBadCredentials
	})
	if err == nil && known {
		grant.DeviceToken = in.DeviceToken // it has a count already
	}
	return grant, err
}

// familiar tells whether the account has signed in from there before. It asks
// about an account that does not exist as about any other one.
func (s *Sessions) familiar(ctx context.Context, f from) (bool, error) {
	if f.network == "" {
		return false, nil
	}
	if f.account.IsZero() {
		f.account = nobody
	}
	return s.Devices.Familiar(ctx, f.account, f.network)
}

// nobody is an account that there is not.
var nobody = ident.AccountID{15: 1}

// errRehashed is what signing in meets when the hash is replaced while the
// password is compared with it.
var errRehashed = errors.New("the password was hashed again meanwhile")

func (s *Sessions) signIn(ctx context.Context, in SignIn, who candidate) (Grant, error) {
	id, held := who.account, who.hash
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
	return s.Mint.opened(session.Record(), role, token, now)
}

// candidate is who would sign in with an address, and his hash. It is empty, and
// with it the hash of no password, if there is nobody.
type candidate struct {
	account ident.AccountID
	hash    string
}

func (s *Sessions) candidate(ctx context.Context, address string) (candidate, error) {
	email, err := accounts.ParseEmail(address)
	if err != nil {
		return candidate{}, nil //nolint:nilerr // an address that cannot be is one that nobody has
	}
	a, err := s.Accounts.ByEmail(ctx, email.Key)
	if errors.Is(err, accounts.ErrNotFound) {
		return candidate{}, nil
	}
	if err != nil {
		return candidate{}, err
	}
	return candidate{a.ID(), a.Record().PasswordHash}, nil
}

// verify spares the hasher what can be no password, but not the time.
func verify(ctx context.Context, passwords password.Hasher, text, hash string) (ok, stale bool, err error) {
	if len(text) > accounts.MaxPasswordBytes {
		text, hash = "", ""
	}
	return passwords.Verify(ctx, text, hash)
}
