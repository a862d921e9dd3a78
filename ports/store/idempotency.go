package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

// IdempotencyKey names one attempt at an operation that must happen once.
type IdempotencyKey struct {
	Account   ident.AccountID
	Operation string
	Key       string
	InputHash [32]byte
}

// Idempotency keeps the results of operations beside their effects.
type Idempotency interface {
	// Reserve takes a key that most probably nobody has used. Of one that is
	// taken the transaction hears ErrKeyTaken, from here or from whatever it
	// does next, and must fail; Claim tells more.
	Reserve(ctx context.Context, k IdempotencyKey, now time.Time) error

	// Claim takes the key for this transaction. When it was taken before,
	// Claim answers the result that was kept then, nil while there is none,
	// and ErrKeyReused if the input was another one.
	Claim(ctx context.Context, k IdempotencyKey, now time.Time) (result []byte, fresh bool, err error)

	// Finish keeps the result.
	Finish(ctx context.Context, k IdempotencyKey, result []byte) error

	// Forget drops keys that were claimed before a time.
	Forget(ctx context.Context, before time.Time) (int64, error)
}

// Faults of idempotency keys.
var (
	ErrKeyReused  = fault.New(fault.Invalid, "idempotency.key-reused", "this Idempotency-Key was used with another request")
	ErrKeyRunning = fault.New(fault.Conflict, "idempotency.in-progress", "the first request with this Idempotency-Key is still running")
	ErrKeyTaken   = fault.New(fault.Conflict, "idempotency.taken", "this Idempotency-Key was used before")
	ErrBooked     = fault.New(fault.Conflict, "wallet.booked", "this was booked before")
)
