package accounts

import "time"

// RequestEmail has another address take the place of the account's, once mail is
// found to arrive there. The address that the account has takes the request
// back. It fails with ErrNotFound if the account was deleted.
func (a *Account) RequestEmail(email Email) error {
	if !a.Live() {
		return ErrNotFound
	}
	pending := email.Address
	if email == a.r.Email {
		pending = ""
	}
	if pending != a.r.PendingEmail {
		a.r.PendingEmail = pending
		a.r.Version++
	}
	return nil
}

// Unverified is where mail is to be sent to find out whether it arrives: the
// address that is asked for, or else the account's own. It fails with
// ErrEmailVerified if nothing is to be found out, and with ErrNotFound if the
// account was deleted.
func (a *Account) Unverified() (Email, error) {
	switch {
	case !a.Live():
		return Email{}, ErrNotFound
	case a.r.PendingEmail != "":
		return ParseEmail(a.r.PendingEmail)
	case a.r.EmailVerifiedAt.IsZero():
		return a.r.Email, nil
	default:
		return Email{}, ErrEmailVerified
	}
}

// VerifyEmail takes note that mail arrived at an address: the account's own is
// verified, the one that was asked for takes its place. It tells the address that
// was given up, if one was. It fails with ErrNotThisAddress if the account has
// nothing to do with the address (any more).
func (a *Account) VerifyEmail(address string, now time.Time) (former string, err error) {
	switch {
	case !a.Live() || address == "":
		return "", ErrNotThisAddress
	case address == a.r.PendingEmail:
		email, err := ParseEmail(address)
		if err != nil {
			return "", ErrNotThisAddress.Because(err)
		}
		former = a.r.Email.Address
		a.r.Email, a.r.PendingEmail, a.r.EmailVerifiedAt = email, "", now
		a.r.Version++
		a.events = append(a.events, EmailChanged{Account: a.r.ID, At: now})
		return former, nil
	case address != a.r.Email.Address:
		return "", ErrNotThisAddress
	}
	a.arrived(now)
	return "", nil
}

// arrived takes note that mail arrives at the account's address.
func (a *Account) arrived(now time.Time) {
	if !a.r.EmailVerifiedAt.IsZero() {
		return
	}
	a.r.EmailVerifiedAt = now
	a.r.Version++
	a.events = append(a.events, EmailVerified{Account: a.r.ID, At: now})
}

// ResetPassword takes the hash of a new password from who got mail at an
// address, which is so found to arrive there. Every session is to be ended. It
// fails with ErrNotThisAddress if the account has another address by now.
func (a *Account) ResetPassword(hash, address string, now time.Time) error {
	if !a.Live() || address != a.r.Email.Address {
		return ErrNotThisAddress
	}
	a.arrived(now)
	a.r.PasswordHash = hash
	a.stay()
	a.events = append(a.events, PasswordChanged{Account: a.r.ID, At: now})
	return nil
}

// stay gives up a change of address that was asked for: whoever asked may have
// known the old password.
func (a *Account) stay() {
	if a.r.PendingEmail != "" {
		a.r.PendingEmail = ""
		a.r.Version++
	}
}
