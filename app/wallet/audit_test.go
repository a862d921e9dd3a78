package wallet_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

// turns are the turns that were had.
type turns map[ident.EventID]bool

func (t turns) Consume(_ context.Context, _ string, ids ...ident.EventID) (fresh []ident.EventID, _ error) {
	for _, id := range ids {
		if !t[id] {
			fresh = append(fresh, id)
		}
		t[id] = true
	}
	return fresh, nil
}

// book is a ledger of which only the balance matters.
type book struct {
	store.Wallets
	balance store.TrialBalance
	err     error
}

func (b *book) TrialBalance(context.Context) (store.TrialBalance, error) { return b.balance, b.err }

func TestAudit(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 59, 0, 0, time.UTC)
	b := &book{balance: store.TrialBalance{
		Lines:    []store.TrialLine{{Account: "a", Asset: "KRW", Balance: 5}, {Account: "b", Asset: "KRW", Balance: -5}, {Account: "c", Asset: "COIN", Balance: 3}},
		Problems: []string{"COIN does not add up to zero"},
	}}
	had := turns{}
	var reports []wallet.Audited
	var log strings.Builder
	process := func() *wallet.Audit {
		return &wallet.Audit{
			Wallets: b, Turns: had, Now: func() time.Time { return at }, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Report: func(found wallet.Audited) { reports = append(reports, found) },
		}
	}
	one, other := process(), process()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	t.Run("what is wrong is reported and logged", func(t *testing.T) {
		must(one.Run(t.Context()))
		want := []wallet.Audited{{At: at, Problems: b.balance.Problems, Imbalance: map[rules.Asset]int64{"KRW": 0, "COIN": 3}}}
		if diff := cmp.Diff(want, reports); diff != "" {
			t.Error(diff)
		}
		if !strings.Contains(log.String(), "COIN does not add up to zero") {
			t.Error(log.String())
		}
	})
	t.Run("the hour's audit is made once among all processes", func(t *testing.T) {
		must(one.Run(t.Context()))
		must(other.Run(t.Context()))
		if len(reports) != 1 {
			t.Errorf("%d audits", len(reports))
		}
	})
	t.Run("in the next hour whoever comes first makes it", func(t *testing.T) {
		at = at.Add(2 * time.Minute)
		must(other.Run(t.Context()))
		must(one.Run(t.Context()))
		if len(reports) != 2 {
			t.Errorf("%d audits", len(reports))
		}
	})
	t.Run("a ledger that cannot be read is not reported as right", func(t *testing.T) {
		at, b.err = at.Add(time.Hour), errors.New("away")
		if err := one.Run(t.Context()); !errors.Is(err, b.err) || len(reports) != 2 {
			t.Error(err, len(reports))
		}
	})
}
