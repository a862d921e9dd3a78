package subscriptions_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
)

var (
	now  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ids  = ident.NewSource(func() time.Time { return now }, rand.Reader)
	fan  = ident.New[ident.AccountID](ids)
	hana = ident.New[ident.AccountID](ids)
)

func TestNew(t *testing.T) {
	t.Run("an inbox begins with the newest posts that the creator has", func(t *testing.T) {
		recent := []time.Time{now.Add(-time.Hour), now.Add(-2 * time.Hour), now.Add(-72 * time.Hour)}
		s, err := subscriptions.New(fan, hana, recent, 3, now)
		if err != nil || !s.InboxFrom.Equal(recent[2]) || !s.Since.Equal(now) {
			t.Errorf("%+v, %v", s, err)
		}
	})
	t.Run("with a creator who has fewer, it holds them all, and what is being published at this moment", func(t *testing.T) {
		if s, err := subscriptions.New(fan, hana, []time.Time{now.Add(-time.Hour)}, 3, now); err != nil || !s.InboxFrom.Before(now.AddDate(-10, 0, 0)) {
			t.Errorf("%+v, %v", s, err)
		}
	})
	t.Run("without a backfill it begins now", func(t *testing.T) {
		if s, err := subscriptions.New(fan, hana, nil, 0, now); err != nil || !s.InboxFrom.Equal(now) {
			t.Errorf("%+v, %v", s, err)
		}
	})
	t.Run("nobody subscribes to himself", func(t *testing.T) {
		if _, err := subscriptions.New(fan, fan, nil, 3, now); !errors.Is(err, subscriptions.ErrSelf) {
			t.Error(err)
		}
	})
}

func TestMerged(t *testing.T) {
	for subscribers, want := range map[int64]bool{0: false, 9_999: false, 10_000: true, 10_001: true} {
		if got := subscriptions.Merged(subscribers, 10_000); got != want {
			t.Errorf("%d subscribers: %v", subscribers, got)
		}
	}
}
