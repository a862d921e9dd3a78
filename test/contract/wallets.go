package contract

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

// WalletStores are the stores of coins and of what moves them.
type WalletStores struct {
	Wallets   store.Wallets
	Purchases store.Purchases
	TopUps    store.TopUps
	Keys      store.Idempotency
}

// Wallets is what the stores of wallets, purchases, top-ups and idempotency
// keys promise.
func Wallets(t *testing.T, open func(t *testing.T) sqldb.DB, over func(db sqldb.DB) WalletStores) {
	for name, test := range map[string]func(t *testing.T, b *bank){
		"wallets":           walletRows,
		"bookings":          walletBookings,
		"balances":          walletBalances,
		"statement":         walletStatement,
		"trial balance":     walletTrialBalance,
		"purchases":         walletPurchases,
		"spending at once":  walletSpending,
		"top-ups":           topUpRows,
		"lists of top-ups":  topUpLists,
		"unsettled top-ups": topUpsUnsettled,
		"webhooks":          topUpWebhooks,
		"idempotency keys":  idempotencyKeys,
		"claims at once":    idempotencyClaims,
	} {
		t.Run(name, func(t *testing.T) { test(t, newBank(t, open(t), over)) })
	}
}

// bank is a database with people who have coins.
type bank struct {
	WalletStores
	db         sqldb.DB
	ids        *ident.Source
	clock      time.Time
	hana, bora ident.AccountID // hana sells
}

func newBank(t *testing.T, db sqldb.DB, over func(db sqldb.DB) WalletStores) *bank {
	t.Helper()
	b := &bank{WalletStores: over(db), db: db, clock: time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)}
	b.ids = newIDs(func() time.Time { return b.clock })
	b.hana, b.bora = b.account(t, "hana"), b.account(t, "bora")
	return b
}

func (b *bank) exec(t *testing.T, ctx context.Context, query string, args ...any) {
	t.Helper()
	if n, err := b.db.Exec(ctx, query, args...); err != nil || n == 0 {
		t.Fatalf("%s: %d rows, %v", query, n, err)
	}
}

func (b *bank) account(t *testing.T, handle string) ident.AccountID {
	t.Helper()
	id := ident.New[ident.AccountID](b.ids)
	b.exec(t, t.Context(), `INSERT INTO accounts (id, email, email_key, handle, display_name, bio, password_hash, role, version, created_at)
		VALUES ($1, $2, $2, $3, $3, '', '', 'member', 1, $4)`, id, handle+"@example.com", handle, b.clock)
	return id
}

// post makes the row of a post, as far as statements read it.
func (b *bank) post(t *testing.T, author ident.AccountID) ident.PostID {
	t.Helper()
	id := ident.New[ident.PostID](b.ids)
	b.exec(t, t.Context(), `INSERT INTO posts (id, author, caption, caption_locked, category, visibility, price_coins, kind, state, merged, version, created_at)
		VALUES ($1, $2, '', 'shown', '', 'public', 1, 'photo', 'published', $3, 1, $4)`, id, author, false, b.clock)
	return id
}

// change locks a wallet, changes it and saves it.
func (b *bank) change(ctx context.Context, owner ident.AccountID, change func(ctx context.Context, w *wallet.Wallet) error) error {
	return b.db.Do(ctx, func(ctx context.Context) error {
		w, err := b.Wallets.Lock(ctx, owner)
		if err != nil {
			return err
		}
		if err := change(ctx, w); err != nil {
			return err
		}
		return b.Wallets.Save(ctx, w)
	})
}

func (b *bank) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bank) grant(t *testing.T, owner ident.AccountID, coins money.Coins, reference string, expires time.Time) {
	t.Helper()
	b.must(t, b.change(t.Context(), owner, func(_ context.Context, w *wallet.Wallet) error {
		return w.Grant(coins, reference, expires, b.ids, b.clock)
	}))
}

var packOfWon = wallet.Pack{ID: "popular", Coins: 500, Bonus: 50, Price: money.Amount{Minor: 4999, Currency: "KRW"}}

func (b *bank) topUp(owner ident.AccountID, pack wallet.Pack) *wallet.TopUp {
	return wallet.NewTopUp(ident.New[ident.TopUpID](b.ids), owner, pack, "sandbox", b.clock, time.Hour)
}

// credit stores a top-up that was paid, and its coins.
func (b *bank) credit(t *testing.T, owner ident.AccountID, pack wallet.Pack) ident.TopUpID {
	t.Helper()
	top := b.topUp(owner, pack)
	top.Apply(wallet.Payment{Ref: "p_" + top.ID().String(), Reference: top.ID().String(), Status: wallet.PaymentPaid, Amount: pack.Price}, b.clock)
	b.must(t, b.TopUps.Insert(t.Context(), top))
	b.must(t, b.change(t.Context(), owner, func(_ context.Context, w *wallet.Wallet) error {
		_, err := w.CreditTopUp(top, 24*time.Hour, b.ids, b.clock)
		return err
	}))
	return top.ID()
}

// buy pays for a post, as the use case does.
func (b *bank) buy(ctx context.Context, buyer, seller ident.AccountID, post ident.PostID, price money.Coins) (p wallet.Purchase, err error) {
	err = b.db.Do(ctx, func(ctx context.Context) error {
		w, err := b.Wallets.Lock(ctx, buyer)
		if err != nil {
			return err
		}
		owns, err := b.Purchases.Owns(ctx, buyer, post)
		if err != nil {
			return err
		}
		if owns {
			return wallet.ErrAlreadyOwned
		}
		if p, err = w.Buy(wallet.Offer{Post: post, Seller: seller, Price: price}, 2000, b.ids, b.clock); err != nil {
			return err
		}
		if err := b.Wallets.Save(ctx, w); err != nil {
			return err
		}
		return b.Purchases.Insert(ctx, p)
	})
	return p, err
}

// balanced fails unless the book is in order.
func (b *bank) balanced(t *testing.T) {
	t.Helper()
	tb, err := b.Wallets.TrialBalance(t.Context())
	if err != nil || !tb.Balanced || len(tb.Problems) != 0 {
		t.Fatalf("%v, %v", tb.Problems, err)
	}
}

// held is what a wallet would pay with, in order: every lot and what is in it.
type held struct {
	Lot   wallet.Lot
	Coins money.Coins
	Value int64
}

func (b *bank) held(t *testing.T, owner ident.AccountID) (all []held) {
	t.Helper()
	b.must(t, b.db.Do(t.Context(), func(ctx context.Context) error {
		w, err := b.Wallets.Lock(ctx, owner)
		if err != nil || w.Paid()+w.Bonus() == 0 {
			return err
		}
		if _, err := w.Buy(wallet.Offer{Price: w.Paid() + w.Bonus()}, 0, b.ids, b.clock); err != nil {
			return err
		}
		for _, d := range w.Draws() {
			all = append(all, held{*d.Lot, d.Coins, d.Value})
		}
		return nil
	}))
	return all
}

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
			list, err := b.Wallets.Expired(ctx, at, limit)
			b.must(t, err)
			return len(list)
		}
		if a, b, c := expired(soon.Add(-time.Microsecond), 10), expired(soon, 10), expired(soon, 1); a != 0 || b != 2 || c != 1 {
			t.Fatal(a, b, c)
		}
		b.must(t, b.change(ctx, other, func(_ context.Context, w *wallet.Wallet) error { w.Expire(b.ids, soon); return nil }))
		if list, err := b.Wallets.Expired(ctx, soon, 10); err != nil || len(list) != 1 || list[0] != b.bora {
			t.Fatal(list, err)
		}
		b.balanced(t)
	})
	t.Run("a creator has earned the prices less the fee", func(t *testing.T) {
		for i, price := range []money.Coins{1, 99, 101} {
			_, err := b.buy(ctx, b.bora, b.hana, b.post(t, b.hana), price)
			b.must(t, err)
			want := []money.Coins{1, 1 + 80, 1 + 80 + 81}[i]
			if got, err := b.Wallets.Earned(ctx, b.hana, wallet.CreatorPending); err != nil || got != want {
				t.Errorf("%d, %v, not %d", got, err, want)
			}
		}
		if got, err := b.Wallets.Earned(ctx, b.bora, wallet.CreatorPending); err != nil || got != 0 {
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

// atOnce runs n functions at once and answers their errors.
func atOnce(n int, run func(i int) error) []error {
	errs := make([]error, n)
	ready := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-ready
			errs[i] = run(i)
		})
	}
	close(ready)
	all.Wait()
	return errs
}

func count(errs []error, want error) (n int) {
	for _, err := range errs {
		if errors.Is(err, want) {
			n++
		}
	}
	return n
}

func walletSpending(t *testing.T, b *bank) {
	ctx := t.Context()
	total := func(owner ident.AccountID) money.Coins {
		t.Helper()
		balance, err := b.Wallets.Balance(ctx, owner, b.clock)
		b.must(t, err)
		return balance.Total
	}
	t.Run("of twenty who spend the last coins as many succeed as can be paid", func(t *testing.T) {
		b.grant(t, b.bora, 70, "a", time.Time{})
		posts := make([]ident.PostID, 20)
		for i := range posts {
			posts[i] = b.post(t, b.hana)
		}
		errs := atOnce(20, func(i int) error {
			_, err := b.buy(ctx, b.bora, b.hana, posts[i], 10)
			return err
		})
		if paid, refused := count(errs, nil), count(errs, wallet.ErrInsufficientCoins); paid != 7 || refused != 13 || total(b.bora) != 0 {
			t.Errorf("%d succeeded, %d were refused, %d coins are left: %v", paid, refused, total(b.bora), errors.Join(errs...))
		}
		b.balanced(t)
	})
	t.Run("of twenty who buy the same post one is charged", func(t *testing.T) {
		b.grant(t, b.bora, 100, "b", time.Time{})
		post := b.post(t, b.hana)
		errs := atOnce(20, func(int) error {
			_, err := b.buy(ctx, b.bora, b.hana, post, 10)
			return err
		})
		if bought, owned := count(errs, nil), count(errs, wallet.ErrAlreadyOwned); bought != 1 || owned != 19 || total(b.bora) != 90 {
			t.Errorf("%d bought it, %d owned it, %d coins are left: %v", bought, owned, total(b.bora), errors.Join(errs...))
		}
		b.balanced(t)
	})
	t.Run("two who buy of each other do not stand in each other's way", func(t *testing.T) {
		b.grant(t, b.hana, 100, "c", time.Time{})
		type trade struct {
			buyer, seller ident.AccountID
			post          ident.PostID
		}
		var trades []trade
		for range 10 {
			trades = append(trades, trade{b.bora, b.hana, b.post(t, b.hana)}, trade{b.hana, b.bora, b.post(t, b.bora)})
		}
		for _, err := range atOnce(len(trades), func(i int) error {
			_, err := b.buy(ctx, trades[i].buyer, trades[i].seller, trades[i].post, 5)
			return err
		}) {
			b.must(t, err)
		}
		if total(b.bora) != 40 || total(b.hana) != 50 {
			t.Error(total(b.bora), total(b.hana))
		}
		b.balanced(t)
	})
	t.Run("coins that expire while they are spent are spent or gone, never both", func(t *testing.T) {
		owner := ident.New[ident.AccountID](b.ids)
		for i := range 5 {
			b.grant(t, owner, 10, fmt.Sprint("d", i), b.clock.Add(time.Hour))
		}
		posts := make([]ident.PostID, 10)
		for i := range posts {
			posts[i] = b.post(t, b.hana)
		}
		atOnce(20, func(i int) error {
			if i%2 == 0 {
				_, err := b.buy(ctx, owner, b.hana, posts[i/2], 10)
				return err
			}
			return b.change(ctx, owner, func(_ context.Context, w *wallet.Wallet) error { w.Expire(b.ids, b.clock.Add(time.Hour)); return nil })
		})
		if left := total(owner); left != 0 {
			t.Errorf("%d are left", left)
		}
		b.balanced(t)
	})
}
