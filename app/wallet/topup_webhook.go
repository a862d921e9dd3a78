package wallet

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// SettleJob is the kind of job that asks a provider about one payment.
const SettleJob = "wallet.settle-top-up"

// Faults of webhooks.
var (
	ErrWebhookForged    = fault.New(fault.BadRequest, "wallet.webhook-signature", "this webhook is not signed by the provider, or was signed too long ago")
	ErrWebhookMalformed = fault.New(fault.BadRequest, "wallet.webhook-malformed", "this webhook cannot be read")
)

// Webhooks takes in what providers tell, and has it looked into.
type Webhooks struct {
	Tx          tx.Runner
	TopUps      store.TopUps
	Queue       jobs.Queue
	Settlements *Settlements
	Now         func() time.Time
	Log         *slog.Logger
}

// TakeInWebhook verifies a message and writes down that its payments are to be
// asked about, so that the provider has its answer soon. A message that was
// taken in before changes nothing. What a message says is never believed.
//
// It fails with wallet.ErrUnknownProvider, ErrWebhookForged or
// ErrWebhookMalformed, and then has no effect.
func (s *Webhooks) TakeInWebhook(ctx context.Context, provider string, header http.Header, body []byte) error {
	p, err := s.Settlements.Market.provider(provider)
	if err != nil {
		return err
	}
	now := s.Now()
	hints, err := p.Parse(header, body, now)
	switch {
	case errors.Is(err, payment.ErrBadSignature):
		s.Log.WarnContext(ctx, "webhook refused", "provider", provider, "error", err)
		return ErrWebhookForged.Because(err)
	case err != nil:
		s.Log.ErrorContext(ctx, "webhook cannot be read", "provider", provider, "error", err)
		return ErrWebhookMalformed.Because(err)
	case len(hints) == 0:
		return nil
	}
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		fresh := map[string]bool{} // by message, which may be about several payments
		for _, hint := range hints {
			if _, seen := fresh[hint.DedupeKey]; !seen {
				fresh[hint.DedupeKey], err = s.TopUps.TakeIn(ctx, store.WebhookMessage{
					Provider: provider, DedupeKey: hint.DedupeKey, Kind: hint.Kind, PaymentRef: hint.Ref, ReceivedAt: now,
				})
				if err != nil {
					return err
				}
			}
			if fresh[hint.DedupeKey] {
				if err := s.enqueue(ctx, notice{Provider: provider, Ref: hint.Ref}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	failpoint.Hit("wallet.webhook.taken-in")
	return err
}

// notice is the payload of a SettleJob.
type notice struct {
	Provider string `json:"provider"`
	Ref      string `json:"ref"`
}

// enqueue has a payment asked about. The subject is the payment and not the
// top-up, which may not be known yet.
func (s *Webhooks) enqueue(ctx context.Context, n notice) error {
	payload, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("encode notice: %w", err)
	}
	digest := sha256.Sum256([]byte(n.Provider + "\x00" + n.Ref))
	job := jobs.Job{Kind: SettleJob, Subject: [16]byte(digest[:16]), Owner: ident.AccountID(digest[:16]), Payload: string(payload)}
	id, err := s.TopUps.ByRef(ctx, n.Provider, n.Ref)
	switch {
	case err == nil:
		t, err := s.TopUps.Get(ctx, id)
		if err != nil {
			return err
		}
		job.Owner = t.Account()
	case !errors.Is(err, wallet.ErrTopUpNotFound):
		return err
	}
	return s.Queue.Enqueue(ctx, job)
}

// Worker does the jobs that TakeInWebhook writes down. One that is given up is
// left to the sweeper, unless its provider is away: the sweeper does not ask
// about a top-up that is closed here and was paid late, and the provider does
// not tell again.
func (s *Webhooks) Worker() jobs.Worker {
	finish := func(ctx context.Context, l jobs.Lease) error {
		return s.Tx.Do(ctx, func(ctx context.Context) error { return s.Queue.Finish(ctx, l) })
	}
	return jobs.Worker{
		Kind: SettleJob,
		Run: func(ctx context.Context, l jobs.Lease) error {
			var n notice
			if err := json.Unmarshal([]byte(l.Job.Payload), &n); err != nil {
				return jobs.Permanent{Err: fmt.Errorf("decode notice: %w", err)}
			}
			if err := s.settle(ctx, n); err != nil {
				return err
			}
			return finish(ctx, l) // by itself: settling again, after a crash before this, changes nothing
		},
		GiveUp: func(ctx context.Context, l jobs.Lease, cause error) error {
			s.Log.ErrorContext(ctx, "webhook given up", "notice", l.Job.Payload, "error", cause)
			if !errors.Is(cause, ErrProviderAway) {
				return finish(ctx, l)
			}
			return jobs.Postpone(ctx, s.Tx, s.Queue, l, s.Now().Add(time.Hour))
		},
	}
}

func (s *Webhooks) settle(ctx context.Context, n notice) error {
	id, err := s.TopUps.ByRef(ctx, n.Provider, n.Ref)
	if err == nil {
		return s.Settlements.Settle(ctx, id)
	}
	if !errors.Is(err, wallet.ErrTopUpNotFound) {
		return err
	}
	provider, err := s.Settlements.Market.provider(n.Provider)
	if err != nil {
		return err
	}
	return s.Settlements.settleStranger(ctx, provider, n.Ref)
}
