// Package payment is what sajin asks of a payment provider. A provider takes
// the money; sajin credits coins, and only for what the provider says when it
// is asked: webhooks and pages are hints to ask again.
package payment

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
)

// Errors of a Provider; adapters wrap them, callers use errors.Is.
var (
	ErrNotFound       = errors.New("payment: the provider does not know this payment")
	ErrInvalid        = errors.New("payment: the provider refused the request for good")
	ErrAlreadyPaid    = errors.New("payment: it was paid already")
	ErrUnavailable    = errors.New("payment: the provider was surely not reached; the same request may be sent again")
	ErrUnknownOutcome = errors.New("payment: the provider may or may not have acted; ask before sending again")
	ErrBadSignature   = errors.New("payment: the webhook is not the provider's")
)

// Provider takes payments. All calls may be made concurrently and again; none
// may be made within a database transaction.
type Provider interface {
	// ID names the provider in configuration, storage and URLs: "sandbox".
	ID() string

	// Accepts tells whether the provider can take such an amount.
	Accepts(price money.Amount) bool

	// Start makes the payment known to the provider. Starting again with the
	// same Reference answers the same payment.
	Start(ctx context.Context, order Order) (Started, error)

	// Get reads a payment by the provider's own id, or by our Reference while
	// ref is empty because the answer to Start was lost; ErrNotFound if the
	// provider does not know it.
	Get(ctx context.Context, ref, reference string) (wallet.Payment, error)

	// Cancel closes a payment that nobody has paid; ErrAlreadyPaid if it lost
	// that race. Canceling again is no error.
	Cancel(ctx context.Context, ref string) error

	// Parse verifies a webhook over its raw body and says which payments to
	// ask about; ErrBadSignature if it does not hold. It makes no calls. An
	// event of an unknown type gives no hints and no error.
	Parse(header http.Header, body []byte, now time.Time) ([]Hint, error)
}

// Order is what is to be paid.
type Order struct {
	Reference string // the top-up's id: the provider's idempotency key, too
	Price     money.Amount
	Title     string // for the customer's bill
	ExpiresAt time.Time
}

// Started is a payment that waits for the customer.
type Started struct {
	Ref    string            // the provider's id
	Client map[string]string // what the page needs to pay in place; no secrets of the server
}

// Hint says that something happened to a payment.
type Hint struct {
	DedupeKey string // the provider's id of the message: the same one twice is one
	Kind      string // in the provider's words, for the log
	Ref       string
}
