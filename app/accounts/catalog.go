package accounts

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/store"
)

// Catalog answers what other modules ask about accounts.
type Catalog struct{ Accounts store.Accounts }

var _ access.Authors = (*Catalog)(nil)

// Live implements access.Authors.
func (c *Catalog) Live(ctx context.Context, id ident.AccountID) (bool, error) {
	a, err := c.Accounts.Get(ctx, id)
	if errors.Is(err, accounts.ErrNotFound) {
		return false, nil
	}
	return err == nil && a.Live(), err
}
