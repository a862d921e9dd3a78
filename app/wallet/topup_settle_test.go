package wallet_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	rules "github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/ports/store"
)

func TestEveryWayToCoins(t *testing.T) {
	for name, way := range map[string]func(t *testing.T, s *till, top store.TopUp){
		"the customer comes back": func(t *testing.T, s *till, top store.TopUp) {
			if got := s.confirm(t, top); got.Status != rules.TopUpPaid || got.PaidAt == nil {
				t.Errorf("%+v", got)
			}
		},
		"the webhook comes": func(t *testing.T, s *till, top store.TopUp) {
			s.webhook(t, top.ProviderRef)
			s.is(t, top, rules.TopUpAwaiting, 0) // the provider has its answer before anybody acts on it
			s.work(t)
		},
		"the webhook is lost, and the sweeper comes": func(t *testing.T, s *till, top store.TopUp) {
			s.pass(2 * time.Minute)
			s.sweep(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTill(t)
			top := s.start(t, popular)
			s.outcome(t, top, sandboxpay.Succeeded)
			way(t, s, top)
			s.is(t, top, rules.TopUpPaid, 1)
			t.Run("and all the others after it change nothing", func(t *testing.T) {
				s.confirm(t, top)
				s.webhook(t, top.ProviderRef)
				s.work(t)
				s.pass(2 * time.Minute)
				s.sweep(t)
				s.is(t, top, rules.TopUpPaid, 1)
			})
		})
	}
}

func TestTwentyAtOnceCreditOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *till) {
		for round := range 3 {
			top := s.start(t, wallet.StartTopUp{PackID: "popular", Key: strings.Repeat("k", 16+round)})
			s.outcome(t, top, sandboxpay.Succeeded)
			header, body, err := s.sandbox.Controls().Webhook(t.Context(), top.ProviderRef, s.now())
			if err != nil {
				t.Fatal(err)
			}
			s.pass(2 * time.Minute)
			worker := s.webhooks.Worker()
			ready := make(chan struct{})
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					<-ready
					var err error
					switch i % 4 {
					case 0:
						_, err = s.settlements.ConfirmTopUp(t.Context(), s.fan, top.ID)
					case 1:
						err = s.settlements.Settle(t.Context(), top.ID)
					case 2:
						_, err = s.settlements.SweepTopUps(t.Context())
					case 3:
						if err = s.webhooks.TakeInWebhook(t.Context(), "sandbox", header, body); err != nil {
							break
						}
						var l jobs.Lease
						var ok bool
						if l, ok, err = s.queue.Claim(t.Context(), []string{worker.Kind}, time.Minute); ok {
							err = worker.Run(t.Context(), l)
						}
					}
					if err != nil {
						t.Error(i, err)
					}
				})
			}
			close(ready)
			all.Wait()
			s.is(t, top, rules.TopUpPaid, int64(round+1))
		}
		if strings.Contains(s.log.String(), "ERROR") {
			t.Errorf("a person was told: %s", s.log)
		}
	})
}

func TestWhatDoesNotFit(t *testing.T) {
	controls := func(s *till) *sandboxpay.Controls { return s.sandbox.Controls() }
	krw := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "KRW"} }
	for name, spoil := range map[string]func(ctx context.Context, s *till, ref string) error{
		"less than ordered": func(ctx context.Context, s *till, ref string) error { return controls(s).Amount(ctx, ref, krw(4999)) },
		"more than ordered": func(ctx context.Context, s *till, ref string) error { return controls(s).Amount(ctx, ref, krw(5001)) },
		"as many, in another currency": func(ctx context.Context, s *till, ref string) error {
			return controls(s).Amount(ctx, ref, money.Amount{Minor: 5000, Currency: "JPY"})
		},
		"a hundred times as much": func(ctx context.Context, s *till, ref string) error {
			return controls(s).Amount(ctx, ref, krw(500_000))
		},
		"the payment of somebody else": func(ctx context.Context, s *till, ref string) error {
			return controls(s).Reference(ctx, ref, ident.TopUpID{9}.String())
		},
		"a status that nobody knows here": func(ctx context.Context, s *till, ref string) error {
			return controls(s).Status(ctx, ref, rules.PaymentUnknown)
		},
	} {
		t.Run(name+" is not credited, and a person is told", func(t *testing.T) {
			s := openTill(t)
			top := s.start(t, popular)
			s.outcome(t, top, sandboxpay.Succeeded)
			if err := spoil(t.Context(), s, top.ProviderRef); err != nil {
				t.Fatal(err)
			}
			s.webhook(t, top.ProviderRef)
			s.work(t)
			s.confirm(t, top)
			if got := s.is(t, top, rules.TopUpReview, 0); got.Failure == "" {
				t.Error("it does not say why")
			}
			if n := strings.Count(s.log.String(), "needs a person"); n != 1 {
				t.Errorf("a person was told %d times: %s", n, s.log)
			}
		})
	}
	t.Run("what was paid in part at first is credited when the rest is there", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.outcome(t, top, sandboxpay.Succeeded)
		_ = s.sandbox.Controls().Amount(t.Context(), top.ProviderRef, krw(2500))
		s.confirm(t, top)
		s.is(t, top, rules.TopUpReview, 0)
		_ = s.sandbox.Controls().Amount(t.Context(), top.ProviderRef, krw(5000))
		s.webhook(t, top.ProviderRef)
		s.work(t)
		s.is(t, top, rules.TopUpPaid, 1)
	})
	t.Run("the price list may change while a payment is on its way: what was ordered counts", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		dearer := rules.Pack{ID: "popular", Coins: 1, Price: money.Amount{Minor: 9900, Currency: "KRW"}}
		s.Market = s.market(t, []rules.Pack{dearer}, s.wire)
		s.settlements.Market = s.Market
		s.outcome(t, top, sandboxpay.Succeeded)
		s.confirm(t, top)
		s.is(t, top, rules.TopUpPaid, 1)
	})
	t.Run("a second payment for one top-up that is paid as well is not credited, and a person is told", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.outcome(t, top, sandboxpay.Succeeded)
		s.confirm(t, top)
		other, err := s.sandbox.Start(t.Context(), payment.Order{Reference: "x", Price: krw(5000)})
		if err != nil {
			t.Fatal(err)
		}
		_ = s.sandbox.Controls().Reference(t.Context(), other.Ref, top.ID.String())
		_ = s.sandbox.Controls().Outcome(t.Context(), other.Ref, sandboxpay.Succeeded)
		s.webhook(t, other.Ref)
		s.work(t)
		s.is(t, top, rules.TopUpPaid, 1)
		if !strings.Contains(s.log.String(), "paid twice") {
			t.Error("nobody was told")
		}
	})
}

func TestLateAndOutOfOrder(t *testing.T) {
	t.Run("a webhook that comes before the answer to the start credits, and the answer finds it paid", func(t *testing.T) {
		s := openTill(t)
		s.wire.afterStart = func() {
			list, err := s.List(t.Context(), s.fan, store.Page{Limit: 1})
			if err != nil || list.Items[0].Status != rules.TopUpCreated {
				t.Fatal(list, err)
			}
			p, err := s.sandbox.Get(t.Context(), "", list.Items[0].ID.String())
			if err != nil {
				t.Fatal(err)
			}
			_ = s.sandbox.Controls().Outcome(t.Context(), p.Ref, sandboxpay.Succeeded)
			s.webhook(t, p.Ref)
			if n := s.work(t); n != 1 {
				t.Errorf("%d jobs were done", n)
			}
		}
		top := s.start(t, popular)
		if top.Status != rules.TopUpPaid || top.Client["pay_url"] == "" {
			t.Errorf("%+v", top)
		}
		s.is(t, top, rules.TopUpPaid, 1)
	})
	t.Run("what was read first and written last does not turn a top-up back", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.outcome(t, top, sandboxpay.Failed)
		old, err := s.sandbox.Get(t.Context(), top.ProviderRef, "")
		if err != nil || old.Status != rules.PaymentFailed {
			t.Fatal(old, err)
		}
		slow := &wire{Provider: stale{s.sandbox, old}}
		slow.beforeGet = func(string) { // while that answer is on its way, the customer pays and everything else is done
			s.outcome(t, top, sandboxpay.Succeeded)
			s.confirm(t, top)
		}
		late := *s.settlements
		late.Market = s.market(t, packs, slow)
		if err := late.Settle(t.Context(), top.ID); err != nil {
			t.Fatal(err)
		}
		s.is(t, top, rules.TopUpPaid, 1)
	})
	t.Run("a payment fails, is tried again, is in process, and succeeds", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		for _, step := range []struct {
			outcome string
			state   rules.TopUpState
			failure string
			credits int64
		}{
			{sandboxpay.Failed, rules.TopUpAwaiting, "card_declined", 0},
			{sandboxpay.Pending, rules.TopUpProcessing, "", 0},
			{sandboxpay.Failed, rules.TopUpAwaiting, "card_declined", 0},
			{sandboxpay.Pending, rules.TopUpProcessing, "", 0},
			{sandboxpay.Succeeded, rules.TopUpPaid, "", 1},
		} {
			s.outcome(t, top, step.outcome)
			s.webhook(t, top.ProviderRef)
			s.work(t)
			if got := s.is(t, top, step.state, step.credits); got.Failure != step.failure {
				t.Errorf("after %s it fails with %q", step.outcome, got.Failure)
			}
		}
	})
	t.Run("a top-up that nobody pays is closed here and at the provider when its time is over", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.outcome(t, top, sandboxpay.Failed)
		s.pass(ttl - 2*time.Minute)
		s.sweep(t)
		s.is(t, top, rules.TopUpAwaiting, 0)
		s.pass(2 * time.Minute)
		s.sweep(t)
		s.is(t, top, rules.TopUpExpired, 0)
		if p, err := s.sandbox.Get(t.Context(), top.ProviderRef, ""); err != nil || p.Status != rules.PaymentCanceled {
			t.Errorf("%+v, %v", p, err)
		}
		if s.pass(2 * time.Minute); s.sweep(t) != 0 {
			t.Error("it is still asked about")
		}
	})
	for outcome, state := range map[string]rules.TopUpState{sandboxpay.Succeeded: rules.TopUpPaid, sandboxpay.Pending: rules.TopUpProcessing} {
		t.Run("a customer whose payment has "+outcome+" while it was being closed was faster", func(t *testing.T) {
			s := openTill(t)
			top := s.start(t, popular)
			s.wire.beforeCancel = func() { s.outcome(t, top, outcome) }
			s.pass(ttl)
			s.sweep(t)
			var credits int64
			if outcome == sandboxpay.Succeeded {
				credits = 1
			}
			s.is(t, top, state, credits)
		})
	}
	t.Run("a success after the time ran out is credited", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.pass(ttl)
		s.sweep(t)
		s.is(t, top, rules.TopUpExpired, 0)
		if err := s.sandbox.Controls().Status(t.Context(), top.ProviderRef, rules.PaymentPaid); err != nil {
			t.Fatal(err)
		}
		s.webhook(t, top.ProviderRef)
		s.work(t)
		s.is(t, top, rules.TopUpPaid, 1)
	})
	t.Run("one that was never started is given up when its time is over, and not before", func(t *testing.T) {
		s := openTill(t)
		s.sandbox.Controls().Away(true)
		_, _, _ = s.StartTopUp(t.Context(), s.fan, popular)
		s.sandbox.Controls().Away(false)
		for _, want := range []rules.TopUpState{rules.TopUpCreated, rules.TopUpCreated, rules.TopUpExpired} {
			s.pass(ttl / 3)
			s.sweep(t)
			list, err := s.List(t.Context(), s.fan, store.Page{Limit: 1})
			if err != nil || list.Items[0].Status != want {
				t.Fatalf("%+v, %v: not %s", list.Items, err, want)
			}
		}
	})
}

// stale answers what was so once.
type stale struct {
	payment.Provider
	old rules.Payment
}

func (s stale) Get(context.Context, string, string) (rules.Payment, error) { return s.old, nil }

func TestWebhooks(t *testing.T) {
	message := func(t *testing.T, s *till, ref string) (http.Header, []byte) {
		t.Helper()
		header, body, err := s.sandbox.Controls().Webhook(t.Context(), ref, s.now())
		if err != nil {
			t.Fatal(err)
		}
		return header, body
	}
	t.Run("the same message again is taken in and has no effect", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		header, body := message(t, s, top.ProviderRef)
		for i := range 3 {
			if err := s.webhooks.TakeInWebhook(t.Context(), "sandbox", header, body); err != nil {
				t.Fatal(err)
			}
			if n := s.work(t); n != 1-min(i, 1) {
				t.Errorf("time %d: %d jobs", i, n)
			}
		}
		if n := s.count(t, `SELECT count(*) FROM webhook_events WHERE provider = 'sandbox' AND kind = 'payment.created'`); n != 1 {
			t.Errorf("%d are on record", n)
		}
	})
	t.Run("different messages about one fact credit once", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.outcome(t, top, sandboxpay.Succeeded)
		for range 3 {
			s.webhook(t, top.ProviderRef)
		}
		if n := s.work(t); n != 1 {
			t.Errorf("a payment is asked about once for all that waits, not %d times", n)
		}
		s.webhook(t, top.ProviderRef)
		s.work(t)
		s.is(t, top, rules.TopUpPaid, 1)
	})
	t.Run("a forged, changed or old message has no effect", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.outcome(t, top, sandboxpay.Succeeded)
		header, body := message(t, s, top.ProviderRef)
		refused := func(header http.Header, body []byte) {
			t.Helper()
			wants(t, s.webhooks.TakeInWebhook(t.Context(), "sandbox", header, body), wallet.ErrWebhookForged)
		}
		refused(header, append(body, '\n'))
		refused(http.Header{}, body)
		s.pass(6 * time.Minute)
		refused(header, body)
		if n := s.count(t, `SELECT count(*) FROM webhook_events`) + s.count(t, `SELECT count(*) FROM jobs`); n != 0 {
			t.Errorf("there are %d traces", n)
		}
	})
	t.Run("a message that cannot be read is refused, one of an unknown type is not", func(t *testing.T) {
		s := openTill(t)
		for body, want := range map[string]error{"a=b": wallet.ErrWebhookMalformed, `{"type":"payout.paid"}`: nil} {
			header := s.sandbox.Controls().Sign("msg_1", []byte(body), s.now())
			wants(t, s.webhooks.TakeInWebhook(t.Context(), "sandbox", header, []byte(body)), want)
		}
	})
	t.Run("a provider that is not set up is not found", func(t *testing.T) {
		s := openTill(t)
		wants(t, s.webhooks.TakeInWebhook(t.Context(), "stripe", nil, nil), rules.ErrUnknownProvider)
	})
	t.Run("a payment of another shop is left alone", func(t *testing.T) {
		s := openTill(t)
		for _, reference := range []string{"order-17", ident.TopUpID{7}.String()} {
			other, err := s.sandbox.Start(t.Context(), payment.Order{Reference: reference, Price: packs[0].Price})
			if err != nil {
				t.Fatal(err)
			}
			_ = s.sandbox.Controls().Outcome(t.Context(), other.Ref, sandboxpay.Succeeded)
			s.webhook(t, other.Ref)
		}
		body := []byte(`{"type":"payment.succeeded","data":{"id":"sbx_of_nobody"}}`)
		if err := s.webhooks.TakeInWebhook(t.Context(), "sandbox", s.sandbox.Controls().Sign("msg_1", body, s.now()), body); err != nil {
			t.Fatal(err)
		}
		if n := s.work(t); n != 3 {
			t.Errorf("%d jobs were done", n)
		}
		s.holds(t, 0)
	})
	t.Run("a payment of another provider's top-up does not pay for it", func(t *testing.T) {
		s := openTill(t)
		second := &wire{Provider: s.sandbox, id: "second"}
		s.Market = s.market(t, packs, s.wire, second)
		s.settlements.Market = s.Market
		top := s.start(t, wallet.StartTopUp{PackID: "popular", Provider: "second", Key: popular.Key})
		other, _ := s.sandbox.Start(t.Context(), payment.Order{Reference: "x", Price: packs[0].Price})
		_ = s.sandbox.Controls().Reference(t.Context(), other.Ref, top.ID.String())
		_ = s.sandbox.Controls().Outcome(t.Context(), other.Ref, sandboxpay.Succeeded)
		s.webhook(t, other.Ref)
		s.work(t)
		s.is(t, top, rules.TopUpAwaiting, 0)
	})
	t.Run("what cannot be written down is not taken in, so that it comes again", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.outcome(t, top, sandboxpay.Succeeded)
		header, body := message(t, s, top.ProviderRef)
		s.webhooks.Queue = broken{s.queue}
		if err := s.webhooks.TakeInWebhook(t.Context(), "sandbox", header, body); !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		s.webhooks.Queue = s.queue
		if err := s.webhooks.TakeInWebhook(t.Context(), "sandbox", header, body); err != nil {
			t.Fatal(err)
		}
		s.work(t)
		s.is(t, top, rules.TopUpPaid, 1)
	})
	t.Run("a customer who paid late while the provider was away gets the coins in the end", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.outcome(t, top, sandboxpay.Succeeded)
		// Closed here, at a provider that cannot close payments.
		if _, err := s.db.Exec(t.Context(), `UPDATE top_ups SET state = 'expired'`); err != nil {
			t.Fatal(err)
		}
		s.webhook(t, top.ProviderRef)
		s.sandbox.Controls().Away(true)
		worker := s.webhooks.Worker()
		l, _, err := s.queue.Claim(t.Context(), []string{wallet.SettleJob}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		cause := worker.Run(t.Context(), l)
		wants(t, cause, wallet.ErrProviderAway)
		if err := worker.GiveUp(t.Context(), l, cause); err != nil {
			t.Fatal(err)
		}
		s.sandbox.Controls().Away(false)
		if done := s.work(t); done != 0 {
			t.Errorf("%d jobs were done at once", done)
		}
		s.pass(time.Hour)
		s.work(t)
		s.is(t, top, rules.TopUpPaid, 1)
	})
	t.Run("a job that is given up leaves the rest to the sweeper", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.outcome(t, top, sandboxpay.Succeeded)
		s.webhook(t, top.ProviderRef)
		s.sandbox.Controls().Away(true)
		worker := s.webhooks.Worker()
		l, _, err := s.queue.Claim(t.Context(), []string{wallet.SettleJob}, time.Minute)
		if err != nil || l.Job.Owner != s.fan {
			t.Fatalf("%+v, %v", l, err)
		}
		wants(t, worker.Run(t.Context(), l), wallet.ErrProviderAway)
		if err := worker.GiveUp(t.Context(), l, errBroken); err != nil || s.count(t, `SELECT count(*) FROM jobs`) != 0 {
			t.Fatal(err)
		}
		s.sandbox.Controls().Away(false)
		s.pass(2 * time.Minute)
		s.sweep(t)
		s.is(t, top, rules.TopUpPaid, 1)
	})
}

var errBroken = errors.New("out of order")

type broken struct{ jobs.Queue }

func (broken) Enqueue(context.Context, jobs.Job) error { return errBroken }

func TestProviderThatIsNoLongerOnOffer(t *testing.T) {
	s := openTill(t)
	top := s.start(t, popular)
	second := &wire{Provider: s.sandbox, id: "second"}
	m, err := wallet.NewMarket(packs, []payment.Provider{s.wire, second}, []string{"second"})
	if err != nil {
		t.Fatal(err)
	}
	s.Market, s.settlements.Market = m, m
	t.Run("begins nothing", func(t *testing.T) {
		if got := s.start(t, wallet.StartTopUp{PackID: "popular", Key: "key-0000000000000002"}); got.Provider != "second" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("and brings to its end what it began", func(t *testing.T) {
		s.outcome(t, top, sandboxpay.Succeeded)
		s.webhook(t, top.ProviderRef)
		s.work(t)
		s.is(t, top, rules.TopUpPaid, 1)
	})
	t.Run("one that was taken out altogether is as one that is away", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.settlements.Market = s.market(t, packs, second)
		_, err := s.settlements.ConfirmTopUp(t.Context(), s.fan, top.ID)
		wants(t, err, wallet.ErrProviderAway)
	})
}
