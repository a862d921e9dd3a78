package contract

import (
	"context"
	"testing"
	"time"

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
		"earnings":          walletEarnings,
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
