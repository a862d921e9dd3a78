package content

import (
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

// Schedule has the post published at a time, in place of the time that it had.
// Until then it is as hidden as a draft.
//
// It fails with ErrNotFound if the post is not the actor's or gone, with
// ErrPublished if it was published before, and with Invalid if it has no media,
// or if the time is not in the future or is more than a year away.
func (p *Post) Schedule(actor ident.AccountID, at, now time.Time) error {
	if err := p.own(actor); err != nil {
		return err
	}
	if err := p.unpublished(); err != nil {
		return err
	}
	at = at.UTC().Truncate(time.Microsecond)
	var when error
	if !at.After(now) || at.After(now.AddDate(1, 0, 0)) {
		when = fault.Invalidf("content.publish-at", "publish_at", "must be in the future, and within a year")
	}
	if err := fault.Join(p.showable(), when); err != nil {
		return err
	}
	p.r.State, p.r.PublishAt = Scheduled, at
	p.r.Version++
	return nil
}

// Unschedule makes a scheduled post a draft again; a draft is one already.
//
// It fails as Schedule does.
func (p *Post) Unschedule(actor ident.AccountID) error {
	if err := p.own(actor); err != nil {
		return err
	}
	if err := p.unpublished(); err != nil {
		return err
	}
	if p.r.State == Scheduled {
		p.r.State, p.r.PublishAt = Draft, time.Time{}
		p.r.Version++
	}
	return nil
}

// Release begins to publish a scheduled post whose time has come: it waits for
// its media, see Settle. It tells whether it did.
func (p *Post) Release(now time.Time) bool {
	if p.r.State != Scheduled || p.r.PublishAt.After(now) {
		return false
	}
	p.r.State, p.r.PublishAt = Processing, time.Time{}
	p.r.Version++
	return true
}
