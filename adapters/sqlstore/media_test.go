package sqlstore_test

import (
	"testing"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestMedia(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) {
		contract.Media(t, open, func(db sqldb.DB) contract.MediaStores {
			return contract.MediaStores{Media: sqlstore.NewMedia(db), Uploads: sqlstore.NewUploads(db)}
		})
	})
}

func TestStock(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) {
		contract.Stock(t, open, func(db sqldb.DB) (contract.MediaStores, store.Stock) {
			return contract.MediaStores{Media: sqlstore.NewMedia(db), Uploads: sqlstore.NewUploads(db)}, sqlstore.NewStock(db)
		})
	})
}
