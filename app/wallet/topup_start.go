package wallet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/app/once"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Faults of providers, as clients see them.
var (
	ErrProviderAway    = fault.New(fault.Unavailable, "wallet.provider-unavailable", "the payment provider does not answer; send the same request again")
	ErrProviderRefused = fault.New(fault.Invalid, "wallet.provider-refused", "the payment provider does not take this payment")
)

// TopUps starts purchases of coins, and reads them.
type TopUps struct {
	Tx     tx.Runner
	TopUps store.TopUps
	Keys   store.Idempotency
	Market *Market
	IDs    *ident.Source
	Now    func() time.Time
	TTL    time.Duration // until when a top-up can be paid
	// Patience is how long a provider may take to start a payment; 0: 45 s. A
	// start that was not heard of for a third longer is taken for lost with its
	// process, so that a provider that is slow never is.
	Patience time.Duration

	MaxOpen int // top-ups of one account that may wait for their provider, each of which is asked about again and again; 0: any number
	Log     *slog.Logger

	running sync.Map // the top-ups that this process is starting now
}

func (s *TopUps) patience() time.Duration { return cmp.Or(s.Patience, 45*time.Second) }

// StartTopUp names the pack, who is to take the money ("" for the preferred
// provider), and the attempt.
type StartTopUp struct {
	PackID   string `json:"pack_id"`
	Provider string `json:"provider"`
	Key      string `json:"-"` // idempotency key
}

// StartTopUp begins the purchase of a pack and answers what the page needs to
// pay for it.
//
// The intent and the key are committed first, then the provider is called, and
// then its answer is kept. The same key again answers the same, and replayed.
// While the first request waits for the provider it fails with
// store.ErrKeyRunning: that is so when this process is at it, or when another
// one began so lately that the provider may still be at it.
// Otherwise whoever began has died or failed half way, and the same key takes
// up where that one left off: the provider answers the same payment to the same
// top-up. Without that, the sweeper finds out what became of it.
//
// It fails with wallet.ErrUnknownPack, ErrTooManyTopUps, an Invalid fault for a provider that is
// not offered for the pack, store.ErrKeyReused, ErrProviderRefused, or
// ErrProviderAway, after which the same key may be used at once.
func (s *TopUps) StartTopUp(ctx context.Context, actor ident.AccountID, in StartTopUp) (out store.TopUp, replayed bool, err error) {
	key, err := once.Key(actor, "start-top-up", in.Key, in)
	if err != nil {
		return out, false, err
	}
	a, err := s.claim(ctx, actor, key, in)
	switch {
	case err != nil:
		return out, false, err
	case a.Answer != nil:
		return *a.Answer, true, nil
	case a.Refused:
		return out, true, ErrProviderRefused
	}
	if _, busy := s.running.LoadOrStore(a.TopUp, true); busy {
		return out, false, store.ErrKeyRunning
	}
	defer s.running.Delete(a.TopUp)
	// The customer may go away now: that is no reason to leave a payment half started.
	out, err = s.start(context.WithoutCancel(ctx), key, a)
	return out, false, err
}

// room fails when too many top-ups of the account wait for their provider.
func (s *TopUps) room(ctx context.Context, account ident.AccountID) error {
	if s.MaxOpen == 0 {
		return nil
	}
	open, err := s.TopUps.Open(ctx, account)
	if err == nil && open >= s.MaxOpen {
		err = wallet.ErrTooManyTopUps.With("retry_after", 60).With("max_open", s.MaxOpen)
	}
	return err
}

// claim takes the key, with a new top-up or the one that it made before, and
// with it the task to start that.
func (s *TopUps) claim(ctx context.Context, actor ident.AccountID, key store.IdempotencyKey, in StartTopUp) (a attempt, err error) {
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		now := s.Now()
		var fresh bool
		if a, fresh, err = s.kept(ctx, key, now); err != nil {
			return err
		}
		if fresh {
			pack, provider, err := s.Market.choose(in.PackID, in.Provider)
			if err != nil {
				return err
			}
			if err := s.room(ctx, actor); err != nil {
				return err
			}
			t := wallet.NewTopUp(ident.New[ident.TopUpID](s.IDs), actor, pack, provider.ID(), now, s.TTL)
			if err := s.TopUps.Insert(ctx, t); err != nil {
				return err
			}
			a.TopUp = t.ID()
		} else if a.Answer != nil || a.Refused {
			return nil
		} else if now.Sub(a.Since) < s.patience()*4/3 {
			return store.ErrKeyRunning
		}
		a.Since = now
		return s.keep(ctx, key, a)
	})
	return a, err
}

// start calls the provider, outside of any transaction, and keeps its answer.
func (s *TopUps) start(ctx context.Context, key store.IdempotencyKey, a attempt) (store.TopUp, error) {
	t, err := s.TopUps.Get(ctx, a.TopUp)
	if err != nil {
		return store.TopUp{}, err
	}
	if t.Settled() || t.Overdue(s.Now()) { // it came to its end while nobody waited
		return s.answer(ctx, key, a, func(*wallet.TopUp) {})
	}
	r := t.Record()
	provider, err := s.Market.provider(r.Provider)
	if err != nil { // it was taken out of the configuration meanwhile
		return store.TopUp{}, ErrProviderAway.Because(err)
	}
	failpoint.Hit("wallet.top-up.intended")
	limited, cancel := context.WithTimeout(ctx, s.patience())
	started, err := provider.Start(limited, payment.Order{
		Reference: r.ID.String(), Price: r.Pack.Price, ExpiresAt: r.ExpiresAt,
		Title: fmt.Sprintf("%d coins", r.Pack.Coins+r.Pack.Bonus),
	})
	cancel()
	failpoint.Hit("wallet.top-up.started")
	switch {
	case err == nil:
		return s.answer(ctx, key, a, func(t *wallet.TopUp) {
			if err := t.Started(started.Ref, started.Client, s.Now()); err != nil {
				s.Log.ErrorContext(ctx, "top-up has two payments", "top_up", r.ID, "provider", r.Provider, "first", t.Record().ProviderRef, "second", started.Ref)
			}
		})
	case errors.Is(err, payment.ErrInvalid):
		a.Refused = true
		_, keep := s.answer(ctx, key, a, func(t *wallet.TopUp) { t.Refused("the provider does not take this payment", s.Now()) })
		return store.TopUp{}, errors.Join(ErrProviderRefused.Because(err), keep)
	default:
		return store.TopUp{}, errors.Join(ErrProviderAway.Because(err), s.release(ctx, key))
	}
}

// answer changes the top-up and keeps the view of it as the answer of the key.
// Where somebody else has answered already, that answer stands.
func (s *TopUps) answer(ctx context.Context, key store.IdempotencyKey, a attempt, change func(*wallet.TopUp)) (out store.TopUp, err error) {
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		before, _, err := s.kept(ctx, key, s.Now())
		if err != nil {
			return err
		}
		if before.Answer != nil {
			out = *before.Answer
			return nil
		}
		t, err := s.TopUps.Lock(ctx, a.TopUp)
		if err != nil {
			return err
		}
		change(t)
		out = store.TopUpOf(t)
		if !a.Refused {
			a.Answer = &out
		}
		if err := s.TopUps.Save(ctx, t); err != nil {
			return err
		}
		return s.keep(ctx, key, a)
	})
	failpoint.Hit("wallet.top-up.answered")
	return out, err
}
