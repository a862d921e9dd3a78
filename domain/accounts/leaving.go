package accounts

import "time"

// Delete takes the account away. Until its grace is over, signing in brings it
// back. Its sessions are to be ended.
func (a *Account) Delete(grace time.Duration, now time.Time) error {
	if !a.Live() {
		return ErrNotFound
	}
	a.r.DeletedAt, a.r.PurgeAt = now, now.Add(grace)
	a.r.Version++
	a.events = append(a.events, Deleted{Account: a.r.ID, PurgeAt: a.r.PurgeAt, At: now})
	return nil
}

// Return is what signing in does to an account: nothing, as a rule; one that
// was deleted comes back while its grace lasts. It fails with ErrBadCredentials
// after that, so that nobody learns that there was one.
func (a *Account) Return(now time.Time) error {
	switch {
	case a.Live():
		return nil
	case !now.Before(a.r.PurgeAt): // which is zero for a purged account
		return ErrBadCredentials
	}
	a.r.DeletedAt, a.r.PurgeAt = time.Time{}, time.Time{}
	a.r.Version++
	a.events = append(a.events, Restored{Account: a.r.ID, At: now})
	return nil
}

// Purge overwrites everything personal once the grace is over, and tells
// whether it did. Address and handle become free for others: what stands in
// their place has the form of neither. The account stays as a name for what
// must be kept, such as the journal. Its sessions are to be deleted.
func (a *Account) Purge(now time.Time) bool {
	if a.Live() || !a.r.PurgedAt.IsZero() || now.Before(a.r.PurgeAt) {
		return false
	}
	a.r.Email = Email{Key: "purged:" + a.r.ID.String()}
	a.r.Profile = Profile{Handle: "deleted-" + a.r.ID.String()}
	a.r.EmailVerifiedAt, a.r.PendingEmail = time.Time{}, ""
	a.r.PasswordHash, a.r.Role = "", Member
	a.r.PurgeAt, a.r.PurgedAt = time.Time{}, now
	a.r.Version++
	a.events = append(a.events, Purged{Account: a.r.ID, At: now})
	return true
}
