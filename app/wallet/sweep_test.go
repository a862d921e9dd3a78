package wallet_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/app/wallet"
	rules "github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

func (s *till) several(t *testing.T, n int, provider string) []store.TopUp {
	t.Helper()
	var tops []store.TopUp
	for i := range n {
		tops = append(tops, s.start(t, wallet.StartTopUp{PackID: "popular", Provider: provider, Key: fmt.Sprintf("key-%s-%016d", provider, i)}))
	}
	return tops
}

func TestSweepTopUps(t *testing.T) {
	t.Run("it leaves alone what was looked at a moment ago, and asks once in a while", func(t *testing.T) {
		s := openTill(t)
		s.several(t, 3, "")
		for i, step := range []struct {
			wait  time.Duration
			asked int
		}{{0, 0}, {30 * time.Second, 0}, {time.Minute, 3}, {time.Second, 0}, {time.Minute, 3}} {
			s.pass(step.wait)
			if asked := s.sweep(t); asked != step.asked {
				t.Fatalf("step %d: asked about %d, not %d", i, asked, step.asked)
			}
		}
	})
	t.Run("one that cannot be read keeps no other one waiting, nor the sweep from its end", func(t *testing.T) {
		s := openTill(t)
		tops := s.several(t, 3, "")
		for _, top := range tops {
			s.outcome(t, top, sandboxpay.Succeeded)
		}
		if _, err := s.db.Exec(t.Context(), `UPDATE top_ups SET client = 'torn' WHERE id = $1`, tops[0].ID); err != nil {
			t.Fatal(err)
		}
		s.pass(2 * time.Minute)
		if asked := s.sweep(t); asked != 2 {
			t.Errorf("asked about %d, not 2", asked)
		}
		for _, top := range tops[1:] {
			if got, err := s.TopUp(t.Context(), s.fan, top.ID); err != nil || got.Status != rules.TopUpPaid {
				t.Errorf("%+v, %v", got, err)
			}
		}
	})
	t.Run("it goes through more than fit one batch", func(t *testing.T) {
		s := openTill(t)
		tops := s.several(t, 230, "")
		for _, top := range tops {
			s.outcome(t, top, sandboxpay.Succeeded)
		}
		s.pass(2 * time.Minute)
		if asked := s.sweep(t); asked != 230 {
			t.Fatalf("asked about %d", asked)
		}
		s.holds(t, 230)
	})
	t.Run("one that fails does not keep the others from their coins", func(t *testing.T) {
		s := openTill(t)
		tops := s.several(t, 5, "")
		for _, top := range tops {
			s.outcome(t, top, sandboxpay.Succeeded)
		}
		s.wire.beforeGet = func(reference string) { s.sandbox.Controls().Away(reference == tops[0].ID.String()) }
		s.pass(2 * time.Minute)
		if asked := s.sweep(t); asked != 5 {
			t.Fatalf("asked about %d", asked)
		}
		s.is(t, tops[0], rules.TopUpAwaiting, 4)
		s.wire.beforeGet = nil
		s.sandbox.Controls().Away(false)
		s.pass(2 * time.Minute)
		s.sweep(t)
		s.is(t, tops[0], rules.TopUpPaid, 5)
	})
	t.Run("a provider that is away is soon left alone, and the other one is asked", func(t *testing.T) {
		s := openTill(t)
		second := &wire{Provider: s.sandbox, id: "second"}
		s.Market = s.market(t, packs, s.wire, second)
		s.settlements.Market = s.Market
		s.several(t, 150, "sandbox")
		paid := s.several(t, 10, "second")
		for _, top := range paid {
			s.outcome(t, top, sandboxpay.Succeeded)
		}
		asked := 0
		s.wire.beforeGet = func(string) { asked++; s.sandbox.Controls().Away(true) }
		second.beforeGet = func(string) { s.sandbox.Controls().Away(false) }
		s.pass(2 * time.Minute)
		s.sweep(t)
		if s.holds(t, 10); asked != 3 {
			t.Errorf("it was asked %d times", asked)
		}
	})
	t.Run("a provider that misses now and then is asked about all", func(t *testing.T) {
		s := openTill(t)
		s.several(t, 12, "")
		asked := 0
		s.wire.beforeGet = func(string) { asked++; s.sandbox.Controls().Away(asked%2 == 0) }
		s.pass(2 * time.Minute)
		if s.sweep(t); asked != 12 {
			t.Errorf("it was asked %d times", asked)
		}
	})
	t.Run("those that nobody was asked about come first the next time", func(t *testing.T) {
		s := openTill(t)
		s.several(t, 8, "")
		seen := map[string]int{}
		s.wire.beforeGet = func(reference string) { seen[reference]++; s.sandbox.Controls().Away(true) }
		for range 2 {
			s.pass(2 * time.Minute)
			s.sweep(t)
		}
		if len(seen) != 6 {
			t.Fatalf("%d of 8 were asked about in two sweeps of three", len(seen))
		}
	})
	t.Run("it stops when it is told to", func(t *testing.T) {
		s := openTill(t)
		s.several(t, 3, "")
		s.pass(2 * time.Minute)
		ctx, stop := context.WithCancel(t.Context())
		asked := 0
		s.wire.beforeGet = func(string) { asked++; stop() }
		if _, err := s.settlements.SweepTopUps(ctx); !errors.Is(err, context.Canceled) || asked != 1 || s.log.Len() != 0 {
			t.Fatalf("it asked %d times, %v, and says %s", asked, err, s.log)
		}
	})
}
