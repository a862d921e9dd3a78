package wallet_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
)

var krw5000 = wallet.Pack{ID: "popular", Coins: 500, Bonus: 50, Price: money.Amount{Minor: 5000, Currency: "KRW"}}

func faultOf(t *testing.T, err error) *fault.Error {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("%v is no fault", err)
	}
	return f
}

func paidTopUp(l *ledger, owner ident.AccountID, pack wallet.Pack) *wallet.TopUp {
	top := wallet.NewTopUp(ident.New[ident.TopUpID](l.ids), owner, pack, "sandbox", l.clock, time.Hour)
	top.Apply(wallet.Payment{Ref: "p", Reference: top.ID().String(), Status: wallet.PaymentPaid, Amount: pack.Price}, l.clock)
	return top
}

// reading is a record of the provider and when it was read.
type reading struct {
	wallet.Payment
	at time.Time
}

// TestTopUpConfluence shows readings of the provider to a top-up in every order
// and number: webhooks, confirmations and the sweeper ask at the same time, and
// whoever asked first need not be the first to write.
func TestTopUpConfluence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLedger()
		id, owner := ident.New[ident.TopUpID](l.ids), l.people[0]
		fresh := func() *wallet.TopUp {
			top := wallet.NewTopUp(id, owner, krw5000, "sandbox", l.clock, time.Hour)
			if err := top.Started("p_1", nil, l.clock); err != nil {
				t.Fatalf("start: %v", err)
			}
			return top
		}
		var readings []reading
		for i := range rapid.IntRange(1, 7).Draw(t, "readings") {
			r := drawReading(t, id.String())
			r.at = l.clock.Add(time.Duration(i+1) * time.Second)
			readings = append(readings, r)
		}
		apply := func(order []reading) (wallet.TopUpRecord, int) {
			top, credits := fresh(), 0
			for _, r := range order {
				before := top.Record()
				if top.Apply(r.Payment, r.at) {
					credits++
				}
				if after := top.Record(); before.State == wallet.TopUpPaid && !cmp.Equal(before, after) {
					t.Fatalf("a paid top-up was changed by %+v", r)
				}
				top = wallet.RestoreTopUp(top.Record()) // as it goes through storage
			}
			return top.Record(), credits
		}
		first, credits := apply(readings)
		expected := expect(readings, id.String())
		if first.State != expected || credits > 1 || (credits == 1) != (expected == wallet.TopUpPaid) {
			t.Fatalf("%+v ends %s with %d credits, not %s", readings, first.State, credits, expected)
		}
		again := rapid.Permutation(slices.Concat(readings, readings)).Draw(t, "order")
		other, otherCredits := apply(again)
		if first.State != other.State || credits != otherCredits || first.ProviderRef != other.ProviderRef {
			t.Fatalf("%+v ends %s with %d credits; %+v ends %s with %d", readings, first.State, credits, again, other.State, otherCredits)
		}
		if first.State != wallet.TopUpReview && first.Failure != other.Failure {
			t.Fatalf("%+v fails with %q, %+v with %q", readings, first.Failure, again, other.Failure)
		}
	})
}

func drawReading(t *rapid.T, reference string) reading {
	r := reading{Payment: wallet.Payment{
		Ref: "p_1", Reference: reference, Amount: krw5000.Price,
		Status: rapid.SampledFrom([]wallet.PaymentStatus{
			wallet.PaymentAwaiting, wallet.PaymentProcessing, wallet.PaymentFailed, wallet.PaymentCanceled, wallet.PaymentPaid, wallet.PaymentUnknown,
		}).Draw(t, "status"),
	}}
	if r.Status == wallet.PaymentFailed {
		r.Failure = rapid.SampledFrom([]string{"card_declined", "insufficient_funds"}).Draw(t, "failure")
	}
	switch rapid.IntRange(0, 9).Draw(t, "fault") {
	case 0:
		r.Amount.Minor = rapid.SampledFrom([]int64{0, -5000, 50, 4999, 5001, 500000}).Draw(t, "amount")
	case 1:
		r.Amount.Currency = "JPY"
	case 2:
		r.Ref = "p_2"
	case 3:
		r.Reference = "somebody else's"
	}
	return r
}

// expect says in one look at all readings what should come of them.
func expect(readings []reading, reference string) wallet.TopUpState {
	state, last := wallet.TopUpAwaiting, time.Time{}
	var paid, review, canceled bool
	for _, r := range readings {
		switch ours := r.Ref == "p_1" && r.Reference == reference; {
		case !ours || r.Status == wallet.PaymentUnknown:
			review = true
		case r.Status == wallet.PaymentPaid && r.Amount == krw5000.Price:
			paid = true
		case r.Status == wallet.PaymentPaid:
			review = true
		case r.Status == wallet.PaymentCanceled:
			canceled = true
		case r.at.After(last):
			last, state = r.at, wallet.TopUpAwaiting
			if r.Status == wallet.PaymentProcessing {
				state = wallet.TopUpProcessing
			}
		}
	}
	switch {
	case paid:
		return wallet.TopUpPaid
	case review:
		return wallet.TopUpReview
	case canceled:
		return wallet.TopUpCanceled
	}
	return state
}

func TestTopUp(t *testing.T) {
	l := newLedger()
	begin := func() *wallet.TopUp {
		top := wallet.NewTopUp(ident.New[ident.TopUpID](l.ids), l.people[0], krw5000, "sandbox", l.clock, time.Hour)
		if err := top.Started("p_1", map[string]string{"pay_url": "x"}, l.clock); err != nil {
			t.Fatal(err)
		}
		return top
	}
	record := func(top *wallet.TopUp, status wallet.PaymentStatus) wallet.Payment {
		return wallet.Payment{Ref: "p_1", Reference: top.ID().String(), Status: status, Amount: krw5000.Price}
	}
	minute := func(n int) time.Time { return l.clock.Add(time.Duration(n) * time.Minute) }

	t.Run("a failed attempt may be followed by one that succeeds", func(t *testing.T) {
		top := begin()
		failed := record(top, wallet.PaymentFailed)
		failed.Failure = "card_declined"
		if top.Apply(failed, minute(1)) || top.State() != wallet.TopUpAwaiting || top.Record().Failure != "card_declined" {
			t.Fatalf("%+v", top.Record())
		}
		if !top.Apply(record(top, wallet.PaymentPaid), minute(2)) || top.Record().Failure != "" || !top.Record().PaidAt.Equal(minute(2)) {
			t.Fatalf("%+v", top.Record())
		}
	})
	t.Run("who paid late, after canceling or after the time ran out, is credited", func(t *testing.T) {
		canceled, expired := begin(), begin()
		canceled.Apply(record(canceled, wallet.PaymentCanceled), minute(1))
		expired.Expire(minute(60))
		if canceled.State() != wallet.TopUpCanceled || expired.State() != wallet.TopUpExpired {
			t.Fatal(canceled.State(), expired.State())
		}
		for _, top := range []*wallet.TopUp{canceled, expired} {
			if !top.Apply(record(top, wallet.PaymentPaid), minute(61)) || top.State() != wallet.TopUpPaid {
				t.Errorf("%s", top.State())
			}
		}
	})
	t.Run("a settled top-up is not opened again by what was read before", func(t *testing.T) {
		for _, status := range []wallet.PaymentStatus{wallet.PaymentAwaiting, wallet.PaymentProcessing, wallet.PaymentFailed} {
			top := begin()
			top.Apply(record(top, wallet.PaymentCanceled), minute(1))
			top.Apply(record(top, status), minute(2))
			if top.State() != wallet.TopUpCanceled {
				t.Errorf("%s leaves it %s", status, top.State())
			}
		}
	})
	t.Run("what was partly paid waits for a person, or for the rest", func(t *testing.T) {
		top := begin()
		part := record(top, wallet.PaymentPaid)
		part.Amount.Minor--
		if top.Apply(part, minute(1)) || top.State() != wallet.TopUpReview || top.Record().Failure == "" || !top.Settled() {
			t.Fatalf("%+v", top.Record())
		}
		if !top.Apply(record(top, wallet.PaymentPaid), minute(2)) || top.Record().Failure != "" {
			t.Fatalf("%+v", top.Record())
		}
	})
	t.Run("it expires when its time is over, and not while a payment is being processed", func(t *testing.T) {
		top := begin()
		if top.Expire(minute(60).Add(-1)) || top.Overdue(minute(59)) {
			t.Error("too early")
		}
		top.Apply(record(top, wallet.PaymentProcessing), minute(30))
		if top.Expire(minute(90)) || top.Overdue(minute(90)) {
			t.Error("the customer has acted")
		}
		top.Apply(record(top, wallet.PaymentFailed), minute(91))
		if !top.Overdue(minute(92)) || !top.Expire(minute(92)) || top.Expire(minute(93)) || top.State() != wallet.TopUpExpired {
			t.Error(top.State())
		}
	})
	t.Run("a payment that is heard of before the answer to its start is the same one", func(t *testing.T) {
		top := wallet.NewTopUp(ident.New[ident.TopUpID](l.ids), l.people[0], krw5000, "sandbox", l.clock, time.Hour)
		if top.State() != wallet.TopUpCreated || !top.Apply(record(top, wallet.PaymentPaid), minute(1)) || top.Record().ProviderRef != "p_1" {
			t.Fatalf("%+v", top.Record())
		}
		if err := top.Started("p_1", map[string]string{"pay_url": "x"}, minute(2)); err != nil || top.State() != wallet.TopUpPaid {
			t.Fatal(top.State(), err)
		}
	})
	t.Run("a second payment for one top-up is for a person to look at", func(t *testing.T) {
		top := begin()
		if err := top.Started("p_2", nil, minute(1)); !errors.Is(err, wallet.ErrTopUpReview) || top.State() != wallet.TopUpReview || top.Record().ProviderRef != "p_1" {
			t.Fatalf("%+v, %v", top.Record(), err)
		}
		paid := paidTopUp(l, l.people[0], krw5000)
		if err := paid.Started("p_2", nil, minute(1)); !errors.Is(err, wallet.ErrTopUpReview) || paid.State() != wallet.TopUpPaid {
			t.Fatalf("what was credited stays so: %+v, %v", paid.Record(), err)
		}
	})
	t.Run("what the provider refuses to start is closed, once it is sure that it was never started", func(t *testing.T) {
		top := wallet.NewTopUp(ident.New[ident.TopUpID](l.ids), l.people[0], krw5000, "sandbox", l.clock, time.Hour)
		top.Refused("too small", minute(1))
		started := begin()
		started.Refused("too small", minute(1))
		if r := top.Record(); r.State != wallet.TopUpCanceled || r.Failure != "too small" || started.State() != wallet.TopUpAwaiting {
			t.Fatalf("%+v, %s", r, started.State())
		}
	})
	t.Run("a look in vain changes when it was looked at, and nothing else", func(t *testing.T) {
		top := begin()
		before := top.Record()
		top.Looked(minute(5))
		after := top.Record()
		if !after.UpdatedAt.Equal(minute(5)) || after.Version != before.Version+1 {
			t.Fatalf("%+v", after)
		}
		after.UpdatedAt, after.Version = before.UpdatedAt, before.Version
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatal(diff)
		}
	})
	t.Run("only a paid top-up is credited, and only to its own account", func(t *testing.T) {
		for name, c := range map[string]struct {
			top   *wallet.TopUp
			owner ident.AccountID
		}{
			"not paid":       {begin(), l.people[0]},
			"somebody elses": {paidTopUp(l, l.people[0], krw5000), l.people[1]},
		} {
			w, lots := l.open(c.owner)
			if _, err := w.CreditTopUp(c.top, 0, l.ids, l.clock); err == nil {
				t.Error(name)
			}
			l.unchanged(t, w, lots)
		}
	})
	t.Run("what was offered is credited, whatever the price list says by then", func(t *testing.T) {
		l := newLedger()
		w, _ := l.open(l.people[0])
		e, err := w.CreditTopUp(paidTopUp(l, l.people[0], krw5000), time.Hour, l.ids, l.clock)
		if err != nil {
			t.Fatal(err)
		}
		if e.Coins != 500 || e.Bonus != 50 || e.Price != krw5000.Price || w.Paid() != 500 || w.Bonus() != 50 {
			t.Fatalf("%+v, %d and %d", e, w.Paid(), w.Bonus())
		}
		lots := w.Added()
		if lots[0].Value != krw5000.Price || !lots[0].ExpiresAt.IsZero() || lots[1].Value.Minor != 500 || !lots[1].ExpiresAt.Equal(minute(60)) {
			t.Fatalf("%+v, %+v", lots[0], lots[1])
		}
		if want := "top-up:" + e.TopUp.String(); w.Journals()[0].Reference != want {
			t.Fatalf("booked as %s", w.Journals()[0].Reference)
		}
	})
}

func TestPack(t *testing.T) {
	good := wallet.Pack{ID: "starter-1", Coins: 100, Bonus: 0, Price: money.Amount{Minor: 1000, Currency: "KRW"}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*wallet.Pack){
		"id":       func(p *wallet.Pack) { p.ID = "Starter" },
		"coins":    func(p *wallet.Pack) { p.Coins = 0 },
		"bonus":    func(p *wallet.Pack) { p.Bonus = -1 },
		"amount":   func(p *wallet.Pack) { p.Price.Minor = 100_000_000 },
		"currency": func(p *wallet.Pack) { p.Price.Currency = "krw" },
	} {
		p := good
		spoil(&p)
		if f := faultOf(t, p.Validate()); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != name {
			t.Errorf("%s: %v", name, f.Fields)
		}
	}
	t.Run("everything that is wrong is named at once", func(t *testing.T) {
		if f := faultOf(t, (wallet.Pack{}).Validate()); len(f.Fields) != 4 {
			t.Errorf("%v", f.Fields)
		}
	})
}
