package accounts

import (
	"context"
	"strings"

	"github.com/sajin-sns/sajin/domain/accounts"
)

// GrantRole gives an account, named by its e-mail address or its handle, a
// role. It is the operator's: it asks nobody who he is. Other processes take
// the change in within seconds.
//
// It fails with Invalid for an unknown role or what is neither an address nor a
// handle, and with accounts.ErrNotFound.
func (s *Accounts) GrantRole(ctx context.Context, emailOrHandle, role string) error {
	granted, err := accounts.ParseRole(role)
	if err != nil {
		return err
	}
	found, err := s.find(ctx, emailOrHandle)
	if err != nil {
		return err
	}
	err = s.change(ctx, found.ID(), func(_ context.Context, a *accounts.Account) error {
		return a.Grant(granted, s.Now())
	})
	if err != nil {
		return err
	}
	s.Standings.forgetAccount(found.ID())
	return nil
}

func (s *Accounts) find(ctx context.Context, emailOrHandle string) (*accounts.Account, error) {
	handle := strings.TrimPrefix(strings.TrimSpace(emailOrHandle), "@")
	if strings.Contains(handle, "@") {
		email, err := accounts.ParseEmail(handle)
		if err != nil {
			return nil, err
		}
		return s.Accounts.ByEmail(ctx, email.Key)
	}
	handle, err := accounts.ParseHandle(handle)
	if err != nil {
		return nil, err
	}
	return s.Accounts.ByHandle(ctx, handle)
}
