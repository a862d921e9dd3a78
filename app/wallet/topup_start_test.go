package wallet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	rules "github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/ports/store"
)

func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestStartTopUp(t *testing.T) {
	t.Run("the answer is what the page needs to pay", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		if top.Status != rules.TopUpAwaiting || top.Provider != "sandbox" || top.ProviderRef == "" || top.Client["pay_url"] == "" ||
			top.PackID != "popular" || top.Coins != 500 || top.Bonus != 50 || top.Price != (store.Price{Amount: 5000, Currency: "KRW"}) ||
			top.ExpiresAt.Sub(top.CreatedAt) != ttl {
			t.Fatalf("%+v", top)
		}
		again, err := s.TopUp(t.Context(), s.fan, top.ID)
		if err != nil || encoded(t, again) != encoded(t, top) {
			t.Fatalf("it reads as %s (%v), not %s", encoded(t, again), err, encoded(t, top))
		}
		p, err := s.sandbox.Get(t.Context(), top.ProviderRef, "")
		if err != nil || p.Reference != top.ID.String() || p.Amount != (money.Amount{Minor: 5000, Currency: "KRW"}) {
			t.Fatalf("the provider has %+v, %v", p, err)
		}
	})
	t.Run("the same key again answers the same, whatever became of it since", func(t *testing.T) {
		s := openTill(t)
		first := encoded(t, s.start(t, popular))
		for range 3 {
			again, replayed, err := s.StartTopUp(t.Context(), s.fan, popular)
			if err != nil || !replayed || encoded(t, again) != first {
				t.Fatalf("%s, %t, %v: not %s", encoded(t, again), replayed, err, first)
			}
			s.outcome(t, again, sandboxpay.Succeeded)
			s.confirm(t, again)
			s.pass(24 * time.Hour)
		}
		if n := s.count(t, `SELECT count(*) FROM top_ups`); n != 1 {
			t.Fatalf("there are %d top-ups", n)
		}
	})
	t.Run("the same key for something else is refused", func(t *testing.T) {
		s := openTill(t)
		s.start(t, popular)
		for _, in := range []wallet.StartTopUp{{PackID: "starter", Key: popular.Key}, {PackID: "popular", Provider: "sandbox", Key: popular.Key}} {
			_, _, err := s.StartTopUp(t.Context(), s.fan, in)
			wants(t, err, store.ErrKeyReused)
		}
	})
	t.Run("another key, or another account, is another top-up", func(t *testing.T) {
		s := openTill(t)
		a, b := s.start(t, popular), s.start(t, wallet.StartTopUp{PackID: "popular", Key: "key-0000000000000002"})
		c, replayed, err := s.StartTopUp(t.Context(), ident.AccountID{1}, popular)
		if err != nil || replayed || a.ID == b.ID || a.ID == c.ID {
			t.Fatal(a.ID, b.ID, c.ID, replayed, err)
		}
	})
	t.Run("what is not on offer leaves no trace, and its key can be used", func(t *testing.T) {
		s := openTill(t)
		_, _, err := s.StartTopUp(t.Context(), s.fan, wallet.StartTopUp{PackID: "gone", Key: popular.Key})
		wants(t, err, rules.ErrUnknownPack)
		_, _, err = s.StartTopUp(t.Context(), s.fan, wallet.StartTopUp{PackID: "popular", Provider: "nobody", Key: popular.Key})
		if fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		s.start(t, popular)
	})
	t.Run("only so many may be open at once, and a paid one makes room", func(t *testing.T) {
		s := openTill(t)
		s.MaxOpen = 2
		first := s.start(t, popular)
		s.start(t, wallet.StartTopUp{PackID: "popular", Key: "key-0000000000000008"})
		third := wallet.StartTopUp{PackID: "popular", Key: "key-0000000000000009"}
		if _, _, err := s.StartTopUp(t.Context(), s.fan, third); !errors.Is(err, rules.ErrTooManyTopUps) {
			t.Fatal(err)
		}
		s.outcome(t, first, sandboxpay.Succeeded)
		s.confirm(t, first)
		s.start(t, third)
	})
	t.Run("twenty requests with one key make one top-up and one payment", func(t *testing.T) {
		onBoth(t, func(t *testing.T, s *till) {
			var mu sync.Mutex
			answers := map[string]int{}
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					top, _, err := s.StartTopUp(t.Context(), s.fan, popular)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						answers[encoded(t, top)]++
					case !errors.Is(err, store.ErrKeyRunning):
						t.Error(err)
					}
				})
			}
			all.Wait()
			if n := s.count(t, `SELECT count(*) FROM top_ups`); n != 1 || len(answers) != 1 {
				t.Fatalf("%d top-ups, answers %v", n, answers)
			}
		})
	})
}

func TestStartTopUpHalfWay(t *testing.T) {
	t.Run("while the first request waits for the provider, the same key hears so", func(t *testing.T) {
		s := openTill(t)
		waiting, goOn := make(chan struct{}), make(chan struct{})
		s.wire.beforeStart = func() { close(waiting); <-goOn }
		var first store.TopUp
		var both sync.WaitGroup
		both.Go(func() { first = s.start(t, popular) })
		<-waiting
		for _, wait := range []time.Duration{0, 2 * time.Minute} { // the same process knows, however long it takes
			s.pass(wait)
			_, _, err := s.StartTopUp(t.Context(), s.fan, popular)
			wants(t, err, store.ErrKeyRunning)
		}
		close(goOn)
		both.Wait()
		s.wire.beforeStart = nil
		again, replayed, err := s.StartTopUp(t.Context(), s.fan, popular)
		if err != nil || !replayed || encoded(t, again) != encoded(t, first) {
			t.Fatal(again, replayed, err)
		}
	})
	for when, hook := range map[string]func(*wire, func()){
		"before the provider was called":     func(w *wire, die func()) { w.beforeStart = die },
		"before its answer was written down": func(w *wire, die func()) { w.afterStart = die },
	} {
		t.Run("a process that died "+when+" is followed by the same key after a minute", func(t *testing.T) {
			s := openTill(t)
			hook(s.wire, func() { panic("the process dies") })
			func() {
				defer func() {
					if recover() == nil {
						t.Error("it lives")
					}
				}()
				_, _, _ = s.StartTopUp(t.Context(), s.fan, popular)
			}()
			hook(s.wire, nil)
			_, _, err := s.StartTopUp(t.Context(), s.fan, popular)
			wants(t, err, store.ErrKeyRunning)
			s.pass(time.Minute)
			top := s.start(t, popular)
			s.is(t, top, rules.TopUpAwaiting, 0)
			if n := s.count(t, `SELECT count(*) FROM top_ups`); n != 1 || s.count(t, `SELECT count(*) FROM sandbox_payments`) != 1 {
				t.Fatalf("there are %d top-ups", n)
			}
			s.outcome(t, top, sandboxpay.Succeeded)
			s.confirm(t, top)
			s.is(t, top, rules.TopUpPaid, 1)
		})
	}
	t.Run("a process that was taken for dead gives the answer of the one that took over", func(t *testing.T) {
		s := openTill(t)
		other := newTill(t, s.db)
		other.fan = s.fan
		other.pass(2 * time.Minute)
		var taken store.TopUp
		s.wire.afterStart = func() { // it hangs for two minutes
			taken = other.start(t, popular)
			other.outcome(t, taken, sandboxpay.Succeeded)
			other.confirm(t, taken)
		}
		if late := s.start(t, popular); encoded(t, late) != encoded(t, taken) {
			t.Errorf("%s, not %s", encoded(t, late), encoded(t, taken))
		}
		other.is(t, taken, rules.TopUpPaid, 1)
	})
	t.Run("an answer that was lost is heard with the same key, at once", func(t *testing.T) {
		s := openTill(t)
		s.sandbox.Controls().LoseAnswers(1)
		_, _, err := s.StartTopUp(t.Context(), s.fan, popular)
		wants(t, err, wallet.ErrProviderAway)
		top := s.start(t, popular)
		if n := s.count(t, `SELECT count(*) FROM sandbox_payments`); n != 1 || top.Client["pay_url"] == "" {
			t.Fatalf("%d payments, %+v", n, top)
		}
	})
	t.Run("so is one of a provider that was away", func(t *testing.T) {
		s := openTill(t)
		s.sandbox.Controls().Away(true)
		for range 3 {
			_, _, err := s.StartTopUp(t.Context(), s.fan, popular)
			wants(t, err, wallet.ErrProviderAway)
			if fault.KindOf(err) != fault.Unavailable {
				t.Fatal(err)
			}
		}
		s.sandbox.Controls().Away(false)
		s.start(t, popular)
	})
	t.Run("a customer who goes away meanwhile leaves nothing half done", func(t *testing.T) {
		s := openTill(t)
		ctx, goAway := context.WithCancel(t.Context())
		s.wire.beforeStart = goAway
		top, _, err := s.StartTopUp(ctx, s.fan, popular)
		if err != nil {
			t.Fatal(err)
		}
		s.is(t, top, rules.TopUpAwaiting, 0)
	})
	t.Run("what the provider refuses is refused again, and its top-up is closed", func(t *testing.T) {
		s := openTill(t)
		s.wire.refuse = fmt.Errorf("too small: %w", payment.ErrInvalid)
		for range 2 {
			_, _, err := s.StartTopUp(t.Context(), s.fan, popular)
			wants(t, err, wallet.ErrProviderRefused)
			s.wire.refuse = nil
		}
		if n := s.count(t, `SELECT count(*) FROM top_ups WHERE state = 'canceled' AND failure <> ''`); n != 1 {
			t.Fatal("it is not closed")
		}
	})
	t.Run("the sweeper finds a payment whose answer was lost, and the same key still gets to pay it", func(t *testing.T) {
		s := openTill(t)
		s.sandbox.Controls().LoseAnswers(1)
		_, _, _ = s.StartTopUp(t.Context(), s.fan, popular)
		s.pass(2 * time.Minute)
		if asked := s.sweep(t); asked != 1 {
			t.Fatalf("asked about %d", asked)
		}
		list, err := s.List(t.Context(), s.fan, store.Page{Limit: 10})
		if err != nil || len(list.Items) != 1 || list.Items[0].Status != rules.TopUpAwaiting || list.Items[0].ProviderRef == "" {
			t.Fatalf("%+v, %v", list, err)
		}
		if top := s.start(t, popular); top.ProviderRef != list.Items[0].ProviderRef || top.Client["pay_url"] == "" {
			t.Fatalf("%+v", top)
		}
	})
	t.Run("a key that comes back when its top-up has run out hears that", func(t *testing.T) {
		s := openTill(t)
		s.sandbox.Controls().Away(true)
		_, _, err := s.StartTopUp(t.Context(), s.fan, popular)
		wants(t, err, wallet.ErrProviderAway)
		s.sandbox.Controls().Away(false)
		s.pass(ttl)
		s.sweep(t)
		if top := s.start(t, popular); top.Status != rules.TopUpExpired {
			t.Fatalf("%+v", top)
		}
		if n := s.count(t, `SELECT count(*) FROM sandbox_payments`); n != 0 {
			t.Fatal("it was started after all")
		}
	})
}

func TestTopUpsAreTheActorsOwn(t *testing.T) {
	s := openTill(t)
	top := s.start(t, popular)
	stranger := ident.AccountID{1}
	_, err := s.TopUp(t.Context(), stranger, top.ID)
	wants(t, err, rules.ErrTopUpNotFound)
	_, err = s.settlements.ConfirmTopUp(t.Context(), stranger, top.ID)
	wants(t, err, rules.ErrTopUpNotFound)
	list, err := s.List(t.Context(), stranger, store.Page{Limit: 10})
	if err != nil || len(list.Items) != 0 {
		t.Fatal(list, err)
	}
}

// picky takes nobody's money.
type picky struct{ payment.Provider }

func (picky) Accepts(money.Amount) bool { return false }

func TestMarket(t *testing.T) {
	s := openTill(t)
	second := &wire{Provider: s.sandbox, id: "second"}
	t.Run("packs are shown with who takes the money for them, the preferred one first", func(t *testing.T) {
		m := s.market(t, packs, second, s.wire)
		got := m.Packs()
		if len(got) != 2 || got[0].ID != "popular" || fmt.Sprint(got[0].Providers) != "[second sandbox]" || got[1].Price != (store.Price{Amount: 99, Currency: "USD"}) {
			t.Fatalf("%+v", got)
		}
		s.Market = m
		if top := s.start(t, wallet.StartTopUp{PackID: "starter", Key: "key-0000000000000003"}); top.Provider != "second" {
			t.Errorf("%s takes it", top.Provider)
		}
		if top := s.start(t, wallet.StartTopUp{PackID: "starter", Provider: "sandbox", Key: "key-0000000000000004"}); top.Provider != "sandbox" {
			t.Errorf("%s takes it", top.Provider)
		}
	})
	t.Run("with nobody who takes money there is nothing to buy", func(t *testing.T) {
		m := s.market(t, packs)
		if got := m.Packs(); got == nil || len(got) != 0 {
			t.Errorf("%+v", got)
		}
	})
	one := []payment.Provider{s.wire}
	for name, c := range map[string]struct {
		packs     []rules.Pack
		providers []payment.Provider
		offered   []string
	}{
		"a provider that is not set up":    {packs, one, []string{"sandbox", "stripe"}},
		"two providers of one name":        {packs, []payment.Provider{s.wire, s.sandbox}, []string{"sandbox"}},
		"a pack without coins":             {[]rules.Pack{{ID: "x", Price: packs[0].Price}}, one, []string{"sandbox"}},
		"two packs of one name":            {[]rules.Pack{packs[0], packs[0]}, one, []string{"sandbox"}},
		"a pack for which nobody is there": {packs, []payment.Provider{picky{s.wire}}, []string{"sandbox"}},
	} {
		t.Run(name+" is refused at the start", func(t *testing.T) {
			if _, err := wallet.NewMarket(c.packs, c.providers, c.offered); err == nil {
				t.Error("it was taken")
			}
		})
	}
}
