package wallet_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/once"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/test/pgtest"
)

// waits counts how often somebody waits for the database before the commit.
type waits struct {
	sqldb.DB
	n int
}

func (w *waits) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	w.n++
	return w.DB.Exec(ctx, query, args...)
}

func (w *waits) Query(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	w.n++
	return w.DB.Query(ctx, query, args...)
}

func (w *waits) QueryRow(ctx context.Context, query string, args ...any) sqldb.Row {
	w.n++
	return w.DB.QueryRow(ctx, query, args...)
}

func (w *waits) Send(ctx context.Context, b *sqldb.Batch) error {
	w.n++
	return w.DB.Send(ctx, b)
}

// shop sells everything for ten coins, and asks the database first.
type shop struct{ db sqldb.DB }

func (s shop) Offer(ctx context.Context, _ ident.AccountID, post ident.PostID) (access.Offer, error) {
	seller := ident.AccountID{15: 2}
	return access.Offer{Post: post, Seller: seller, Handle: "hana", Price: 10}, s.db.QueryRow(ctx, `SELECT 1`).Scan(new(int64))
}

func TestAPurchaseWaitsForItsOfferAndItsCommit(t *testing.T) {
	db := &waits{DB: pgtest.Open(t)}
	ids := ident.NewSource(time.Now, rand.Reader)
	wallets, fan := sqlstore.NewWallets(db), ident.AccountID{15: 1}
	grants := wallet.Grants{Tx: db, Wallets: wallets, IDs: ids, Now: time.Now}
	if err := grants.Grant(t.Context(), wallet.Grant{Account: fan, Coins: 100, Reference: "a gift"}); err != nil {
		t.Fatal(err)
	}
	purchases := wallet.Purchases{
		Once: once.New(db, sqlstore.NewIdempotency(db), time.Now), Offers: shop{db}, Wallets: wallets,
		Purchases: sqlstore.NewPurchases(db), Outbox: sqlstore.NewOutbox(db, ids, time.Now), IDs: ids, Now: time.Now, Fee: 2000,
	}
	db.n = 0
	bought, replayed, err := purchases.Buy(t.Context(), fan, wallet.Buy{Post: ident.New[ident.PostID](ids), Key: "once"})
	if err != nil || replayed || bought.Wallet.Total != 90 {
		t.Fatalf("%+v, %v, %v", bought, replayed, err)
	}
	if db.n != 1 {
		t.Errorf("it waits %d times before its commit", db.n)
	}
}
