package sqlstore

import (
	"context"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

// Purchases is store.Purchases.
type Purchases struct{ db sqldb.DB }

var _ store.Purchases = (*Purchases)(nil)

// NewPurchases makes the store of who owns what.
func NewPurchases(db sqldb.DB) *Purchases { return &Purchases{db} }

// Insert implements store.Purchases.
func (s *Purchases) Insert(ctx context.Context, p wallet.Purchase) error {
	var b sqldb.Batch
	b.ExecOne(wallet.ErrAlreadyOwned, `INSERT INTO purchases (id, buyer, post, seller, coins, paid, bonus, journal, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (buyer, post) DO NOTHING`,
		p.ID, p.Buyer, p.Post, p.Seller, p.Coins, p.Paid, p.Bonus, p.Journal, p.At)
	return wrap("insert purchase", s.db.Later(ctx, &b))
}

// Owns implements store.Purchases.
func (s *Purchases) Owns(ctx context.Context, account ident.AccountID, post ident.PostID) (bool, error) {
	var owns bool
	err := s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM purchases WHERE buyer = $1 AND post = $2)`, account, post).Scan(&owns)
	return owns, wrap("owns post", err)
}

// Receipt implements store.Purchases.
func (s *Purchases) Receipt(ctx context.Context, buyer ident.AccountID, id ident.PurchaseID) (store.Receipt, error) {
	r, err := sqldb.One(ctx, s.db, scanReceipt, `SELECT `+receiptColumns+` FROM purchases k JOIN accounts a ON a.id = k.seller
		WHERE k.id = $1 AND k.buyer = $2`, id, buyer)
	return r, found("receipt", err, wallet.ErrNoReceipt)
}

const receiptColumns = `k.id, k.post, a.handle, k.coins, k.paid, k.bonus, k.at`

func scanReceipt(row sqldb.Row) (r store.Receipt, err error) {
	err = row.Scan(&r.ID, &r.PostID, &r.Seller, &r.Coins, &r.Paid, &r.Bonus, &r.At)
	return r, err
}
