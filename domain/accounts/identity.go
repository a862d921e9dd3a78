package accounts

import (
	"strings"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/text"
)

// MaxIdentities is how many identities one account may have.
const MaxIdentities = 10

// Identity is somebody as an identity provider knows them, and whose account
// they sign in to by that. It is linked or not, and never changes.
type Identity struct {
	ID       ident.IdentityID
	Account  ident.AccountID
	Provider string // by its name in the configuration of this server
	Issuer   string // with Subject, who it is, for good
	Subject  string
	Email    string // that the issuer told when it was linked, for its owner to recognise it by
	LinkedAt time.Time
}

// Introduction is what an identity provider says of somebody.
type Introduction struct {
	Provider      string
	Issuer        string
	Subject       string
	Email         string
	EmailVerified bool // the provider knows that the address is theirs
	Name          string
}

// Faults of identities.
var (
	ErrIdentityNotFound  = fault.New(fault.NotFound, "accounts.identity-not-found", "there is no such identity")
	ErrIdentityTaken     = fault.New(fault.Conflict, "accounts.identity-taken", "this identity belongs to another account")
	ErrTooManyIdentities = fault.New(fault.Conflict, "accounts.too-many-identities", "the account has as many identities as it may have; unlink one first")
	ErrLinkSignInFirst   = fault.New(fault.Conflict, "accounts.link-sign-in-first", "there is an account with this e-mail address; sign in to it as you did before, and link the identity there")
	ErrNoAddress         = fault.New(fault.Conflict, "accounts.no-address", "the identity provider told no e-mail address, without which there is no account")
	ErrNoProof           = fault.New(fault.Forbidden, "accounts.no-proof", "the identity provider does not say that you have just proved who you are; use your password")
	ErrLastSignIn        = fault.New(fault.Conflict, "accounts.last-sign-in", "this is the only way to sign in to the account; set a password first")
)

// Application is what the introduction makes of somebody who has no account:
// an address, and a profile under a handle. It fails with ErrNoAddress.
func (in Introduction) Application(handle string) (Email, Profile, error) {
	email, err := ParseEmail(in.Email)
	if err != nil {
		return Email{}, Profile{}, ErrNoAddress.Because(err)
	}
	profile, err := Profile{Handle: handle, DisplayName: in.displayName()}.check("")
	return email, profile, err
}

// displayName is as much of the name as can be one; the handle, if that is nothing.
func (in Introduction) displayName() string {
	name, err := text.Line("display_name", printable(in.Name, MaxDisplayName), MaxDisplayName)
	if err != nil {
		return ""
	}
	return name
}

// Handle is what somebody may be called here: by their name, as far as it can
// be a handle, or else by their address, with a suffix for when that is taken.
func (in Introduction) Handle(suffix string) string {
	const room = 30 - len("_") - 6 // for the suffix
	local, _, _ := strings.Cut(in.Email, "@")
	base := "member"
	for _, candidate := range []string{in.Name, local} {
		folded := foldHandle(candidate)
		folded = strings.Trim(folded[:min(len(folded), room)], "_")
		if _, err := claimHandle(folded); err == nil {
			base = folded
			break
		}
	}
	if suffix == "" {
		return base
	}
	return base + "_" + suffix
}

// foldHandle keeps letters a to z and digits, and a line for what is between them.
func foldHandle(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(s) {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(r)
	}
	return b.String()
}

// RegisterIntroduced makes an account, without a password, of what
// Introduction.Application returned.
func RegisterIntroduced(id ident.AccountID, email Email, p Profile, in Introduction, now time.Time) *Account {
	a := Register(id, email, p, "", now)
	if in.EmailVerified {
		a.arrived(now)
	}
	return a
}

// Recognise tells whether the account is beyond doubt that of who is introduced
// with its address: both the provider and this server have found the address to
// be theirs. It fails with ErrLinkSignInFirst if one has not, for then somebody
// may have taken an address that he cannot read, to wait for its owner.
func (a *Account) Recognise(in Introduction) error {
	email, err := ParseEmail(in.Email)
	if err != nil || email.Key != a.r.Email.Key || !in.EmailVerified || a.r.EmailVerifiedAt.IsZero() {
		return ErrLinkSignInFirst
	}
	return nil
}

// Link gives the account another way to sign in. has is how many identities it
// has. It fails with ErrNotFound if the account was deleted, and with
// ErrTooManyIdentities.
func (a *Account) Link(id ident.IdentityID, in Introduction, has int, now time.Time) (Identity, error) {
	if !a.Live() {
		return Identity{}, ErrNotFound
	}
	if has >= MaxIdentities {
		return Identity{}, ErrTooManyIdentities
	}
	i := Identity{
		ID: id, Account: a.r.ID, Provider: in.Provider, Issuer: in.Issuer, Subject: in.Subject,
		Email: printable(in.Email, MaxEmail), LinkedAt: now,
	}
	a.events = append(a.events, IdentityLinked{Account: a.r.ID, Identity: id, Provider: in.Provider, At: now})
	return i, nil
}

// Unlink takes one of the account's identities away. It fails with
// ErrIdentityNotFound if the identity is another account's, and with
// ErrLastSignIn if there were no way left to sign in.
func (a *Account) Unlink(i Identity, has int, now time.Time) error {
	switch {
	case !a.Live():
		return ErrNotFound
	case i.Account != a.r.ID:
		return ErrIdentityNotFound
	case a.r.PasswordHash == "" && has <= 1:
		return ErrLastSignIn
	}
	a.events = append(a.events, IdentityUnlinked{Account: a.r.ID, Identity: i.ID, Provider: i.Provider, At: now})
	return nil
}

// UnlinkAll takes the account's identities away, though it may have no other way
// to sign in: it is about to be given one.
func (a *Account) UnlinkAll(all []Identity, now time.Time) {
	for _, i := range all {
		a.events = append(a.events, IdentityUnlinked{Account: a.r.ID, Identity: i.ID, Provider: i.Provider, At: now})
	}
}
