package sqlstore_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestJobs(t *testing.T) {
	databases(t, func(t *testing.T, open func(t *testing.T) sqldb.DB) {
		contract.Jobs(t, open, func(db sqldb.DB, now func() time.Time) worker.Queue {
			return sqlstore.NewJobs(db, ident.NewSource(now, rand.Reader), now)
		})
	})
}
