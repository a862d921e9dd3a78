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
	ErrProcessing     = errors.New("payment: the customer has acted and the outcome is open")
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
	// same Reference answers the same payment, whatever became of it since, also
	// when both calls run at once; with another price it fails with ErrInvalid.
	Start(ctx context.Context, order Order) (Started, error)

	// Get reads a payment by the provider's own id, or by our Reference while
	// ref is empty because the answer to Start was lost; ErrNotFound if the
	// provider does not know it. A payment that is not worth real money, as one
	// of the provider's test mode where that is not what is configured, reads as
	// wallet.PaymentUnknown.
	Get(ctx context.Context, ref, reference string) (wallet.Payment, error)

	// Cancel closes a payment that nobody has paid; ErrAlreadyPaid or
	// ErrProcessing if it lost that race, and then it changes nothing. Canceling
	// again is no error. A provider whose unpaid payments cannot be closed
	// answers nil and closes nothing: a late success is credited.
	Cancel(ctx context.Context, ref string) error

	// Parse verifies a webhook over its raw body and says which payments to
	// ask about; ErrBadSignature if it does not hold or was signed more than
	// five minutes before or after now, ErrInvalid if it is the provider's and
	// cannot be read. It makes no calls and does not keep header or body. An
	// event of an unknown type gives no hints and no error.
	Parse(header http.Header, body []byte, now time.Time) ([]Hint, error)
}

// Order is what is to be paid.
type Order struct {
	Reference string // the top-up's id: the provider's idempotency key, too
	Price     money.Amount
	Title     string    // for the customer's bill
	ExpiresAt time.Time // until then the same order may come again, its answer having been lost
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
	Ref       string // the provider's id of the payment
}
