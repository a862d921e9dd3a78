package sandboxpay

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
)

// What becomes of an attempt to pay.
const (
	Succeeded = "succeeded" // for good
	Failed    = "failed"    // another attempt may succeed
	Pending   = "pending"   // the customer has acted; a later request says how it ended
)

// What becomes of the webhook about it.
const (
	Now   = "now"   // it is delivered before Pay answers, if it can be
	Late  = "late"  // it comes after a while
	Never = "never" // it is lost
)

// How the delivery of a webhook went.
const (
	delivered = "delivered"
	retrying  = "retrying" // the receiver did not take it; it will be tried again
	scheduled = "scheduled"
	none      = "none"
)

// Faults of paying.
var (
	ErrNoPayment = fault.New(fault.NotFound, "sandbox.payment-not-found", "there is no such payment")
	ErrClosed    = fault.New(fault.Conflict, "sandbox.payment-closed", "this payment has succeeded or was canceled, and stays so")
)

const tokenMiddle = "_secret_"

// token is what the customer's page is given: like a real client secret it
// names the payment and cannot be guessed.
func token(r record) string { return r.Ref + tokenMiddle + r.Secret }

// Pay plays an attempt of the customer who holds the token, and the webhook
// about it. It answers the status of the payment then, and how the webhook
// went: a webhook that cannot be delivered does not undo the payment.
//
// It fails with ErrNoPayment, ErrClosed, or an Invalid fault for words that it
// does not know.
func (p *Provider) Pay(ctx context.Context, token, outcome, webhook string) (status, delivery string, err error) {
	if webhook != Now && webhook != Late && webhook != Never {
		return "", "", fault.Invalidf("sandbox.webhook", "webhook", "must be now, late or never")
	}
	ref, secret, _ := strings.Cut(token, tokenMiddle)
	r, err := p.change(ctx, ref, func(r *record) error {
		if subtle.ConstantTimeCompare([]byte(secret), []byte(r.Secret)) != 1 {
			return ErrNoPayment
		}
		return r.attempt(outcome)
	})
	switch {
	case errors.Is(err, payment.ErrNotFound):
		return "", "", ErrNoPayment
	case err != nil:
		return "", "", err
	}
	m, err := p.message(r)
	if err != nil {
		return "", "", err
	}
	switch webhook {
	case Now:
		delivery = p.courier.deliver(ctx, m)
	case Late:
		p.courier.schedule(m, p.late)
		delivery = scheduled
	case Never:
		delivery = none
	}
	return string(r.Status), delivery, nil
}

// attempt is one try of the customer to pay.
func (r *record) attempt(outcome string) error {
	if r.Status == wallet.PaymentCanceled || r.Status == wallet.PaymentPaid && outcome != Succeeded {
		return ErrClosed
	}
	switch outcome {
	case Succeeded:
		r.Status, r.Failure = wallet.PaymentPaid, ""
	case Failed:
		r.Status, r.Failure = wallet.PaymentFailed, "card_declined"
	case Pending:
		r.Status, r.Failure = wallet.PaymentProcessing, ""
	default:
		return fault.Invalidf("sandbox.outcome", "outcome", "must be succeeded, failed or pending")
	}
	return nil
}
