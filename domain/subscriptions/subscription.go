// Package subscriptions holds who follows whom, and how a creator's posts reach
// the inboxes of those who do.
package subscriptions

import (
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

// ErrSelf is what subscribing to oneself answers.
var ErrSelf = fault.New(fault.Conflict, "subscriptions.self", "you cannot subscribe to yourself")

// Subscription is one account's following of a creator.
type Subscription struct {
	Subscriber ident.AccountID
	Creator    ident.AccountID
	Since      time.Time
	InboxFrom  time.Time // publication time from which on posts belong into the inbox
}

// Subscribed happens when a subscription begins.
type Subscribed struct{ Subscription Subscription }

// Unsubscribed happens when a subscription ends, by either side.
type Unsubscribed struct {
	Subscriber ident.AccountID
	Creator    ident.AccountID
	At         time.Time
}

// New subscribes. recent are the publication times of the creator's newest
// posts, newest first, backfill of them at most: the inbox starts with these, so
// that it is not empty on the first day, and holds everything published after.
//
// Where there are fewer, all of the creator's posts belong into the inbox: also
// one that is being published just now, and bears an earlier time than the
// subscription though nobody could see it yet.
func New(subscriber, creator ident.AccountID, recent []time.Time, backfill int, now time.Time) (Subscription, error) {
	if subscriber == creator {
		return Subscription{}, ErrSelf
	}
	s := Subscription{Subscriber: subscriber, Creator: creator, Since: now, InboxFrom: now}
	switch {
	case len(recent) < backfill:
		s.InboxFrom = time.Unix(0, 0).UTC()
	case backfill > 0:
		s.InboxFrom = recent[len(recent)-1]
	}
	return s, nil
}

// Merged tells whether a creator with so many subscribers has posts merged into
// inboxes as these are read, because writing one entry to each would take too
// long.
func Merged(subscribers, threshold int64) bool { return subscribers >= threshold }
