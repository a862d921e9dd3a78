// Package tx is how a use case makes several writes one.
package tx

import "context"

// Runner runs functions in database transactions.
type Runner interface {
	// Do runs fn in a transaction, carried by the context that fn is given:
	// stores called with it take part. It commits when fn returns nil and rolls
	// back when fn fails or panics; an error of the commit is returned.
	//
	// A Do within a Do joins the outer transaction. The outermost Do runs fn
	// again, at most three times more with growing, jittered pauses, when the
	// database says that the transaction lost against another one; so fn calls
	// stores and pure code only, never a provider, a blob store or a mailer.
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Soon is an answer on its way: a question that was put in a transaction and is
// sent with the next one, so that both take one round trip. Calling it, which
// must be within the transaction, sends the question if that has not happened,
// and waits. Questions are answered in the order in which they were put.
type Soon[T any] func() (T, error)
