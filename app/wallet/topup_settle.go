package wallet

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Settlements finds out what became of top-ups, and credits those that were
// paid.
type Settlements struct {
	Tx          tx.Runner
	TopUps      store.TopUps
	Wallets     store.Wallets
	Outbox      event.Outbox
	Market      *Market
	IDs         *ident.Source
	Now         func() time.Time
	BonusExpiry time.Duration // 0: given coins never expire
	AskAfter    time.Duration // how long the sweeper leaves a top-up alone
	Log         *slog.Logger
}

// ConfirmTopUp asks the provider what became of the actor's top-up, as its page
// does when the customer comes back, and answers where it stands then.
//
// It fails with wallet.ErrTopUpNotFound or ErrProviderAway.
func (s *Settlements) ConfirmTopUp(ctx context.Context, actor ident.AccountID, id ident.TopUpID) (store.TopUp, error) {
	if _, err := topUpOf(ctx, s.TopUps, actor, id); err != nil {
		return store.TopUp{}, err
	}
	if err := s.Settle(ctx, id); err != nil {
		return store.TopUp{}, err
	}
	return topUpOf(ctx, s.TopUps, actor, id)
}

// Settle asks the provider what became of a top-up and takes in the answer. It
// is the one way to coins: the customer's confirmation, webhooks and the sweeper
// all come here, in any order and at once, and one of them credits.
//
// A top-up that nobody has paid in time is closed, here and at the provider,
// unless the customer was faster. The provider is called outside of any
// transaction; ErrProviderAway if that fails.
func (s *Settlements) Settle(ctx context.Context, id ident.TopUpID) error {
	t, err := s.TopUps.Get(ctx, id)
	if err != nil || t.State() == wallet.TopUpPaid {
		return err
	}
	r := t.Record()
	provider, err := s.Market.provider(r.Provider)
	if err != nil {
		return ErrProviderAway.Because(err)
	}
	for range 2 {
		readAt := s.Now()
		p, err := provider.Get(ctx, r.ProviderRef, id.String())
		if errors.Is(err, payment.ErrNotFound) { // it was never started; it may yet be
			return s.change(ctx, id, func(t *wallet.TopUp) {
				if !t.Expire(readAt) {
					t.Looked(readAt)
				}
			})
		}
		if err != nil {
			return ErrProviderAway.Because(err)
		}
		overdue, err := s.apply(ctx, id, p, readAt)
		if err != nil || !overdue {
			return err
		}
		err = provider.Cancel(ctx, p.Ref)
		if err == nil {
			return s.change(ctx, id, func(t *wallet.TopUp) { t.Expire(s.Now()) })
		}
		if !errors.Is(err, payment.ErrAlreadyPaid) && !errors.Is(err, payment.ErrProcessing) {
			return ErrProviderAway.Because(err)
		}
	}
	return nil
}

// settleStranger settles by a payment that no top-up is known to have: because
// the answer to its start is still on its way or was lost, because it is a
// second one, or because it is none of ours.
func (s *Settlements) settleStranger(ctx context.Context, provider payment.Provider, ref string) error {
	readAt := s.Now()
	p, err := provider.Get(ctx, ref, "")
	if errors.Is(err, payment.ErrNotFound) {
		s.Log.WarnContext(ctx, "webhook of an unknown payment", "provider", provider.ID(), "ref", ref)
		return nil
	}
	if err != nil {
		return ErrProviderAway.Because(err)
	}
	id, err := ident.Parse[ident.TopUpID](p.Reference)
	if err == nil {
		var t *wallet.TopUp
		if t, err = s.TopUps.Get(ctx, id); err == nil && t.Record().Provider != provider.ID() {
			err = wallet.ErrTopUpNotFound
		}
	}
	if errors.Is(err, ident.ErrMalformed) || errors.Is(err, wallet.ErrTopUpNotFound) {
		s.Log.WarnContext(ctx, "payment of no top-up", "provider", provider.ID(), "ref", ref, "reference", p.Reference)
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.apply(ctx, id, p, readAt)
	return err
}

// apply takes in a provider's record and credits if it says so, in one
// transaction. The top-up is locked before the wallet, always.
func (s *Settlements) apply(ctx context.Context, id ident.TopUpID, p wallet.Payment, readAt time.Time) (overdue bool, err error) {
	failpoint.Hit("wallet.top-up.asked")
	var before, after wallet.TopUpRecord
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		t, err := s.TopUps.Lock(ctx, id)
		if err != nil {
			return err
		}
		before = t.Record()
		credit := t.Apply(p, readAt)
		after, overdue = t.Record(), t.Overdue(readAt)
		if after.Version == before.Version {
			return nil
		}
		if err := s.TopUps.Save(ctx, t); err != nil || !credit {
			return err
		}
		return s.credit(ctx, t)
	})
	failpoint.Hit("wallet.top-up.settled")
	if err == nil {
		s.warn(ctx, before, after, p)
	}
	return overdue, err
}

// credit puts the coins into the wallet, in the transaction that made the
// top-up paid.
func (s *Settlements) credit(ctx context.Context, t *wallet.TopUp) error {
	w, err := s.Wallets.Lock(ctx, t.Account())
	if err != nil {
		return err
	}
	paid, err := w.CreditTopUp(t, s.BonusExpiry, s.IDs, s.Now())
	if err != nil {
		return err
	}
	if err := s.Wallets.Save(ctx, w); err != nil {
		return err
	}
	return s.Outbox.Append(ctx, paid)
}

// warn tells the operator of what a person has to look at.
func (s *Settlements) warn(ctx context.Context, before, after wallet.TopUpRecord, p wallet.Payment) {
	at := []any{"top_up", after.ID, "provider", after.Provider, "ref", p.Ref, "status", p.Status, "amount", p.Amount.Minor, "currency", p.Amount.Currency}
	switch {
	case after.State == wallet.TopUpReview && before.State != wallet.TopUpReview:
		s.Log.ErrorContext(ctx, "top-up needs a person to look at it", append(at, "why", after.Failure)...)
	case before.State == wallet.TopUpPaid && p.Status == wallet.PaymentPaid && p.Ref != before.ProviderRef:
		s.Log.ErrorContext(ctx, "a top-up was paid twice and credited once: the second payment must be refunded", at...)
	}
}

// change changes a top-up without crediting it.
func (s *Settlements) change(ctx context.Context, id ident.TopUpID, change func(*wallet.TopUp)) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		t, err := s.TopUps.Lock(ctx, id)
		if err != nil {
			return err
		}
		change(t)
		return s.TopUps.Save(ctx, t)
	})
}
