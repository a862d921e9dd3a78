package accounts

import (
	"context"
	"strings"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/text"
	"github.com/sajin-sns/sajin/ports/store"
)

// Profiles reads accounts.
type Profiles struct {
	Profiles store.Profiles
	Accounts store.Accounts
	URL      func(key string) string // where everybody may fetch a rendition for a while
}

// Own is the actor's own account.
func (s *Profiles) Own(ctx context.Context, actor ident.AccountID) (*store.OwnAccount, error) {
	a, err := s.Profiles.Own(ctx, actor)
	if err == nil && a.AvatarKey != "" {
		a.AvatarURL = s.URL(a.AvatarKey)
	}
	return a, err
}

// Profile is an account as the viewer, zero for nobody, sees it;
// accounts.ErrNotFound if nobody has the handle.
func (s *Profiles) Profile(ctx context.Context, viewer ident.AccountID, handle string) (*store.Profile, error) {
	handle, err := accounts.ParseHandle(handle)
	if err != nil {
		return nil, accounts.ErrNotFound
	}
	p, err := s.Profiles.Profile(ctx, viewer, handle)
	if err != nil {
		return nil, err
	}
	s.show(p)
	return p, nil
}

// MaxQuery is the most characters of a search.
const MaxQuery = 50

// Search lists accounts whose handle or display name begins with query, in
// whichever case, in the order of their handles. An at sign before a handle may
// stay. It fails with Invalid for a query that is too long or cannot be text.
func (s *Profiles) Search(ctx context.Context, viewer ident.AccountID, query string, page store.Page) (store.List[*store.Profile], error) {
	prefix, err := text.Line("query", query, MaxQuery)
	if err != nil {
		return store.List[*store.Profile]{}, err
	}
	prefix = strings.TrimSpace(strings.TrimPrefix(prefix, "@"))
	if prefix == "" {
		return store.List[*store.Profile]{}, nil
	}
	list, err := s.Profiles.Search(ctx, viewer, prefix, page)
	for _, p := range list.Items {
		s.show(p)
	}
	return list, err
}

// ByHandle is the id of the account that has a handle; accounts.ErrNotFound.
func (s *Profiles) ByHandle(ctx context.Context, handle string) (ident.AccountID, error) {
	handle, err := accounts.ParseHandle(handle)
	if err != nil {
		return ident.AccountID{}, accounts.ErrNotFound
	}
	a, err := s.Accounts.ByHandle(ctx, handle)
	if err != nil {
		return ident.AccountID{}, err
	}
	if !a.Live() {
		return ident.AccountID{}, accounts.ErrNotFound
	}
	return a.ID(), nil
}

func (s *Profiles) show(p *store.Profile) {
	if p.AvatarKey != "" {
		p.AvatarURL = s.URL(p.AvatarKey)
	}
}
