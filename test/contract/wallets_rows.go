package contract

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

func walletRows(t *testing.T, b *bank) {
	t.Run("a wallet that nobody has touched is empty, and stays so when nothing is done to it", func(t *testing.T) {
		for range 2 {
			b.must(t, b.change(t.Context(), b.bora, func(_ context.Context, w *wallet.Wallet) error {
				if w.Owner() != b.bora || w.Paid() != 0 || w.Bonus() != 0 {
					t.Errorf("%d and %d", w.Paid(), w.Bonus())
				}
				return nil
			}))
		}
		if lots := b.held(t, b.bora); lots != nil {
			t.Errorf("%+v", lots)
		}
	})
	t.Run("lots come back as they were saved, in spending order", func(t *testing.T) {
		never := b.clock.Add(100 * time.Hour)
		b.grant(t, b.bora, 7, "a", never)
		top := b.credit(t, b.bora, packOfWon)
		b.grant(t, b.bora, 9, "b", time.Time{})
		want := []held{
			{wallet.Lot{Kind: wallet.Bonus, Origin: "top-up", TopUp: top, Granted: 50, ExpiresAt: b.clock.Add(24 * time.Hour), Value: money.Amount{Currency: "KRW"}}, 50, 499},
			{wallet.Lot{Kind: wallet.Bonus, Origin: "grant", Granted: 7, ExpiresAt: never}, 7, 0},
			{wallet.Lot{Kind: wallet.Bonus, Origin: "grant", Granted: 9}, 9, 0},
			{wallet.Lot{Kind: wallet.Paid, Origin: "top-up", TopUp: top, Granted: 500, Value: money.Amount{Currency: "KRW"}}, 500, 4999},
		}
		got := b.held(t, b.bora)
		for i := range got {
			if got[i].Lot.ID.IsZero() || got[i].Lot.Account != b.bora || !got[i].Lot.CreatedAt.Equal(b.clock) {
				t.Errorf("%+v", got[i].Lot)
			}
			got[i].Lot.ID, got[i].Lot.Account, got[i].Lot.CreatedAt = ident.LotID{}, ident.AccountID{}, time.Time{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
	t.Run("what was spent is gone, coin by coin and won by won", func(t *testing.T) {
		_, err := b.buy(t.Context(), b.bora, b.hana, b.post(t, b.hana), 50+7+9+3)
		b.must(t, err)
		got := b.held(t, b.bora)
		if len(got) != 1 || got[0].Coins != 497 || got[0].Value != 4999-29 || got[0].Lot.Granted != 500 {
			t.Fatalf("%+v", got)
		}
		b.balanced(t)
	})
	t.Run("what fails leaves no trace", func(t *testing.T) {
		before := b.held(t, b.bora)
		wrong := errors.New("wrong")
		err := b.db.Do(t.Context(), func(ctx context.Context) error {
			w, err := b.Wallets.Lock(ctx, b.bora)
			b.must(t, err)
			b.must(t, w.Grant(5, "never", time.Time{}, b.ids, b.clock))
			b.must(t, b.Wallets.Save(ctx, w))
			return wrong
		})
		dbIs(t, err, wrong)
		if diff := cmp.Diff(before, b.held(t, b.bora)); diff != "" {
			t.Fatal(diff)
		}
		b.balanced(t)
	})
	t.Run("a wallet that was not locked is not saved", func(t *testing.T) {
		nobody := ident.New[ident.AccountID](b.ids)
		w := wallet.RestoreWallet(nobody, 0, 0, nil)
		b.must(t, w.Grant(5, "unlocked", time.Time{}, b.ids, b.clock))
		if err := b.Wallets.Save(t.Context(), w); err == nil {
			t.Error("it was")
		}
		b.balanced(t)
	})
}

func walletBookings(t *testing.T, b *bank) {
	t.Run("a fact is booked once, for whomever", func(t *testing.T) {
		b.grant(t, b.bora, 5, "welcome", time.Time{})
		for _, owner := range []ident.AccountID{b.bora, b.hana} {
			err := b.change(t.Context(), owner, func(_ context.Context, w *wallet.Wallet) error {
				return w.Grant(5, "welcome", time.Time{}, b.ids, b.clock)
			})
			dbIs(t, err, store.ErrBooked)
		}
		balance, err := b.Wallets.Balance(t.Context(), b.bora, b.clock)
		if err != nil || balance.Total != 5 {
			t.Fatal(balance, err)
		}
		b.balanced(t)
	})
	t.Run("twenty at once book it once", func(t *testing.T) {
		var all sync.WaitGroup
		var mu sync.Mutex
		booked := 0
		for range 20 {
			all.Go(func() {
				err := b.change(t.Context(), b.bora, func(_ context.Context, w *wallet.Wallet) error {
					return w.Grant(3, "apology", time.Time{}, b.ids, b.clock)
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					booked++
				} else if !errors.Is(err, store.ErrBooked) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if booked != 1 {
			t.Errorf("%d times", booked)
		}
		b.balanced(t)
	})
}

func walletBalances(t *testing.T, b *bank) {
	ctx := t.Context()
	soon := b.clock.Add(time.Hour)
	b.grant(t, b.bora, 5, "a", soon)
	b.credit(t, b.bora, packOfWon)
	t.Run("coins count until the moment at which they expire", func(t *testing.T) {
		for at, want := range map[time.Time]store.Balance{
			soon.Add(-time.Microsecond):  {Paid: 500, Bonus: 55, Total: 555},
			soon:                         {Paid: 500, Bonus: 50, Total: 550},
			b.clock.Add(24 * time.Hour):  {Paid: 500, Total: 500},
			b.clock.Add(999 * time.Hour): {Paid: 500, Total: 500},
		} {
			if got, err := b.Wallets.Balance(ctx, b.bora, at); err != nil || got != want {
				t.Errorf("at %s: %+v, %v", at, got, err)
			}
		}
		if got, err := b.Wallets.Balance(ctx, b.hana, b.clock); err != nil || got != (store.Balance{}) {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("a wallet with expired lots is listed once, until they are booked out", func(t *testing.T) {
		other := ident.New[ident.AccountID](b.ids)
		b.grant(t, b.bora, 2, "b", soon)
		b.grant(t, other, 2, "c", soon)
		expired := func(at time.Time, limit int) int {
			t.Helper()
			list, err := b.Wallets.Expired(ctx, at, ident.AccountID{}, limit)
			b.must(t, err)
			return len(list)
		}
		if a, b, c := expired(soon.Add(-time.Microsecond), 10), expired(soon, 10), expired(soon, 1); a != 0 || b != 2 || c != 1 {
			t.Fatal(a, b, c)
		}
		b.must(t, b.change(ctx, other, func(_ context.Context, w *wallet.Wallet) error { w.Expire(b.ids, soon); return nil }))
		if list, err := b.Wallets.Expired(ctx, soon, b.bora, 10); err != nil || len(list) != 0 {
			t.Errorf("after the last one: %v, %v", list, err)
		}
		if list, err := b.Wallets.Expired(ctx, soon, ident.AccountID{}, 10); err != nil || len(list) != 1 || list[0] != b.bora {
			t.Fatal(list, err)
		}
		b.balanced(t)
	})
	t.Run("a creator has earned the prices less the fee", func(t *testing.T) {
		for i, price := range []money.Coins{1, 99, 101} {
			_, err := b.buy(ctx, b.bora, b.hana, b.post(t, b.hana), price)
			b.must(t, err)
			want := []money.Coins{1, 1 + 80, 1 + 80 + 81}[i]
			if got, err := b.Wallets.Earned(ctx, b.hana, wallet.CreatorPending, b.clock); err != nil || got != want {
				t.Errorf("%d, %v, not %d", got, err, want)
			}
		}
		if got, err := b.Wallets.Earned(ctx, b.bora, wallet.CreatorPending, b.clock); err != nil || got != 0 {
			t.Errorf("%d, %v", got, err)
		}
	})
}

func walletPurchases(t *testing.T, b *bank) {
	ctx := t.Context()
	b.credit(t, b.bora, packOfWon)
	post := b.post(t, b.hana)
	p, err := b.buy(ctx, b.bora, b.hana, post, 60)
	b.must(t, err)
	t.Run("who bought a post owns it, and has a receipt", func(t *testing.T) {
		for _, c := range []struct {
			account ident.AccountID
			post    ident.PostID
			owns    bool
		}{{b.bora, post, true}, {b.hana, post, false}, {b.bora, b.post(t, b.hana), false}} {
			if owns, err := b.Purchases.Owns(ctx, c.account, c.post); err != nil || owns != c.owns {
				t.Errorf("%t, %v", owns, err)
			}
		}
		want := store.Receipt{ID: p.ID, PostID: post, Seller: "hana", Coins: 60, Paid: 10, Bonus: 50, At: b.clock}
		got, err := b.Purchases.Receipt(ctx, b.bora, p.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
	})
	t.Run("nobody else has that receipt", func(t *testing.T) {
		_, err := b.Purchases.Receipt(ctx, b.hana, p.ID)
		dbIs(t, err, wallet.ErrNoReceipt)
		_, err = b.Purchases.Receipt(ctx, b.bora, ident.New[ident.PurchaseID](b.ids))
		dbIs(t, err, wallet.ErrNoReceipt)
	})
	t.Run("a second purchase of it is refused and stores nothing", func(t *testing.T) {
		again := p
		again.ID = ident.New[ident.PurchaseID](b.ids)
		dbIs(t, b.Purchases.Insert(ctx, again), wallet.ErrAlreadyOwned)
		_, err := b.Purchases.Receipt(ctx, b.bora, again.ID)
		dbIs(t, err, wallet.ErrNoReceipt)
	})
}
