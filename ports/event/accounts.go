package event

import (
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

// AccountRegisteredV1 tells that an account was made.
type AccountRegisteredV1 struct {
	AccountID ident.AccountID `json:"account_id"`
	Handle    string          `json:"handle"`
	At        time.Time       `json:"at"`
}

// AccountDeletedV1 tells that an account was deleted, and from when on it can
// come back no more.
type AccountDeletedV1 struct {
	AccountID ident.AccountID `json:"account_id"`
	PurgeAt   time.Time       `json:"purge_at"`
	At        time.Time       `json:"at"`
}

// AccountRestoredV1 tells that a deleted account came back.
type AccountRestoredV1 struct {
	AccountID ident.AccountID `json:"account_id"`
	At        time.Time       `json:"at"`
}

// AccountPurgedV1 tells that a deleted account is gone for good: whoever keeps
// something personal of it must let it go.
type AccountPurgedV1 struct {
	AccountID ident.AccountID `json:"account_id"`
	At        time.Time       `json:"at"`
}

// RoleGrantedV1 tells that an account was given another role.
type RoleGrantedV1 struct {
	AccountID ident.AccountID `json:"account_id"`
	Role      accounts.Role   `json:"role"`
	At        time.Time       `json:"at"`
}

// PasswordChangedV1 tells that the owner changed the password, in which session;
// a zero one if it was by a link in a mail.
type PasswordChangedV1 struct {
	AccountID ident.AccountID `json:"account_id"`
	SessionID ident.SessionID `json:"session_id"`
	At        time.Time       `json:"at"`
}

// EmailVerifiedV1 tells that mail was found to arrive at the account's address.
type EmailVerifiedV1 struct {
	AccountID ident.AccountID `json:"account_id"`
	At        time.Time       `json:"at"`
}

// EmailChangedV1 tells that the account has another address, at which mail
// arrives.
type EmailChangedV1 struct {
	AccountID ident.AccountID `json:"account_id"`
	At        time.Time       `json:"at"`
}

// SessionReuseDetectedV1 tells that a session was ended because a used refresh
// token turned up again: somebody may have stolen it.
type SessionReuseDetectedV1 struct {
	AccountID ident.AccountID `json:"account_id"`
	SessionID ident.SessionID `json:"session_id"`
	At        time.Time       `json:"at"`
}

// Topic names the topic of each payload.
func (AccountRegisteredV1) Topic() string    { return "accounts.account.registered.v1" }
func (AccountDeletedV1) Topic() string       { return "accounts.account.deleted.v1" }
func (AccountRestoredV1) Topic() string      { return "accounts.account.restored.v1" }
func (AccountPurgedV1) Topic() string        { return "accounts.account.purged.v1" }
func (RoleGrantedV1) Topic() string          { return "accounts.account.role-granted.v1" }
func (PasswordChangedV1) Topic() string      { return "accounts.account.password-changed.v1" }
func (EmailVerifiedV1) Topic() string        { return "accounts.account.email-verified.v1" }
func (EmailChangedV1) Topic() string         { return "accounts.account.email-changed.v1" }
func (SessionReuseDetectedV1) Topic() string { return "accounts.session.reuse-detected.v1" }
