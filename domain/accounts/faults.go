package accounts

import "github.com/sajin-sns/sajin/domain/fault"

// Faults of accounts. An account that was deleted, and somebody else's session,
// answer as if there were none.
var (
	ErrNotFound        = fault.New(fault.NotFound, "accounts.not-found", "there is no such account")
	ErrEmailTaken      = fault.New(fault.Conflict, "accounts.email-taken", "there is an account with this e-mail address already")
	ErrHandleTaken     = fault.New(fault.Conflict, "accounts.handle-taken", "this handle is taken; choose another one")
	ErrEmailVerified   = fault.New(fault.Conflict, "accounts.email-verified", "your e-mail address is verified already")
	ErrNotThisAddress  = fault.New(fault.NotFound, "accounts.link-invalid", "this link was used before, has expired, or never was one; ask for a new one")
	ErrStale           = fault.New(fault.PreconditionFail, "accounts.stale", "the account was changed meanwhile; read it again")
	ErrAvatar          = fault.Invalidf("accounts.avatar", "avatar_media_id", "must be a medium of your own that was uploaded as an avatar and is ready")
	ErrWrongPassword   = fault.Invalidf("accounts.wrong-password", "current_password", "is not your password")
	ErrNotThePassword  = fault.Invalidf("accounts.wrong-password", "password", "is not your password")
	ErrNoPassword      = fault.New(fault.Conflict, "accounts.no-password", "this account has no password; set one with a password reset")
	ErrTooManyAttempts = fault.New(fault.RateLimited, "accounts.too-many-attempts", "too many attempts; try again later")
	ErrBadCredentials  = fault.New(fault.Unauthenticated, "accounts.bad-credentials", "the e-mail address or the password is not right")
)

// Faults of sessions.
var (
	ErrSessionNotFound = fault.New(fault.NotFound, "accounts.session-not-found", "there is no such session")
	ErrSessionEnded    = fault.New(fault.Unauthenticated, "accounts.session-ended", "this session has ended; sign in again")
	ErrRefreshToken    = fault.New(fault.Unauthenticated, "accounts.refresh-invalid", "the refresh token is not valid, or not any more; sign in again")
	ErrStepUpRequired  = fault.New(fault.Forbidden, "accounts.step-up-required", "this needs you to have proved lately who you are: give your password again, or sign in again")
	ErrRefreshReused   = fault.New(fault.Unauthenticated, "accounts.refresh-reused", "the refresh token was used before, so the session was ended; sign in again")
)
