package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

func (b *bank) inserted(t *testing.T, top *wallet.TopUp) *wallet.TopUp {
	t.Helper()
	b.must(t, b.TopUps.Insert(t.Context(), top))
	return top
}

func (b *bank) lockTopUp(ctx context.Context, id ident.TopUpID, change func(*wallet.TopUp)) error {
	return b.db.Do(ctx, func(ctx context.Context) error {
		top, err := b.TopUps.Lock(ctx, id)
		if err != nil {
			return err
		}
		change(top)
		return b.TopUps.Save(ctx, top)
	})
}

func topUpRows(t *testing.T, b *bank) {
	ctx := t.Context()
	t.Run("a top-up comes back as it was stored, at every turn of its life", func(t *testing.T) {
		top := b.topUp(b.bora, packOfWon)
		same := func(step string) {
			t.Helper()
			got, err := b.TopUps.Get(ctx, top.ID())
			b.must(t, err)
			want := top.Record()
			if want.Client == nil {
				want.Client = map[string]string{}
			}
			if diff := cmp.Diff(want, got.Record()); diff != "" {
				t.Fatalf("%s: %s", step, diff)
			}
		}
		b.inserted(t, top)
		same("created")
		payment := wallet.Payment{Ref: "p_1", Reference: top.ID().String(), Amount: packOfWon.Price}
		for _, step := range []struct {
			name   string
			change func(*wallet.TopUp)
		}{
			{"started", func(top *wallet.TopUp) {
				_ = top.Started("p_1", map[string]string{"pay_url": "https://x/?a=1&b=<2>", "이름": "사진 \"'\\"}, b.clock.Add(time.Second))
			}},
			{"failed", func(top *wallet.TopUp) {
				payment.Status, payment.Failure = wallet.PaymentFailed, "card_declined"
				top.Apply(payment, b.clock.Add(2*time.Second))
			}},
			{"paid", func(top *wallet.TopUp) {
				payment.Status, payment.Failure = wallet.PaymentPaid, ""
				top.Apply(payment, b.clock.Add(3*time.Second))
			}},
		} {
			step.change(top)
			b.must(t, b.lockTopUp(ctx, top.ID(), step.change))
			same(step.name)
		}
	})
	t.Run("one that is not there is not found", func(t *testing.T) {
		id := ident.New[ident.TopUpID](b.ids)
		_, err := b.TopUps.Get(ctx, id)
		dbIs(t, err, wallet.ErrTopUpNotFound)
		dbIs(t, b.lockTopUp(ctx, id, func(*wallet.TopUp) {}), wallet.ErrTopUpNotFound)
		dbIs(t, b.TopUps.Save(ctx, b.topUp(b.bora, packOfWon)), wallet.ErrTopUpNotFound)
	})
	t.Run("whoever locks it is alone with it", func(t *testing.T) {
		top := b.inserted(t, b.topUp(b.bora, packOfWon))
		for _, err := range atOnce(20, func(int) error {
			return b.lockTopUp(ctx, top.ID(), func(top *wallet.TopUp) { top.Looked(b.clock) })
		}) {
			b.must(t, err)
		}
		if got, err := b.TopUps.Get(ctx, top.ID()); err != nil || got.Record().Version != 21 {
			t.Fatalf("%+v, %v", got.Record(), err)
		}
	})
	t.Run("a payment belongs to one top-up of its provider", func(t *testing.T) {
		start := func(provider, ref string) (*wallet.TopUp, error) {
			top := wallet.NewTopUp(ident.New[ident.TopUpID](b.ids), b.bora, packOfWon, provider, b.clock, time.Hour)
			b.inserted(t, top)
			return top, b.lockTopUp(ctx, top.ID(), func(top *wallet.TopUp) { _ = top.Started(ref, nil, b.clock) })
		}
		first, err := start("sandbox", "p_2")
		b.must(t, err)
		other, err := start("stripe", "p_2")
		b.must(t, err)
		_, err = start("sandbox", "p_2")
		dbIs(t, err, sqldb.ErrUnique)
		for provider, want := range map[string]ident.TopUpID{"sandbox": first.ID(), "stripe": other.ID()} {
			if got, err := b.TopUps.ByRef(ctx, provider, "p_2"); err != nil || got != want {
				t.Errorf("%s, %v", got, err)
			}
		}
		for _, at := range [][2]string{{"sandbox", "p_3"}, {"portone", "p_2"}, {"sandbox", ""}} {
			_, err := b.TopUps.ByRef(ctx, at[0], at[1])
			dbIs(t, err, wallet.ErrTopUpNotFound)
		}
	})
}

func topUpLists(t *testing.T, b *bank) {
	ctx := t.Context()
	var want []store.TopUp
	add := func() store.TopUp {
		b.clock = b.clock.Add(time.Second)
		return store.TopUpOf(b.inserted(t, b.topUp(b.bora, packOfWon)))
	}
	for range 12 {
		want = append(want, add())
	}
	b.inserted(t, b.topUp(b.hana, packOfWon))
	slices.Reverse(want)
	t.Run("the newest is first, and pages miss nothing and show nothing twice while new ones arrive", func(t *testing.T) {
		var got []store.TopUp
		for page := (store.Page{Limit: 5}); ; {
			list, err := b.TopUps.List(ctx, b.bora, page)
			b.must(t, err)
			got = append(got, list.Items...)
			add()
			if page.After = list.Next; page.After.IsZero() {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
	t.Run("who has none has an empty list", func(t *testing.T) {
		list, err := b.TopUps.List(ctx, ident.New[ident.AccountID](b.ids), store.Page{Limit: 5})
		if err != nil || len(list.Items) != 0 || !list.Next.IsZero() {
			t.Fatalf("%+v, %v", list, err)
		}
	})
}

func topUpsUnsettled(t *testing.T, b *bank) {
	ctx := t.Context()
	begun := b.clock
	made := map[wallet.TopUpState]ident.TopUpID{}
	for i, state := range []wallet.TopUpState{
		wallet.TopUpProcessing, wallet.TopUpCreated, wallet.TopUpPaid, wallet.TopUpAwaiting, wallet.TopUpCanceled, wallet.TopUpExpired, wallet.TopUpReview,
	} {
		r := b.topUp(b.bora, packOfWon).Record()
		r.State, r.UpdatedAt = state, begun.Add(time.Duration(i)*time.Minute)
		made[state] = b.inserted(t, wallet.RestoreTopUp(r)).ID()
	}
	unsettled := func(after time.Duration, limit int) []ident.TopUpID {
		t.Helper()
		ids, err := b.TopUps.Unsettled(ctx, begun.Add(after), limit)
		b.must(t, err)
		return ids
	}
	open := []ident.TopUpID{made[wallet.TopUpProcessing], made[wallet.TopUpCreated], made[wallet.TopUpAwaiting]}
	t.Run("those that wait for their provider are listed, the longest waiting first", func(t *testing.T) {
		if diff := cmp.Diff(open, unsettled(time.Hour, 10)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(open[:2], unsettled(time.Hour, 2)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("those that were looked at since are not", func(t *testing.T) {
		if diff := cmp.Diff(open[:1], unsettled(time.Minute, 10)); diff != "" {
			t.Error(diff)
		}
		b.must(t, b.lockTopUp(ctx, open[0], func(top *wallet.TopUp) { top.Looked(begun.Add(30 * time.Minute)) }))
		if diff := cmp.Diff(open[1:], unsettled(20*time.Minute, 10)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]ident.TopUpID{open[1], open[2], open[0]}, unsettled(time.Hour, 10)); diff != "" {
			t.Error(diff)
		}
	})
}

func topUpWebhooks(t *testing.T, b *bank) {
	ctx := t.Context()
	message := func(provider, key string) store.WebhookMessage {
		return store.WebhookMessage{Provider: provider, DedupeKey: key, Kind: "payment.succeeded", PaymentRef: "p_1", ReceivedAt: b.clock}
	}
	takeIn := func(t *testing.T, m store.WebhookMessage) bool {
		t.Helper()
		fresh, err := b.TopUps.TakeIn(ctx, m)
		b.must(t, err)
		return fresh
	}
	t.Run("a message is new once, for its provider", func(t *testing.T) {
		got := fmt.Sprint(takeIn(t, message("sandbox", "a")), takeIn(t, message("sandbox", "a")), takeIn(t, message("stripe", "a")), takeIn(t, message("sandbox", "b")))
		if got != "true false true true" {
			t.Error(got)
		}
	})
	t.Run("one whose transaction failed is new again", func(t *testing.T) {
		wrong := errors.New("wrong")
		dbIs(t, b.db.Do(ctx, func(ctx context.Context) error {
			if fresh, err := b.TopUps.TakeIn(ctx, message("sandbox", "c")); err != nil || !fresh {
				t.Error(fresh, err)
			}
			return wrong
		}), wrong)
		if !takeIn(t, message("sandbox", "c")) {
			t.Error("it was lost")
		}
	})
	t.Run("what was taken in long ago is forgotten, and nothing later", func(t *testing.T) {
		old := message("sandbox", "old")
		old.ReceivedAt = b.clock.Add(-time.Hour)
		takeIn(t, old)
		if n, err := b.TopUps.ForgetMessages(ctx, b.clock); err != nil || n != 1 {
			t.Errorf("forgot %d, %v", n, err)
		}
		b.must(t, b.db.Do(ctx, func(ctx context.Context) error {
			for i := range 2100 { // more than go in one statement
				old.DedupeKey = fmt.Sprint("old", i)
				if _, err := b.TopUps.TakeIn(ctx, old); err != nil {
					return err
				}
			}
			return nil
		}))
		if n, err := b.TopUps.ForgetMessages(ctx, b.clock); err != nil || n != 2100 {
			t.Errorf("forgot %d of 2100, %v", n, err)
		}
		if !takeIn(t, old) || takeIn(t, message("sandbox", "a")) {
			t.Error("the wrong one was forgotten")
		}
	})
	t.Run("of twenty at once one is new", func(t *testing.T) {
		var fresh atomic.Int64
		for _, err := range atOnce(20, func(int) error {
			return b.db.Do(ctx, func(ctx context.Context) error {
				is, err := b.TopUps.TakeIn(ctx, message("sandbox", "d"))
				if is {
					fresh.Add(1)
				}
				return err
			})
		}) {
			b.must(t, err)
		}
		if fresh.Load() != 1 {
			t.Errorf("%d were", fresh.Load())
		}
	})
}
