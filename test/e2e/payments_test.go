package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/money"
	rules "github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// bank is a world whose payment provider a test can play.
type bank struct {
	*world
	db sqldb.DB
}

func openBank(t *testing.T, c config.Config) *bank {
	c.Payments.Sandbox.WebhookSecret = config.Secret("whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of the sandbox's")))
	w := start(t, c)
	return &bank{w, w.database()}
}

// provider hands out the controls of the sandbox.
func (b *bank) provider(play func(ctx context.Context, c *sandboxpay.Controls) error) {
	b.t.Helper()
	b.use(func(all []payment.Provider) error {
		return play(b.t.Context(), all[0].(*sandboxpay.Provider).Controls())
	})
}

// message is a webhook about where a payment stands; each has an id of its own.
func (b *bank) message(ref string, at time.Time) (header http.Header, body []byte) {
	b.t.Helper()
	b.provider(func(ctx context.Context, c *sandboxpay.Controls) (err error) {
		header, body, err = c.Webhook(ctx, ref, at)
		return err
	})
	return header, body
}

func (b *bank) deliver(header http.Header, body []byte) reply {
	b.t.Helper()
	var flat []string
	for name, values := range header {
		for _, value := range values {
			flat = append(flat, name, value)
		}
	}
	return b.send("POST", "/v1/webhooks/sandbox", "", body, flat...)
}

func (b *bank) sweep() (asked int) {
	b.t.Helper()
	b.use(func(s *wallet.Settlements) (err error) {
		asked, err = s.SweepTopUps(b.t.Context())
		return err
	})
	return asked
}

// quiet waits until no job and no event is under way.
func (b *bank) quiet() {
	b.t.Helper()
	b.eventually("nothing is under way", func() bool {
		return count(b.t, b.db, `SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM outbox)`) == 0
	})
}

func (m *member) begin(pack string) api.TopUp {
	m.w.t.Helper()
	resp, err := m.StartTopUpWithResponse(m.w.t.Context(), &api.StartTopUpParams{IdempotencyKey: sajin.NewKey()}, api.NewTopUp{PackID: pack})
	m.w.must(err)
	return *resp.JSON201
}

func (m *member) pays(top api.TopUp, outcome api.SandboxAttemptOutcome, webhook api.SandboxAttemptWebhook) {
	m.w.t.Helper()
	m.w.must(m.PlaySandbox(m.w.t.Context(), top, outcome, webhook))
}

func (m *member) topUpNow(id uuid.UUID) api.TopUp {
	m.w.t.Helper()
	resp, err := m.GetTopUpWithResponse(m.w.t.Context(), id, nil)
	m.w.must(err)
	return *resp.JSON200
}

func (m *member) confirm(id uuid.UUID) api.TopUp {
	m.w.t.Helper()
	resp, err := m.ConfirmTopUpWithResponse(m.w.t.Context(), id)
	m.w.must(err)
	return *resp.JSON200
}

func (m *member) entries() []api.WalletEntry {
	m.w.t.Helper()
	resp, err := m.ListWalletEntriesWithResponse(m.w.t.Context(), nil)
	m.w.must(err)
	return resp.JSON200.Items
}

// credited holds the coins of a popular pack to being there once.
func (b *bank) credited(m *member, top api.TopUp) {
	b.t.Helper()
	b.eventually("it is paid", func() bool { return m.topUpNow(top.ID).Status == api.TopUpStatusPaid })
	b.quiet()
	if got := m.wallet(); got.Paid != 500 || got.Bonus != 50 || got.Total != 550 {
		b.t.Errorf("the wallet: %+v", got)
	}
	got := m.entries()
	if len(got) != 1 || got[0].Kind != api.WalletEntryKindTopUp || got[0].Paid != 500 || got[0].Bonus != 50 || got[0].TopUpID == nil || *got[0].TopUpID != top.ID {
		b.t.Errorf("the statement: %s", asJSON(b.t, got))
	}
	if now := m.topUpNow(top.ID); now.PaidAt == nil || now.Failure != nil {
		b.t.Errorf("the top-up: %s", asJSON(b.t, now))
	}
}

// uncredited holds a top-up to a state in which nothing was given.
func (b *bank) uncredited(m *member, top api.TopUp, want api.TopUpStatus) {
	b.t.Helper()
	b.quiet()
	if got := m.topUpNow(top.ID); got.Status != want || got.PaidAt != nil {
		b.t.Errorf("the top-up: %s", asJSON(b.t, got))
	}
	if got := m.wallet(); got.Total != 0 || len(m.entries()) != 0 {
		b.t.Errorf("the wallet: %+v", got)
	}
}

const (
	succeeded = api.SandboxAttemptOutcomeSucceeded
	never     = api.SandboxAttemptWebhookNever
)

func TestCreditingOnce(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		b := openBank(t, c)
		t.Run("the webhook of a pending payment comes late", func(t *testing.T) {
			b.in(t)
			m := b.member("late")
			top := m.begin("popular")
			m.pays(top, api.SandboxAttemptOutcomePending, never)
			if got := m.confirm(top.ID); got.Status != api.TopUpStatusProcessing {
				t.Errorf("%+v", got)
			}
			b.uncredited(m, top, api.TopUpStatusProcessing)
			m.pays(top, succeeded, api.SandboxAttemptWebhookLate)
			b.credited(m, top)
			if got := b.deliver(b.message(top.ProviderRef, b.watch.now())); got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
			b.credited(m, top)
		})
		t.Run("an attempt fails, and the next one succeeds", func(t *testing.T) {
			b.in(t)
			m := b.member("second")
			top := m.begin("popular")
			m.pays(top, api.SandboxAttemptOutcomeFailed, api.SandboxAttemptWebhookNow)
			b.eventually("the failure is told", func() bool {
				failure := m.topUpNow(top.ID).Failure
				return failure != nil && *failure == "card_declined"
			})
			b.uncredited(m, top, api.TopUpStatusAwaiting)
			m.pays(top, succeeded, api.SandboxAttemptWebhookNow)
			b.credited(m, top)
		})
		t.Run("no webhook ever comes, and the sweeper finds it", func(t *testing.T) {
			b.in(t)
			m := b.member("swept")
			top := m.begin("popular")
			m.pays(top, succeeded, never)
			if n := b.sweep(); n != 0 {
				t.Errorf("the sweeper asked about %d at once", n)
			}
			b.uncredited(m, top, api.TopUpStatusAwaiting)
			b.watch.turn(3 * time.Minute)
			b.sweep()
			b.credited(m, top)
			b.watch.turn(3 * time.Minute)
			b.sweep()
			b.credited(m, top)
		})
		t.Run("webhooks, the customer and sweepers come at the same time", func(t *testing.T) {
			b.in(t)
			m := b.member("racing")
			top := m.begin("popular")
			m.pays(top, succeeded, never)
			b.watch.turn(3 * time.Minute)
			var all sync.WaitGroup
			for range 4 {
				header, body := b.message(top.ProviderRef, b.watch.now())
				all.Go(func() {
					if got := b.deliver(header, body); got.status != 200 {
						t.Errorf("webhook: %d %s", got.status, got.body)
					}
				})
				all.Go(func() {
					if _, err := m.ConfirmTopUpWithResponse(t.Context(), top.ID); err != nil {
						t.Error("confirm:", err)
					}
				})
				all.Go(func() { b.sweep() })
			}
			all.Wait()
			b.credited(m, top)
		})
		t.Run("one webhook is delivered twenty times", func(t *testing.T) {
			b.in(t)
			m := b.member("repeated")
			top := m.begin("popular")
			m.pays(top, succeeded, never)
			header, body := b.message(top.ProviderRef, b.watch.now())
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if got := b.deliver(header, body); got.status != 200 {
						t.Errorf("%d %s", got.status, got.body)
					}
				})
			}
			all.Wait()
			b.credited(m, top)
			if n := count(t, b.db, `SELECT count(*) FROM webhook_events WHERE payment_ref = $1`, top.ProviderRef); n != 1 {
				t.Errorf("it was taken in %d times", n)
			}
		})
		b.balanced()
	})
}

func TestForgedWebhooks(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		b := openBank(t, c)
		m := b.member("mina")
		top := m.begin("popular")
		m.pays(top, succeeded, never) // so that any webhook that is believed would credit
		now := b.watch.now()
		header, body := b.message(top.ProviderRef, now)
		refused := func(t *testing.T, what string, header http.Header, body []byte) {
			t.Helper()
			if got := b.deliver(header, body); got.status != 400 || got.problem().Code != "wallet.webhook-signature" {
				t.Errorf("%s: %d %s", what, got.status, got.body)
			}
		}
		with := func(change func(h http.Header)) http.Header {
			h := header.Clone()
			change(h)
			return h
		}
		t.Run("a webhook that the provider has not signed is refused", func(t *testing.T) {
			b.in(t)
			for what, h := range map[string]http.Header{
				"nothing signed": {"Content-Type": {"application/json"}},
				"no signature":   with(func(h http.Header) { h.Del("Webhook-Signature") }),
				"no id":          with(func(h http.Header) { h.Del("Webhook-Id") }),
				"no time":        with(func(h http.Header) { h.Del("Webhook-Timestamp") }),
				"another id":     with(func(h http.Header) { h.Set("Webhook-Id", "msg_1") }),
				"another time":   with(func(h http.Header) { h.Set("Webhook-Timestamp", fmt.Sprint(now.Unix()+1)) }),
				"flipped":        with(func(h http.Header) { h.Set("Webhook-Signature", flipped(h.Get("Webhook-Signature"), 10)) }),
				"another scheme": with(func(h http.Header) { h.Set("Webhook-Signature", "v0"+h.Get("Webhook-Signature")[2:]) }),
				"an empty one":   with(func(h http.Header) { h.Set("Webhook-Signature", "v1,") }),
				"two of them":    with(func(h http.Header) { h.Add("Webhook-Signature", h.Get("Webhook-Signature")) }),
			} {
				refused(t, what, h, body)
			}
			refused(t, "another body", header, append(slices.Clone(body), ' '))
			refused(t, "another payment", header, bytes.Replace(body, []byte(top.ProviderRef), []byte("sbx_000000000000000000000000"), 1))
			refused(t, "an empty body", header, []byte("{}"))
		})
		t.Run("so is one that was recorded, or is not to be yet", func(t *testing.T) {
			b.in(t)
			for _, at := range []time.Time{now.Add(-6 * time.Minute), now.Add(6 * time.Minute)} {
				header, body := b.message(top.ProviderRef, at)
				refused(t, at.Sub(now).String(), header, body)
			}
		})
		t.Run("so is one to a provider that there is not", func(t *testing.T) {
			b.in(t)
			for _, provider := range []string{"stripe", "portone", "x"} {
				if got := b.send("POST", "/v1/webhooks/"+provider, "", body, "Content-Type", "application/json"); got.status != 404 || got.problem().Code != "wallet.unknown-provider" {
					t.Errorf("%s: %d %s", provider, got.status, got.body)
				}
			}
		})
		t.Run("and none of them has any effect", func(t *testing.T) {
			b.in(t)
			b.uncredited(m, top, api.TopUpStatusAwaiting)
			if n := count(t, b.db, `SELECT count(*) FROM webhook_events`); n != 0 {
				t.Errorf("%d were taken in", n)
			}
		})
		t.Run("what a signed one says is not believed, but asked about", func(t *testing.T) {
			b.in(t)
			other := b.member("other")
			unpaid := other.begin("popular")
			lie, err := json.Marshal(map[string]any{"type": "payment.succeeded", "timestamp": now, "data": map[string]string{"id": unpaid.ProviderRef, "reference": unpaid.ID.String()}})
			b.must(err)
			stray, err := json.Marshal(map[string]any{"type": "payment.succeeded", "timestamp": now, "data": map[string]string{"id": "sbx_that_there_is_not"}})
			b.must(err)
			b.provider(func(_ context.Context, c *sandboxpay.Controls) error {
				for i, body := range [][]byte{lie, stray} {
					if got := b.deliver(c.Sign(fmt.Sprint("msg_lie", i), body, now), body); got.status != 200 {
						t.Errorf("%d %s", got.status, got.body)
					}
				}
				return nil
			})
			b.uncredited(other, unpaid, api.TopUpStatusAwaiting)
		})
		t.Run("the true one still counts", func(t *testing.T) {
			b.in(t)
			if got := b.deliver(header, body); got.status != 200 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			b.credited(m, top)
		})
		b.balanced()
	})
}

func TestUnusualPayments(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		b := openBank(t, c)
		told := func(top api.TopUp) {
			b.t.Helper()
			if got := b.deliver(b.message(top.ProviderRef, b.watch.now())); got.status != 200 {
				b.t.Errorf("%d %s", got.status, got.body)
			}
		}
		t.Run("what was paid is not what was ordered: a person looks, nobody is credited", func(t *testing.T) {
			b.in(t)
			for what, amount := range map[string]money.Amount{"less": {Minor: 4999, Currency: "KRW"}, "more": {Minor: 5001, Currency: "KRW"}, "other money": {Minor: 5000, Currency: "JPY"}} {
				m := b.member("odd")
				top := m.begin("popular")
				b.provider(func(ctx context.Context, c *sandboxpay.Controls) error {
					if err := c.Amount(ctx, top.ProviderRef, amount); err != nil {
						return err
					}
					return c.Outcome(ctx, top.ProviderRef, sandboxpay.Succeeded)
				})
				told(top)
				b.eventually(what+" is seen", func() bool { return m.topUpNow(top.ID).Status == api.TopUpStatusReview })
				b.uncredited(m, top, api.TopUpStatusReview)
				m.confirm(top.ID)
				b.uncredited(m, top, api.TopUpStatusReview)
			}
			if !strings.Contains(b.log.String(), "top-up needs a person to look at it") {
				t.Error("the operator is not told")
			}
		})
		t.Run("the payment of one top-up does not pay another", func(t *testing.T) {
			b.in(t)
			m, other := b.member("mina"), b.member("other")
			top, theirs := m.begin("popular"), other.begin("popular")
			b.provider(func(ctx context.Context, c *sandboxpay.Controls) error {
				if err := c.Outcome(ctx, top.ProviderRef, sandboxpay.Succeeded); err != nil {
					return err
				}
				return c.Reference(ctx, top.ProviderRef, theirs.ID.String())
			})
			told(top)
			b.eventually("it is seen", func() bool { return m.topUpNow(top.ID).Status == api.TopUpStatusReview })
			b.uncredited(other, theirs, api.TopUpStatusAwaiting)
		})
		t.Run("a top-up that nobody pays for is given up", func(t *testing.T) {
			b.in(t)
			m := b.member("idle")
			top := m.begin("popular")
			b.watch.turn(c.TopUps.ExpireAfter + time.Minute)
			b.sweep()
			b.uncredited(m, top, api.TopUpStatusExpired)
			if err := m.PlaySandbox(t.Context(), top, succeeded, never); code(err) != "sandbox.payment-closed" {
				t.Error("it can still be paid:", err)
			}
			b.uncredited(m, top, api.TopUpStatusExpired)
		})
		t.Run("and credited all the same when it turns out to be paid", func(t *testing.T) {
			b.in(t)
			m := b.member("slow")
			top := m.begin("popular")
			b.watch.turn(c.TopUps.ExpireAfter + time.Minute)
			b.sweep()
			b.uncredited(m, top, api.TopUpStatusExpired)
			b.provider(func(ctx context.Context, c *sandboxpay.Controls) error {
				return c.Status(ctx, top.ProviderRef, rules.PaymentPaid)
			})
			told(top)
			b.credited(m, top)
		})
		t.Run("who pays in the last moment is credited, not expired", func(t *testing.T) {
			b.in(t)
			m := b.member("hasty")
			top := m.begin("popular")
			m.pays(top, succeeded, never)
			b.watch.turn(c.TopUps.ExpireAfter + time.Minute)
			b.sweep()
			b.credited(m, top)
		})
		b.balanced()
	})
}

func TestTopUpsAreOnesOwn(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		b := openBank(t, c)
		m, other := b.member("mina"), b.member("other")
		top := m.begin("popular")
		t.Run("nobody else finds a top-up", func(t *testing.T) {
			b.in(t)
			if _, err := other.GetTopUpWithResponse(t.Context(), top.ID, nil); code(err) != "wallet.top-up-not-found" {
				t.Error(err)
			}
			if _, err := other.ConfirmTopUpWithResponse(t.Context(), top.ID); code(err) != "wallet.top-up-not-found" {
				t.Error(err)
			}
			if list, err := other.ListTopUpsWithResponse(t.Context(), nil); err != nil || len(list.JSON200.Items) != 0 {
				t.Errorf("%+v, %v", list, err)
			}
			if list, err := m.ListTopUpsWithResponse(t.Context(), nil); err != nil || len(list.JSON200.Items) != 1 || list.JSON200.Items[0].ID != top.ID {
				t.Errorf("%+v, %v", list, err)
			}
		})
		t.Run("nobody pays at a page that is not his", func(t *testing.T) {
			b.in(t)
			link := top.Client["pay_url"]
			for _, guess := range []string{link[:len(link)-1], flipped(link, len(link)-1), top.ProviderRef, top.ProviderRef + "_secret_"} {
				got := b.send("POST", "/v1/sandbox/payments/"+guess[strings.LastIndex(guess, "/")+1:], "", []byte(`{"outcome":"succeeded","webhook":"now"}`), "Content-Type", "application/json")
				if got.status != 404 {
					t.Errorf("%s: %d", guess, got.status)
				}
			}
			b.uncredited(m, top, api.TopUpStatusAwaiting)
		})
		t.Run("a key begins one top-up, and is its owner's", func(t *testing.T) {
			b.in(t)
			key := sajin.NewKey()
			begin := func(m *member, pack string) (*api.StartTopUpResponse, error) {
				return m.StartTopUpWithResponse(t.Context(), &api.StartTopUpParams{IdempotencyKey: key}, api.NewTopUp{PackID: pack})
			}
			first, err := begin(m, "starter")
			b.must(err)
			second, err := begin(m, "starter")
			b.must(err)
			if !bytes.Equal(first.Body, second.Body) || second.HTTPResponse.Header.Get("Idempotency-Replayed") != "true" || first.HTTPResponse.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("%s, and then %s", first.Body, second.Body)
			}
			if _, err := begin(m, "popular"); code(err) != "idempotency.key-reused" {
				t.Error("for another pack:", err)
			}
			theirs, err := begin(other, "starter")
			b.must(err)
			if theirs.JSON201.ID == first.JSON201.ID || theirs.HTTPResponse.Header.Get("Idempotency-Replayed") != "" {
				t.Error("somebody else got the same one")
			}
			var all sync.WaitGroup
			key = sajin.NewKey()
			for range 8 {
				all.Go(func() {
					if _, err := begin(m, "starter"); err != nil && code(err) != "idempotency.in-progress" {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if n := count(t, b.db, `SELECT count(*) FROM top_ups WHERE account = $1`, m.accountID()); n != 3 {
				t.Errorf("there are %d top-ups", n)
			}
		})
		b.balanced()
	})
}

func TestStatements(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		b := openBank(t, c)
		author, fan, other := b.member("author"), b.member("fan"), b.member("other")
		medium := author.stamped()
		first, second := author.post(medium, priced(30)), author.post(medium, priced(540))
		fan.topUp("popular", api.SandboxAttemptWebhookNow)
		var bought api.Purchase

		t.Run("of many attempts at once one buys, and charges", func(t *testing.T) {
			b.in(t)
			key := sajin.NewKey()
			var all sync.WaitGroup
			var mu sync.Mutex
			answers := map[string]int{}
			for i := range 12 {
				k := key
				if i%2 == 0 {
					k = sajin.NewKey()
				}
				all.Go(func() {
					resp, err := fan.PurchasePostWithResponse(t.Context(), first.ID, &api.PurchasePostParams{IdempotencyKey: k}, api.NewPurchase{})
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						answers[code(err)]++
						return
					}
					answers[resp.JSON201.Purchase.ID.String()]++
					bought = *resp.JSON201
				})
			}
			all.Wait()
			if n := answers[bought.Purchase.ID.String()]; n == 0 || n+answers["wallet.already-owned"]+answers["idempotency.in-progress"] != 12 {
				t.Errorf("%v", answers)
			}
			if got := fan.wallet(); got.Total != 520 {
				t.Errorf("%+v", got)
			}
		})
		t.Run("the same coins are not spent twice", func(t *testing.T) {
			b.in(t)
			b.give(fan, 20) // enough for either, not for both
			third := author.post(medium, priced(100))
			var all sync.WaitGroup
			var mu sync.Mutex
			var codes []string
			for _, post := range []api.Post{second, third, third, second} {
				all.Go(func() {
					_, err := fan.buy(post.ID)
					mu.Lock()
					defer mu.Unlock()
					codes = append(codes, code(err))
				})
			}
			all.Wait()
			slices.Sort(codes)
			if codes[0] != "" || codes[1] == "" {
				t.Errorf("%q", codes)
			}
			if got := fan.wallet(); got.Total != 0 && got.Total != 440 {
				t.Errorf("%+v", got)
			}
		})
		t.Run("the statement says what happened, and adds up", func(t *testing.T) {
			b.in(t)
			entries := fan.entries()
			var paid, bonus int64
			var kinds []api.WalletEntryKind
			for _, e := range entries {
				paid, bonus, kinds = paid+e.Paid, bonus+e.Bonus, append(kinds, e.Kind)
			}
			if got := fan.wallet(); got.Paid != paid || got.Bonus != bonus {
				t.Errorf("%s is not %+v", asJSON(t, entries), got)
			}
			if want := []api.WalletEntryKind{api.WalletEntryKindPurchase, api.WalletEntryKindGrant, api.WalletEntryKindPurchase, api.WalletEntryKindTopUp}; !slices.Equal(kinds, want) {
				t.Fatalf("%q", kinds)
			}
			if e := entries[2]; e.Paid != 0 || e.Bonus != -30 || e.PostID == nil || *e.PostID != first.ID || e.Memo != "Post by @"+author.account.Handle {
				t.Errorf("%s", asJSON(t, e)) // coins that were given go first
			}
			if entries[3].Memo != "Coin pack popular" {
				t.Errorf("%q", entries[3].Memo)
			}
			if got := other.entries(); len(got) != 0 {
				t.Errorf("somebody else's: %s", asJSON(t, got))
			}
		})
		t.Run("the receipt is the buyer's, and says the same", func(t *testing.T) {
			b.in(t)
			got := b.ask("GET", bought.Purchase.ReceiptURL, fan.token())
			var receipt api.Receipt
			if err := json.Unmarshal(got.body, &receipt); got.status != 200 || err != nil {
				t.Fatalf("%d, %v", got.status, err)
			}
			if one, two := asJSON(t, receipt), asJSON(t, bought.Purchase); one != two || receipt.Coins != 30 || receipt.PostID != first.ID || receipt.Seller != author.account.Handle {
				t.Errorf("%s, when it was bought %s", one, two)
			}
			for who, m := range map[string]*member{"the seller": author, "somebody": other} {
				if got := b.ask("GET", bought.Purchase.ReceiptURL, m.token()); got.status != 404 {
					t.Errorf("%s: %d", who, got.status)
				}
			}
			if got := b.ask("GET", bought.Purchase.ReceiptURL, ""); got.status != 401 {
				t.Errorf("a stranger: %d", got.status)
			}
		})
		t.Run("what the buyers paid is what the creator and the platform have", func(t *testing.T) {
			b.in(t)
			var spent int64
			for _, e := range fan.entries() {
				if e.Kind == api.WalletEntryKindPurchase {
					spent -= e.Paid + e.Bonus
				}
			}
			earned, err := author.GetEarningsWithResponse(t.Context())
			if err != nil || earned.JSON200.Pending != spent*8/10 {
				t.Errorf("%+v of %d, %v", earned, spent, err)
			}
		})
		t.Run("the trial balance is for administrators", func(t *testing.T) {
			b.in(t)
			const path = "/v1/admin/ledger/trial-balance"
			if got := b.ask("GET", path, ""); got.status != 401 {
				t.Errorf("a stranger: %d", got.status)
			}
			if got := b.ask("GET", path, other.token()); got.status != 403 {
				t.Errorf("a member: %d", got.status)
			}
			b.use(func(a *accounts.Accounts) error { return a.GrantRole(t.Context(), other.account.Handle, "admin") })
			b.watch.turn(10 * time.Second) // what another process changes is noticed then
			resp, err := other.GetTrialBalanceWithResponse(t.Context())
			b.must(err)
			if got := resp.JSON200; !got.Balanced || len(got.Problems) != 0 || len(got.Lines) < 5 {
				t.Errorf("%s", resp.Body)
			}
			b.use(func(a *accounts.Accounts) error { return a.GrantRole(t.Context(), other.account.Handle, "member") })
			b.watch.turn(10 * time.Second)
			if got := b.ask("GET", path, other.token()); got.status != 403 {
				t.Errorf("no administrator any more: %d", got.status)
			}
		})
		b.balanced()
	})
}
