package contract

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
)

func newIDs(now func() time.Time) *ident.Source { return ident.NewSource(now, rand.Reader) }

// countedDB counts the round trips to a database.
type countedDB struct {
	sqldb.DB
	trips int
}

func (c *countedDB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	c.trips++
	return c.DB.Exec(ctx, query, args...)
}

func (c *countedDB) Query(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	c.trips++
	return c.DB.Query(ctx, query, args...)
}

func (c *countedDB) QueryRow(ctx context.Context, query string, args ...any) sqldb.Row {
	c.trips++
	return c.DB.QueryRow(ctx, query, args...)
}

func (c *countedDB) Send(ctx context.Context, b *sqldb.Batch) error {
	c.trips++
	return c.DB.Send(ctx, b)
}
