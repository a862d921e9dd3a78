package subscriptions_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
)

func TestWhereAnInboxBegins(t *testing.T) {
	fan, creator := ident.AccountID{1}, ident.AccountID{2}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	recent := []time.Time{now.Add(-time.Hour), now.Add(-2 * time.Hour), now.Add(-3 * time.Hour)}
	for name, c := range map[string]struct {
		recent   []time.Time
		backfill int
		want     time.Time
	}{
		"with the oldest of the posts that it is filled with":     {recent, 3, recent[2]},
		"with all posts where there are fewer":                    {recent, 4, time.Unix(0, 0).UTC()},
		"with all posts where there is none, though one may come": {nil, 4, time.Unix(0, 0).UTC()},
		"with what is published after, if it is not filled":       {nil, 0, now},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := subscriptions.New(fan, creator, c.recent, c.backfill, now)
			if want := (subscriptions.Subscription{Subscriber: fan, Creator: creator, Since: now, InboxFrom: c.want}); err != nil || s != want {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
	t.Run("nobody subscribes to himself", func(t *testing.T) {
		if _, err := subscriptions.New(fan, fan, recent, 3, now); !errors.Is(err, subscriptions.ErrSelf) {
			t.Error(err)
		}
	})
}
