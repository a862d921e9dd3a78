package accounts

import (
	"context"
	"slices"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

// Edit names what to change of a profile; nil members stay as they are.
type Edit struct {
	Versions    []int64 // of the copies that the change may be made on; nil: any
	Handle      *string
	DisplayName *string
	Bio         *string
	Avatar      *ident.MediaID // zero takes it away
}

// Edit changes the actor's profile.
//
// It fails with accounts.ErrStale if the account is in none of the named
// versions any more, with Invalid for every bad field, with accounts.ErrAvatar for a
// medium that may not be shown as his, and with accounts.ErrHandleTaken.
func (s *Accounts) Edit(ctx context.Context, actor ident.AccountID, in Edit) error {
	return s.change(ctx, actor, func(ctx context.Context, a *accounts.Account) error {
		before := a.Record()
		if in.Versions != nil && !slices.Contains(in.Versions, before.Version) {
			return accounts.ErrStale
		}
		if err := a.Edit(in.apply(before.Profile)); err != nil {
			return err
		}
		avatar := a.Record().Avatar
		if avatar.IsZero() || avatar == before.Avatar {
			return nil
		}
		if ready, err := s.Avatars.AvatarReady(ctx, actor, avatar); err != nil || !ready {
			return refused(err)
		}
		return nil
	})
}

func refused(err error) error {
	if err != nil {
		return err
	}
	return accounts.ErrAvatar
}

func (in Edit) apply(p accounts.Profile) accounts.Profile {
	if p.DisplayName == p.Handle {
		p.DisplayName = "" // it was never given: it goes with the handle
	}
	set(&p.Handle, in.Handle)
	set(&p.DisplayName, in.DisplayName)
	set(&p.Bio, in.Bio)
	set(&p.Avatar, in.Avatar)
	return p
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
