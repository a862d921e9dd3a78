package postgres_test

import (
	"testing"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/test/contract"
	"github.com/sajin-sns/sajin/test/pgtest"
)

func TestContract(t *testing.T) {
	contract.DB(t, func(t *testing.T) sqldb.DB { return pgtest.Open(t) })
}
