package accounts

import (
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
)

// Registered happens when an account is made.
type Registered struct {
	Account ident.AccountID
	Handle  string
	At      time.Time
}

// Deleted happens when somebody deletes his account, which may come back until
// PurgeAt.
type Deleted struct {
	Account ident.AccountID
	PurgeAt time.Time
	At      time.Time
}

// Restored happens when a deleted account comes back.
type Restored struct {
	Account ident.AccountID
	At      time.Time
}

// Purged happens when a deleted account is gone for good.
type Purged struct {
	Account ident.AccountID
	At      time.Time
}

// RoleGranted happens when an account is given another role.
type RoleGranted struct {
	Account ident.AccountID
	Role    Role
	At      time.Time
}

// PasswordChanged happens when the owner changes the password, or is given a new
// one by a link in a mail.
type PasswordChanged struct {
	Account ident.AccountID
	Session ident.SessionID // in which it was changed; zero: by a link
	At      time.Time
}

// EmailVerified happens when mail is found to arrive at the account's address.
type EmailVerified struct {
	Account ident.AccountID
	At      time.Time
}

// EmailChanged happens when an address at which mail arrives takes the place of
// the account's. The addresses are nobody else's business.
type EmailChanged struct {
	Account ident.AccountID
	At      time.Time
}

// SessionReuseDetected happens when a refresh token turns up again long after
// it was used: one of two holders stole it, so the session was ended.
type SessionReuseDetected struct {
	Account ident.AccountID
	Session ident.SessionID
	At      time.Time
}

// IdentityLinked happens when an account is given another way to sign in.
type IdentityLinked struct {
	Account  ident.AccountID
	Identity ident.IdentityID
	Provider string
	At       time.Time
}

// IdentityUnlinked happens when a way to sign in is taken from an account.
type IdentityUnlinked struct {
	Account  ident.AccountID
	Identity ident.IdentityID
	Provider string
	At       time.Time
}
