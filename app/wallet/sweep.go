package wallet

import (
	"context"
	"errors"
	"slices"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
)

const (
	sweepBatch = 100
	mostMisses = 3 // in a row, until a provider is left alone
)

// SweepTopUps settles the top-ups that nobody has looked at for AskAfter, the
// longest waiting first: their webhook may be lost, or the process that began
// them. It tells how many it asked about. What fails is logged and waits for
// the next sweep, behind all others; a provider that misses several times in a
// row is not asked about the rest.
//
// It may run in several processes at once.
func (s *Settlements) SweepTopUps(ctx context.Context) (asked int, err error) {
	notSince := s.Now().Add(-s.AskAfter)
	misses, unreadable := map[string]int{}, map[ident.TopUpID]bool{}
	var missed []ident.TopUpID
	for {
		ids, err := s.TopUps.Unsettled(ctx, notSince, sweepBatch)
		if err != nil {
			return asked, err
		}
		ids = slices.DeleteFunc(ids, func(id ident.TopUpID) bool { return unreadable[id] })
		if len(ids) == 0 {
			return asked, s.looked(ctx, missed...) // again: behind those that were not asked about
		}
		for _, id := range ids {
			t, err := s.TopUps.Get(ctx, id)
			if err != nil {
				if ctx.Err() != nil {
					return asked, ctx.Err()
				}
				s.Log.ErrorContext(ctx, "top-up cannot be read", "top_up", id, "error", err)
				unreadable[id] = true
				continue
			}
			provider := t.Record().Provider
			if misses[provider] >= mostMisses {
				if err := s.looked(ctx, id); err != nil {
					return asked, err
				}
				continue
			}
			asked++
			if err := s.Settle(ctx, id); err != nil {
				if ctx.Err() != nil {
					return asked, ctx.Err()
				}
				s.Log.ErrorContext(ctx, "top-up not settled", "top_up", id, "provider", provider, "error", err)
				if errors.Is(err, ErrProviderAway) {
					misses[provider]++
				}
				missed = append(missed, id)
				if err := s.looked(ctx, id); err != nil {
					return asked, err
				}
				continue
			}
			misses[provider] = 0
		}
	}
}

// looked lets others have their turn before these.
func (s *Settlements) looked(ctx context.Context, ids ...ident.TopUpID) error {
	for _, id := range ids {
		if err := s.change(ctx, id, func(t *wallet.TopUp) { t.Looked(s.Now()) }); err != nil {
			return err
		}
	}
	return nil
}
