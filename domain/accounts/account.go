// Package accounts holds the people who use the server: what they are called,
// how long they can come back after leaving, and the sessions in which they are
// signed in. It compares no passwords: hashes are opaque here.
package accounts

import (
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/text"
)

// Limits of a profile, in characters.
const (
	MaxDisplayName = 50
	MaxBio         = 500
)

// Profile is what somebody shows to others, and may change.
type Profile struct {
	Handle      string
	DisplayName string // the handle when it is left empty
	Bio         string
	Avatar      ident.MediaID
}

// Account is one person's account.
type Account struct {
	r      Record
	events []any
}

// Record is an account laid open, for storage.
type Record struct {
	ID    ident.AccountID
	Email Email
	Profile
	EmailVerifiedAt time.Time // when mail was found to arrive at Email; zero: it was not
	PendingEmail    string    // what is to take the place of Email once mail is found to arrive there
	PasswordHash    string
	Role            Role
	Version         int64 // of what its owner sees
	CreatedAt       time.Time
	DeletedAt       time.Time
	PurgeAt         time.Time // of a deleted account: when it can come back no more
	PurgedAt        time.Time
}

// Application is what somebody writes who wants an account.
type Application struct {
	Email       string
	Password    string
	Handle      string
	DisplayName string
}

// Check returns the application in the form that it is kept in, or every fault
// that it has at once.
func (a Application) Check() (Email, Profile, error) {
	email, emailErr := ParseEmail(a.Email)
	profile, profileErr := Profile{Handle: a.Handle, DisplayName: a.DisplayName}.check("")
	return email, profile, fault.Join(emailErr, CheckPassword("password", a.Password), profileErr)
}

// Register makes an account of what Application.Check returned and a hash of
// the password.
func Register(id ident.AccountID, email Email, p Profile, passwordHash string, now time.Time) *Account {
	a := &Account{r: Record{
		ID: id, Email: email, Profile: p, PasswordHash: passwordHash, Role: Member, Version: 1, CreatedAt: now,
	}}
	a.events = append(a.events, Registered{Account: id, Handle: p.Handle, At: now})
	return a
}

// RestoreAccount makes an account of what storage holds.
func RestoreAccount(r Record) *Account { return &Account{r: r} }

// Record lays the account open.
func (a *Account) Record() Record { return a.r }

// ID is the account's id.
func (a *Account) ID() ident.AccountID { return a.r.ID }

// Events drains what happened since the account was made or restored.
func (a *Account) Events() []any {
	events := a.events
	a.events = nil
	return events
}

// Live tells whether the account is there for anybody to see.
func (a *Account) Live() bool { return a.r.DeletedAt.IsZero() }

// Edit replaces the profile. Whether the avatar may be shown is for the caller
// to find out.
//
// It fails with ErrNotFound if the account was deleted and with Invalid for
// every bad field.
func (a *Account) Edit(p Profile) error {
	if !a.Live() {
		return ErrNotFound
	}
	p, err := p.check(a.r.Handle)
	if err != nil {
		return err
	}
	if p != a.r.Profile {
		a.r.Profile = p
		a.r.Version++
	}
	return nil
}

// check returns the profile in the form that it is kept in, or every fault that
// it has. Who has a handle keeps it, though it became reserved since.
func (p Profile) check(held string) (Profile, error) {
	handle, handleErr := ParseHandle(p.Handle)
	if handle != held {
		handle, handleErr = claimHandle(p.Handle)
	}
	name, nameErr := text.Line("display_name", p.DisplayName, MaxDisplayName)
	if name == "" {
		name = handle
	}
	bio, bioErr := text.Block("bio", p.Bio, MaxBio)
	return Profile{Handle: handle, DisplayName: name, Bio: bio, Avatar: p.Avatar}, fault.Join(handleErr, nameErr, bioErr)
}

// ChangePassword takes the hash of a new password. Every session but the one
// that it was changed in is to be ended.
func (a *Account) ChangePassword(hash string, in ident.SessionID, now time.Time) error {
	if !a.Live() {
		return ErrNotFound
	}
	a.r.PasswordHash = hash
	a.stay()
	a.events = append(a.events, PasswordChanged{Account: a.r.ID, Session: in, At: now})
	return nil
}

// Rehash takes another hash of the same password.
func (a *Account) Rehash(hash string) { a.r.PasswordHash = hash }

// Grant gives the account a role.
func (a *Account) Grant(role Role, now time.Time) error {
	if !a.Live() {
		return ErrNotFound
	}
	if role == a.r.Role {
		return nil
	}
	a.r.Role = role
	a.r.Version++
	a.events = append(a.events, RoleGranted{Account: a.r.ID, Role: role, At: now})
	return nil
}
