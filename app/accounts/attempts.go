package accounts

import (
	"context"
	"errors"
	"strings"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/throttle"
)

// Attempts hold back who guesses passwords, in a way that nobody can use to lock
// somebody else out. A wrong password is counted
//
//   - for the account, from this address,
//   - for the address, over all accounts,
//   - for the account, over all addresses;
//
// but of those who show a device token of the account, or come from where it has
// signed in before, for that device or place, and for all devices and places of
// the account together. So strangers use up what is for strangers. That those
// who are known have a count together is against who once knew the password and
// made himself many devices.
//
// What is counted is the address that was typed in, so one that nobody has is
// treated like any other one. A nil Attempts lets everybody try.
type Attempts struct {
	Limiter    throttle.Limiter // for all processes together
	PerDevice  throttle.Rate    // for an account, from one device or address
	PerAddress throttle.Rate    // from an address, for all accounts that do not know it
	PerAccount throttle.Rate    // for an account, from all who are strange to it, and from all who are not
	PerSignUp  throttle.Rate    // accounts that are made from an address
}

// from is who tries to sign in, as far as one knows before he has.
type from struct {
	account  ident.AccountID // zero: there is none with the address
	email    string          // as it was typed in, but for case and space
	network  string
	device   string // of the account's tokens, if he shows one
	familiar bool   // the account has signed in from the network before
}

func (a *Attempts) signIn(f from) []throttle.Bucket {
	everybody := throttle.Bucket{Key: "sign-in known " + f.email, Rate: a.PerAccount}
	switch {
	case f.device != "":
		return []throttle.Bucket{{Key: "sign-in device " + f.device + " " + f.email, Rate: a.PerDevice}, everybody}
	case f.familiar:
		return []throttle.Bucket{{Key: "sign-in place " + f.network + " " + f.email, Rate: a.PerDevice}, everybody}
	default:
		return []throttle.Bucket{
			{Key: "sign-in " + f.network + " " + f.email, Rate: a.PerDevice},
			{Key: "sign-in from " + f.network, Rate: a.PerAddress},
			{Key: "sign-in to " + f.email, Rate: a.PerAccount},
		}
	}
}

// proof is where wrong passwords of who is signed in are counted: for his
// session, so that who stole one keeps the owner from nothing in another one.
func (a *Attempts) proof(account ident.AccountID, session ident.SessionID) []throttle.Bucket {
	if a == nil {
		return nil
	}
	return []throttle.Bucket{{Key: "prove " + account.String() + " " + session.String(), Rate: a.PerDevice}}
}

// guess runs what compares a password, unless too many were wrong: then it fails
// with accounts.ErrTooManyAttempts. The try is counted before, so that of many at
// once no more get through, and counted off again unless the password was wrong.
func (a *Attempts) guess(ctx context.Context, buckets []throttle.Bucket, compare func() error) error {
	if a == nil {
		return compare()
	}
	if err := a.take(ctx, buckets...); err != nil {
		return err
	}
	err := compare()
	if !errors.Is(err, accounts.ErrBadCredentials) && !errors.Is(err, accounts.ErrWrongPassword) && !errors.Is(err, accounts.ErrNotThePassword) {
		// Also for who has gone meanwhile; and if it fails, it comes back with time.
		_ = a.Limiter.Give(context.WithoutCancel(ctx), buckets...)
	}
	return err
}

func (a *Attempts) take(ctx context.Context, buckets ...throttle.Bucket) error {
	wait, err := a.Limiter.Take(ctx, buckets...)
	if err == nil && wait > 0 {
		return accounts.ErrTooManyAttempts.With("retry_after", throttle.Seconds(wait))
	}
	return err
}

// signUp counts an account that is to be made.
func (a *Attempts) signUp(ctx context.Context, d accounts.Device) error {
	if a == nil {
		return nil
	}
	return a.take(ctx, throttle.Bucket{Key: "sign-up " + d.Network(), Rate: a.PerSignUp})
}

// typed is an address as it is counted: alike whether it is one or not.
func typed(address string) string {
	if email, err := accounts.ParseEmail(address); err == nil {
		return email.Key
	}
	return strings.ToLower(strings.TrimSpace(address))
}
