package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
)

// TopUps keeps the purchases of coins.
type TopUps interface {
	// Insert stores a new top-up.
	Insert(ctx context.Context, t *wallet.TopUp) error

	// Lock reads a top-up to change it; wallet.ErrTopUpNotFound if there is none.
	Lock(ctx context.Context, id ident.TopUpID) (*wallet.TopUp, error)

	// Get reads a top-up; wallet.ErrTopUpNotFound if there is none.
	Get(ctx context.Context, id ident.TopUpID) (*wallet.TopUp, error)

	// Save stores a changed top-up that was read with Lock.
	Save(ctx context.Context, t *wallet.TopUp) error

	// ByRef finds the top-up of a provider's payment; wallet.ErrTopUpNotFound.
	ByRef(ctx context.Context, provider, ref string) (ident.TopUpID, error)

	// Unsettled lists top-ups that still wait for their provider and were not
	// looked at since a time, the longest waiting first.
	Unsettled(ctx context.Context, notSince time.Time, limit int) ([]ident.TopUpID, error)

	// TakeIn records a provider's message and tells whether it is new.
	TakeIn(ctx context.Context, m WebhookMessage) (fresh bool, err error)
}

// WebhookMessage is a provider's message, as it was taken in.
type WebhookMessage struct {
	Provider   string
	DedupeKey  string
	Kind       string
	PaymentRef string
	ReceivedAt time.Time
}
