// Package fault is the one error type that crosses sajin's layers.
//
// A fault says what kind of thing went wrong, names it with a stable code that
// clients may switch on, and carries a message that is safe to show to them.
// Whatever must stay inside (a driver's text, a provider's answer) is wrapped
// as the cause, which is logged and never sent.
package fault

import (
	"errors"
	"fmt"
	"maps"
)

// Kind is the class of a fault; it decides how a client should react and which
// status an HTTP answer gets.
type Kind uint8

// The kinds. Internal is the zero value, so that a fault built carelessly
// never tells a client more than "something went wrong".
const (
	Internal         Kind = iota // a defect or a broken dependency: nobody's input is to blame
	BadRequest                   // the request cannot be read, or lacks what it needs to be tried
	Invalid                      // the request was understood and a value in it is wrong
	Unauthenticated              // nobody is signed in, or the credentials do not hold
	PaymentRequired              // the actor lacks the coins
	Forbidden                    // the actor is known and may not do this
	NotFound                     // it does not exist, or is not for the actor to know of
	Conflict                     // the state of the resource does not allow it (any more)
	PreconditionFail             // the caller's copy is out of date
	Gone                         // it existed and will not come back
	TooLarge                     // more bytes than are accepted
	Unsupported                  // a type that is not accepted
	RateLimited                  // later, please
	Unavailable                  // a dependency is away: the same request may work later
)

// Field points at one bad value of the input.
type Field struct {
	Path    string // "caption", "media_ids[2]"
	Message string // what would be right; never repeats a secret
}

// Error is a fault. Build one with New or a kind's own constructor.
type Error struct {
	Kind    Kind
	Code    string         // "wallet.insufficient-coins": <module>.<what>, stable
	Message string         // one sentence for a person, safe to send
	Fields  []Field        // the bad values, for Invalid
	Details map[string]any // extra members of the answer: {"needed": 300, "available": 120}
	cause   error
}

// New makes a fault without a cause.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Invalidf makes an Invalid fault about one field.
func Invalidf(code, path, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	return &Error{Kind: Invalid, Code: code, Message: path + ": " + message, Fields: []Field{{Path: path, Message: message}}}
}

func (e *Error) Error() string {
	if e.cause != nil {
		return e.Code + ": " + e.Message + ": " + e.cause.Error()
	}
	return e.Code + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, Sentinel) hold for a copy of Sentinel that was given
// a cause or details: two faults are the same when their codes are.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because returns a copy of the fault that wraps cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// With returns a copy of the fault that carries one more detail.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Details = maps.Clone(e.Details)
	if c.Details == nil {
		c.Details = make(map[string]any, 2)
	}
	c.Details[key] = value
	return &c
}

// KindOf tells the kind of err: Internal for an error that is no fault.
func KindOf(err error) Kind {
	if f, ok := errors.AsType[*Error](err); ok {
		return f.Kind
	}
	return Internal
}

// Join collects the Invalid faults among errs into one that lists every bad
// field, so that a client sees all of them at once. It is nil when there are
// none; the first error that is not Invalid wins over them all.
func Join(errs ...error) error {
	var joined *Error
	for _, err := range errs {
		if err == nil {
			continue
		}
		f, ok := errors.AsType[*Error](err)
		if !ok || f.Kind != Invalid {
			return err
		}
		if joined == nil {
			c := *f
			c.Fields = append([]Field(nil), f.Fields...)
			joined = &c
			continue
		}
		joined.Fields = append(joined.Fields, f.Fields...)
		joined.Message = "several values are not accepted"
	}
	if joined == nil {
		return nil
	}
	return joined
}
