package accounts

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
)

// Find is the id of an account that an operator names by its e-mail address or
// its handle; accounts.ErrNotFound.
func (s *Accounts) Find(ctx context.Context, emailOrHandle string) (ident.AccountID, error) {
	a, err := s.find(ctx, emailOrHandle)
	if err != nil {
		return ident.AccountID{}, err
	}
	return a.ID(), nil
}
