package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

// Sessions keeps who is signed in where, and the digests of refresh tokens.
type Sessions interface {
	// Insert stores a new session with its first refresh token.
	Insert(ctx context.Context, s *accounts.Session) error

	// Lock reads a session to change it; accounts.ErrSessionNotFound.
	Lock(ctx context.Context, id ident.SessionID) (*accounts.Session, error)

	// LockByToken reads, to change it, the session that a refresh token belongs
	// to, with that token as the presented one; accounts.ErrRefreshToken if
	// the token is unknown. Two calls for one session wait for each other,
	// whichever of its tokens they are for.
	LockByToken(ctx context.Context, hash [32]byte) (*accounts.Session, error)

	// Save stores a changed session that was read with one of the Locks, and
	// what became of its refresh tokens. A token that was issued before stays as
	// it is.
	Save(ctx context.Context, s *accounts.Session) error

	// EndAll ends the account's live sessions but one; none is spared if that
	// is zero.
	EndAll(ctx context.Context, account ident.AccountID, but ident.SessionID, why accounts.Ending, now time.Time) error

	// DeleteAll drops the account's sessions.
	DeleteAll(ctx context.Context, account ident.AccountID) error

	// DropSessions drops at most limit sessions that were over before a time,
	// and tells how many.
	DropSessions(ctx context.Context, before time.Time, limit int) (int64, error)

	// DropTokens drops at most limit refresh tokens that were issued before a
	// time, and tells how many.
	DropTokens(ctx context.Context, before time.Time, limit int) (int64, error)
}

// Devices reads sessions for those who look at them.
type Devices interface {
	// Standing tells what a live session of a live account is good for;
	// accounts.ErrSessionEnded if it has ended, or its account was deleted.
	// That it expired is for the caller to see.
	Standing(ctx context.Context, id ident.SessionID) (Standing, error)

	// Proved tells when whoever holds a live session of a live account last
	// proved who he is; accounts.ErrSessionEnded as with Standing.
	Proved(ctx context.Context, id ident.SessionID) (time.Time, error)

	// Familiar tells whether the account has signed in from a network before,
	// as long as that is remembered, and did not disown the session: end it from
	// another one, or with a new password.
	Familiar(ctx context.Context, account ident.AccountID, network string) (bool, error)

	// Live lists the account's sessions that are not over, the newest first.
	Live(ctx context.Context, account ident.AccountID, now time.Time, page Page) (List[*Device], error)
}

// Standing is what a session is good for.
type Standing struct {
	Account   ident.AccountID
	Role      accounts.Role
	ExpiresAt time.Time
}

// Device is a session as its owner sees it.
type Device struct {
	ID         ident.SessionID `json:"id" format:"uuid"`
	UserAgent  string          `json:"user_agent" doc:"What the program that signed in calls itself"`
	Address    string          `json:"address" doc:"IP address that it signed in from"`
	CreatedAt  time.Time       `json:"created_at"`
	LastSeenAt time.Time       `json:"last_seen_at" doc:"When it was last refreshed"`
	ExpiresAt  time.Time       `json:"expires_at" doc:"When it ends unless it is refreshed"`
	Current    bool            `json:"current" doc:"It is the session that asks"`
}
