package sqlstore_test

import (
	"testing"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestWallets(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) {
		contract.Wallets(t, open, func(db sqldb.DB) contract.WalletStores {
			return contract.WalletStores{
				Wallets: sqlstore.NewWallets(db), Purchases: sqlstore.NewPurchases(db),
				TopUps: sqlstore.NewTopUps(db), Keys: sqlstore.NewIdempotency(db),
			}
		})
	})
}
