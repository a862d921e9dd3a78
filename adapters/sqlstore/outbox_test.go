package sqlstore_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/test/contract"
)

func outbox(db sqldb.DB, now func() time.Time) contract.EventStore {
	return sqlstore.NewOutbox(db, ident.NewSource(now, rand.Reader), now)
}

func TestEvents(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) { contract.Events(t, open, outbox) })
}

func TestBus(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) {
		contract.Bus(t, open, outbox, contract.InProcess)
	})
}
