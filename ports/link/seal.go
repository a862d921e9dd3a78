package link

import "github.com/sajin-sns/sajin/domain/fault"

// Sealer makes texts that clients hold and give back, and that nobody else can
// make: cursors. What is sealed can be read by whoever holds it.
type Sealer interface {
	// Seal answers data with a signature, in URL-safe characters. Equal data
	// gives equal text.
	Seal(purpose string, data []byte) string

	// Unseal answers what was sealed for the same purpose, or ErrSeal.
	Unseal(purpose, text string) ([]byte, error)
}

// ErrSeal is what Unseal answers to a text that was not sealed here.
var ErrSeal = fault.New(fault.BadRequest, "link.seal", "this text was not made by this server, or was changed")
