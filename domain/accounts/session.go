package accounts

import (
	"strings"
	"time"
	"unicode"

	"github.com/sajin-sns/sajin/domain/ident"
)

// Rules of sessions.
const (
	MaxSession = 180 * 24 * time.Hour // from signing in, however often it is refreshed
	ReuseGrace = 30 * time.Second     // within which a used refresh token is taken for a lost answer or a second tab
	MaxAgent   = 200                  // characters of a user agent
)

// Ending is why a session is over.
type Ending string

// The endings of sessions. One that expired has none of them.
const (
	EndedSignOut         Ending = "sign-out"
	EndedRevoked         Ending = "revoked" // from another session of the account
	EndedReuse           Ending = "reuse"
	EndedPasswordChanged Ending = "password-changed"
	EndedDeleted         Ending = "account-deleted"
)

// Device is what a session was opened with, so that its owner recognises it.
type Device struct {
	UserAgent string
	Address   string
}

// Clean keeps what can be shown of a device: printable characters, not too many.
func (d Device) Clean() Device {
	return Device{UserAgent: printable(d.UserAgent, MaxAgent), Address: printable(d.Address, 64)}
}

func printable(s string, limit int) string {
	kept := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, s)))
	return string(kept[:min(len(kept), limit)])
}

// RefreshToken is one link of a session's chain of refresh tokens. The token
// itself is with its holder alone.
type RefreshToken struct {
	Hash     [32]byte
	IssuedAt time.Time
	UsedAt   time.Time // the first time
}

// Session is one device that an account is signed in on.
type Session struct {
	r      SessionRecord
	events []any
}

// SessionRecord is a session laid open, for storage. Of its refresh tokens it
// holds those that the change at hand is about.
type SessionRecord struct {
	ID      ident.SessionID
	Account ident.AccountID
	Device
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
	EndedAt    time.Time
	EndedWhy   Ending
	ProvedAt   time.Time    // when its holder last proved who he is, as by signing in
	Presented  RefreshToken // the one that somebody showed; zero: none was
	Issued     RefreshToken // the newest one; zero: none was made
}

// OpenSession signs an account in, with its first refresh token, for ttl.
func OpenSession(id ident.SessionID, account ident.AccountID, d Device, token [32]byte, ttl time.Duration, now time.Time) *Session {
	s := &Session{r: SessionRecord{ID: id, Account: account, Device: d.Clean(), CreatedAt: now, ProvedAt: now}}
	s.issue(token, ttl, now)
	return s
}

// RestoreSession makes a session of what storage holds.
func RestoreSession(r SessionRecord) *Session { return &Session{r: r} }

// Record lays the session open.
func (s *Session) Record() SessionRecord { return s.r }

// Events drains what happened since the session was opened or restored.
func (s *Session) Events() []any {
	events := s.events
	s.events = nil
	return events
}

// Live tells whether the session's tokens are good at a time.
func (s *Session) Live(now time.Time) bool {
	return s.r.EndedAt.IsZero() && now.Before(s.r.ExpiresAt)
}

// Refresh uses the presented refresh token, and issues next in its place.
//
// A token that was used before is good once more, and again, within ReuseGrace
// of the first time: two tabs may have sent it, or the answer was lost. After
// that somebody has a copy of it, and nobody can say who of the two is the
// owner: Refresh ends the session, which is to be saved, and fails with
// ErrRefreshReused. It fails with ErrRefreshToken, and changes nothing, if the
// session is over or the token is older than ttl.
func (s *Session) Refresh(next [32]byte, ttl time.Duration, now time.Time) error {
	if !s.Live(now) {
		return ErrRefreshToken
	}
	used := s.r.Presented.UsedAt
	if !used.IsZero() && now.Sub(used) > ReuseGrace {
		s.end(EndedReuse, now)
		s.events = append(s.events, SessionReuseDetected{Account: s.r.Account, Session: s.r.ID, At: now})
		return ErrRefreshReused
	}
	if !now.Before(s.r.Presented.IssuedAt.Add(ttl)) {
		return ErrRefreshToken
	}
	if used.IsZero() {
		s.r.Presented.UsedAt = now
	}
	s.issue(next, ttl, now)
	return nil
}

func (s *Session) issue(token [32]byte, ttl time.Duration, now time.Time) {
	s.r.Issued = RefreshToken{Hash: token, IssuedAt: now}
	s.r.LastSeenAt, s.r.ExpiresAt = now, now.Add(ttl)
	if last := s.r.CreatedAt.Add(MaxSession); s.r.ExpiresAt.After(last) {
		s.r.ExpiresAt = last
	}
}

// Prove records that whoever holds the session has proved to be its owner again.
// It fails with ErrSessionEnded if the session is not the actor's or is over.
func (s *Session) Prove(actor ident.AccountID, now time.Time) error {
	if s.r.Account != actor || !s.Live(now) {
		return ErrSessionEnded
	}
	s.r.ProvedAt = now
	return nil
}

// SignedInAt says that the proof with which a new session was opened is older
// than it: somebody was signed in at an identity provider already. The zero time
// is that of a provider that does not say, and proves nothing.
func (s *Session) SignedInAt(proof time.Time) {
	switch {
	case proof.IsZero():
		s.r.ProvedAt = time.Unix(0, 0).UTC()
	case proof.Before(s.r.ProvedAt):
		s.r.ProvedAt = proof
	}
}

// End signs the account out of the session. It fails with ErrSessionNotFound if
// the session is not the actor's or is over already.
func (s *Session) End(actor ident.AccountID, why Ending, now time.Time) error {
	if s.r.Account != actor || !s.Live(now) {
		return ErrSessionNotFound
	}
	s.end(why, now)
	return nil
}

// end also brings the expiry forward, which is how old sessions are found.
func (s *Session) end(why Ending, now time.Time) {
	s.r.EndedAt, s.r.EndedWhy, s.r.ExpiresAt = now, why, now
}
